import API

/// Who asks, in the order of the table's columns.
enum Actor: Int, CaseIterable, Sendable {
    case owner, other
    /// Of the owner's own group.
    case member
    case operator_, root
    /// A process of a user whose account was deleted.
    case deleted
    /// A process inside the owner's job: with `api: true`, and without.
    case api, inside
}

/// What came of a request.
enum Answer: Character, Sendable {
    /// Done, or shown in full.
    case allowed = "A"
    /// Shown without what is private.
    case redacted = "R"
    /// A list without it.
    case absent = "-"
    case denied = "D"
    /// As if there were no such thing.
    case unknown = "U"
    /// Allowed, but for the state it is in.
    case conflict = "C"
}

/// One row of the rights' table: what each actor gets, of its own and of another's.
struct RightsRow: Sendable {
    let own: [Answer]
    let others: [Answer]
    let words: @Sendable (Cell) -> String
    /// Exit statuses of success, of a command.
    var passes: Set<Int32> = [0]

    /// A letter for each actor, as `Answer` has them.
    init(_ own: String, _ others: String, passes: Set<Int32> = [0], _ words: @escaping @Sendable (Cell) -> String) {
        self.own = own.compactMap { Answer(rawValue: $0) }
        self.others = others.compactMap { Answer(rawValue: $0) }
        self.passes = passes
        self.words = words
    }
}

/// The things that one request is about.
struct Cell: Sendable {
    let actor: Actor
    let isOwn: Bool
    /// A job on hold with a batch of its own.
    let held: String
    let batch: String
    /// A job that runs, and one that has ended.
    let running: String
    let ended: String
    /// Whose all that is.
    let user: String
    /// An image and one more name of it, for the removal.
    let image: String
    let spareImage: String
    /// A name that the actor may give.
    let newImage: String
    let archive: String
    /// The request key of the submits.
    let key: String
    /// A session of the user's.
    let session: String
    /// A batch that a process inside a job may submit to, or may not.
    let target: String

    /// The session that it just made, where it may make one.
    var itsSession: String { isOwn && actor != .api && actor != .inside ? "{session}" : session }
}

/// contract §7 and §8 as a table: every route and every command × who asks × whose it is.
///
/// Columns: owner, other user, member of the owner's group, operator, root, deleted account, job with `api: true`, job without.
/// The first word is for what is the actor's own, the second for another's: the owner's, or for the owner another user's. Of a process inside a
/// job its batch is its own, and its owner's other jobs are another's.
enum RightsTable {
    static let routes: [Route: RightsRow] = [
        .version: .init("AAAAAAAD", "AAAAAAAD") { _ in get(.version) },
        .openAPI: .init("AAAAAAAD", "AAAAAAAD") { _ in get(.openAPI) },
        .submit: .init("AAAAAAAD", "AAAAAADD") { cell in
            post(.submit, #"{"jobs":[{"spec":{"command":["true"],"hold":true,"batch":"\#(cell.target)"}}]}"#)
        },
        .submission: .init("AAAAAAUD", "UUUUUUUD") { get(.submission, $0.key) },
        .list: .init("AAAAAAAD", "RRRAAR-D") { get(.list, "?ids=\($0.held)") },
        .show: .init("AAAAAADD", "RRRAARDD") { "GET\t\(Route.show.path($0.held))?script=1&timing=1\t" },
        // Operators where the configuration allows it (InspectTests); root may.
        .inspect: .init("AAAAAADD", "DDDDADDD") { get(.inspect, $0.running) },
        .wait: .init("AAAAAADD", "DDDAADDD") { post(.wait, #"{"selection":{"ids":["\#($0.held)"]},"holdFor":0}"#) },
        .cancel: .init("AAAAAADD", "DDDAADDD") { act(.cancel, $0.held) },
        .signal: .init("AAAAAADD", "DDDAADDD") { act(.signal, $0.running, #","signal":"USR1""#) },
        .requeue: .init("AAAAAADD", "DDDAADDD") { act(.requeue, $0.held) },
        .pause: .init("AAAAAADD", "DDDAADDD") { act(.pause, $0.held) },
        .resume: .init("AAAAAADD", "DDDAADDD") { act(.resume, $0.held) },
        .hold: .init("AAAAAADD", "DDDAADDD") { act(.hold, $0.held) },
        .release: .init("AAAAAADD", "DDDAADDD") { act(.release, $0.held) },
        .update: .init("AAAAAADD", "DDDAADDD") { act(.update, $0.held, #","changes":{"timeLimit":60000}"#) },
        .batchList: .init("AAAAAADD", "---AA-DD") { get(.batchList, "?user=\($0.user)") },
        .batchShow: .init("AAAAAADD", "DDDAADDD") { get(.batchShow, "?name=\($0.batch)&user=\($0.user)") },
        .batchPause: .init("AAAAAADD", "DDDAADDD") { batch(.batchPause, $0) },
        .batchResume: .init("AAAAAADD", "DDDAADDD") { batch(.batchResume, $0) },
        .batchHold: .init("AAAAAADD", "DDDAADDD") { batch(.batchHold, $0) },
        .batchRelease: .init("AAAAAADD", "DDDAADDD") { batch(.batchRelease, $0) },
        .batchCancel: .init("AAAAAADD", "DDDAADDD") { batch(.batchCancel, $0) },
        .report: .init("AAAAAADD", "DDDAADDD") { get(.report, "?user=\($0.user)&by=job") },
        .logs: .init("AAAAAADD", "DDDAADDD") { get(.logs, $0.running) },
        .events: .init("AAAAAADD", "RRRAARDD") { get(.events, "?after=0&ids=\($0.held)") },
        .imageList: .init("AAAAAADD", "---AA-DD") { _ in get(.imageList, "?all=1") },
        .imageShow: .init("AAAAAADD", "UUUAAUDD") { get(.imageShow, "?name=\($0.image)") },
        .imageImport: .init("AAAAAADD", "DDDDDDDD") { "POST\t\(Route.imageImport.path())?name=\($0.image)-new\t@\($0.archive)" },
        .imageTag: .init("AAAAAADD", "UUUAAUDD") { cell in
            post(.imageTag, #"{"name":"\#(cell.image)","newName":"\#(cell.newImage)"}"#)
        },
        .imageRemove: .init("AAAAAADD", "DDDAADDD") { "DELETE\t\(Route.imageRemove.path())?name=\($0.spareImage)\t" },
        .node: .init("AAAAAADD", "AAAAAADD") { _ in get(.node) },
        // Of everybody's jobs at once: what of another's is left out, TopTests looks at.
        .use: .init("AAAAAADD", "AAAAAADD") { _ in get(.use) },
        .doctor: .init("AAAAAADD", "AAAAAADD") { _ in get(.doctor) },
        .metrics: .init("AAAAAADD", "AAAAAADD") { _ in get(.metrics) },
        .backup: .init("DDDAADDD", "DDDAADDD") { _ in get(.backup) },
        .purge: .init("AAAAAADD", "DDDAADDD") { post(.purge, #"{"selection":{"ids":["\#($0.ended)"]}}"#) },
        .sessionCreate: .init("AAAAAADD", "DDDAADDD") { cell in
            post(.sessionCreate, #"{"kind":"exec","task":"\#(cell.running)","exec":{"command":["true"],"interactive":false}}"#)
        },
        // A session is its maker's, whoever else asks.
        .sessionInput: .init("AAAAAADD", "UUUUUUDD") { "POST\t\(Route.sessionInput.path($0.itsSession))\t" },
        .sessionOutput: .init("AAAAAADD", "UUUUUUDD") { get(.sessionOutput, $0.itsSession) },
    ]

    /// The order in which they are asked: what ends things comes last, a session's parts follow each other.
    static let order: [Route] =
        Route.allCases.filter { ![.purge, .imageRemove, .sessionCreate, .sessionInput, .sessionOutput].contains($0) } + [
            .sessionCreate, .sessionInput, .sessionOutput, .imageRemove, .purge,
        ]

    private static func get(_ route: Route, _ rest: String = "") -> String {
        let isQuery = rest.hasPrefix("?")
        let path = route.parameter == nil || isQuery ? route.path() + rest : route.path(rest)
        return "GET\t\(path)\t"
    }

    private static func post(_ route: Route, _ body: String) -> String { "POST\t\(route.path())\t\(body)" }

    private static func act(_ route: Route, _ id: String, _ more: String = "") -> String {
        post(route, #"{"selection":{"ids":["\#(id)"]}\#(more)}"#)
    }

    private static func batch(_ route: Route, _ cell: Cell) -> String { post(route, #"{"name":"\#(cell.batch)","user":"\#(cell.user)"}"#) }
}
