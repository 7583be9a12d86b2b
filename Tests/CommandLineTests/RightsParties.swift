import LinuxSys
import TestSupport

/// Who is somebody in the rights' table, and how one speaks to the daemon as that one: over the socket, by line, and by `berth`.
struct Asker: Sendable {
    let actor: Actor
    let uid: UInt32
    /// As `--user` and the prefix of images have it.
    let login: String
    /// Words before a program, to run it as that one.
    let prefix: [String]
    /// Runs it as a process of the host's, or inside a container.
    let container: (job: String, socket: String)?
    /// The job that runs.
    let running: String

    var isOperator: Bool { actor == .operator_ || actor == .root }

    /// Sends requests of the probe's form one after the other; the status and the reply of each.
    func ask(_ lines: [String], _ daemon: TestDaemon) throws -> [(status: Int, body: String)] {
        let input = lines.joined(separator: "\n") + "\n"
        let result: CommandResult
        if let container {
            let words = ["exec", "-i", container.job, "--", "probe", "requests", container.socket]
            result = try daemon.berth(words, as: .first, input: input)
        } else {
            result = try Command(prefix + [daemon.place("probe"), "requests", daemon.socket], input: input).run()
        }
        let replies = result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
            return (status: Int(parts[0]) ?? 0, body: parts.count > 1 ? String(parts[1]) : "")
        }
        guard replies.count == lines.count else { throw TestDaemon.Failure(description: "\(actor): \(replies.count) of \(lines.count): \(result)") }
        return replies
    }

    func start(_ words: String, _ daemon: TestDaemon) throws -> RunningCommand {
        let all = prefix + [Programs.path("berth")] + words.split(separator: " ").map(String.init)
        return try Command(all, in: daemon.place("work"), environment: ["BERTH_SOCKET": daemon.socket]).start()
    }
}

/// All who ask, each with a job that runs.
struct RightsParties: Sendable {
    let askers: [Actor: Asker]
    /// An account that comes and goes.
    private static let passing = "berth-t5"

    static let member = TestUser("berth-t6", groups: [TestUser.first.name])

    private static let script = "trap '' USR1; echo hush-log $BERTH_SOCKET; while :; do sleep 60; done"
    private static let settings = ["--no-cwd", "--cpu", "0.1", "--memory", "64M", "--name", "hush"]

    init(_ daemon: TestDaemon) throws {
        var askers: [Actor: Asker] = [:]
        func asker(_ actor: Actor, _ user: TestUser?, _ words: [String] = []) throws {
            let id = try daemon.submit(script: Self.script, Self.settings + words, as: user)
            let log = try daemon.awaitLog(id, "hush-log")
            var prefix = user.map { ["/usr/bin/setpriv", "--reuid=\($0.uid)", "--regid=\($0.gid)", "--init-groups"] } ?? []
            var container: (String, String)?
            if actor == .api || actor == .inside {
                // `sh -c TEXT sh WORDS…`: into the group, then on with the words.
                prefix = ["/bin/sh", "-c", "echo $$ > \(try daemon.entry(of: id)) && exec \"$@\"", "sh"] + prefix
                if actor == .api { container = (id, String(log.split(separator: " ").last ?? "").trimmedEnd) }
            }
            askers[actor] = Asker(
                actor: actor, uid: user?.uid ?? 0, login: user?.name ?? "root", prefix: prefix, container: container, running: id)
        }
        for (actor, user) in [
            (Actor.owner, TestUser?.some(.first)), (.other, .second), (.member, Self.member), (.operator_, .operator_), (.root, nil),
        ] {
            try asker(actor, user)
        }
        try asker(.api, .first, ["--batch", "api", "--api"])
        try asker(.inside, .first)
        askers[.deleted] = try Self.deleted(daemon)
        self.askers = askers
    }

    /// The daemon knows such a one by number: while the account is there it asks for nothing.
    private static func deleted(_ daemon: TestDaemon) throws -> Asker {
        let user = TestUser(passing)
        user.remove()
        let prefix = ["/usr/bin/setpriv", "--reuid=\(user.uid)", "--regid=\(user.uid)", "--clear-groups"]
        let words = ["submit", "--quiet", "--hold"] + settings + ["--wrap", script]
        let submitted = try Command(prefix + [Programs.path("berth")] + words, environment: ["BERTH_SOCKET": daemon.socket]).run()
        guard submitted.status == 0 else { throw TestDaemon.Failure(description: "\(submitted)") }
        try Command(["useradd", "--no-create-home", "--home-dir", "/", "--uid", "\(user.uid)", user.name]).run()
        defer { user.remove() }
        try daemon.berth(["release", submitted.line])
        try daemon.awaitLog(submitted.line, "hush-log")
        return Asker(actor: .deleted, uid: user.uid, login: "\(user.uid)", prefix: prefix, container: nil, running: submitted.line)
    }

    /// Whose things an actor's requests are about.
    func victim(of actor: Actor, own: Bool) throws -> Asker {
        let whose: Actor = own ? (actor == .api || actor == .inside ? .owner : actor) : (actor == .owner || actor == .inside ? .other : .owner)
        guard let asker = askers[whose] else { throw TestDaemon.Failure(description: "no \(whose)") }
        return asker
    }
}

/// Makes what the cells of a table are about: for each actor, of its own and of another's, as many things as there are rows.
struct RightsCells: Sendable {
    let daemon: TestDaemon
    let parties: RightsParties
    let archive: String

    init(_ daemon: TestDaemon, _ parties: RightsParties) throws {
        (self.daemon, self.parties) = (daemon, parties)
        archive = try daemon.place.write("tiny.tar", String(decoding: TarBuilder.make { $0.file("etc/hush", "x") }, as: UTF8.self))
        for asker in parties.askers.values where asker.actor != .api && asker.actor != .inside {
            let reply = try asker.ask(["POST\t/v1/images/import?name=hush\t@\(archive)"], daemon)[0]
            guard reply.status == 201 else { throw TestDaemon.Failure(description: "\(asker.actor): \(reply)") }
        }
    }

    /// As many as wanted, for one actor.
    func make(_ actor: Actor, own: Bool, _ count: Int, for table: String) throws -> [Cell] {
        let victim = try parties.victim(of: actor, own: own)
        let mark = "\(table)-\(actor.rawValue)-\(own ? "own" : "other")"
        let inAPI = actor == .api && own
        func jobs(_ kind: String) -> String {
            let specs = (0..<count).map { number in
                let batch = inAPI ? "api" : "hush-\(kind)-\(mark)-\(number)"
                return #"{"spec":{"command":["true"],"hold":true,"name":"hush","batch":"\#(batch)","resources":{"cpuMillis":100}}}"#
            }
            return #"{"jobs":[\#(specs.joined(separator: ","))],"requestKey":"hush-key-\#(kind)-\#(mark)"}"#
        }
        let spare = (victim.isOperator ? "" : "\(victim.login)/") + "hush-spare-\(mark)"
        let replies = try victim.ask(
            [
                "POST\t/v1/jobs\t\(jobs("held"))", "POST\t/v1/jobs\t\(jobs("ended"))",
                #"POST\#t/v1/images/tag\#t{"name":"hush","newName":"hush-spare-\#(mark)"}"#,
                #"POST\#t/v1/sessions\#t{"kind":"exec","task":"\#(victim.running)","exec":{"command":["true"],"interactive":false}}"#,
            ], daemon)
        guard replies.allSatisfy({ (200...299).contains($0.status) }) else { throw TestDaemon.Failure(description: "\(mark): \(replies)") }
        let ids = replies[0...1].map { reply in JSONValue(reply.body)?["jobs"].list.compactMap { $0["id"].number.map(String.init) } ?? [] }
        let list = ids[1].map { "\"\($0)\"" }.joined(separator: ",")
        let cancelled = try victim.ask([#"POST\#t/v1/tasks/cancel\#t{"selection":{"ids":[\#(list)]}}"#], daemon)[0]
        guard cancelled.status == 200 else { throw TestDaemon.Failure(description: "\(mark): \(cancelled)") }
        let session = JSONValue(replies[3].body)?["session"].text ?? ""
        return (0..<count).map { number in
            Cell(
                actor: actor, isOwn: own, held: ids[0][number], batch: inAPI ? "api" : "hush-held-\(mark)-\(number)", running: victim.running,
                ended: ids[1][number], user: victim.login, image: (victim.isOperator ? "" : "\(victim.login)/") + "hush", spareImage: spare,
                newImage: "hush-copy-\(mark)", archive: archive, key: "hush-key-held-\(mark)", session: session,
                target: actor == .api ? (own ? "api" : "elsewhere") : "hush-target-\(mark)")
        }
    }
}
