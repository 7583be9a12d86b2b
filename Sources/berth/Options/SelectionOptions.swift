import API
import ArgumentParser
import Client

/// Which jobs a command means.
struct SelectionOptions: ParsableArguments {
    @Argument(help: "Jobs, tasks and attempts: 12,14-16 12.[0-9] 12.3#2.")
    var ids: [String] = []

    @Option(help: "Jobs of this batch.")
    var batch: String?

    @Option(name: .shortAndLong, help: "Jobs of this user, by name or number.")
    var user: String?

    @Flag(help: "Everybody's jobs; for operators, where it is not only looked at.")
    var allUsers = false

    @Option(help: ArgumentHelp("Tasks in these states: \(StateFilter.accepted).", valueName: "state,…"))
    var state: String?

    @Option(help: "Jobs of this queue.")
    var queue: String?

    @Option(help: "Jobs of exactly this name.")
    var name: String?

    func selection() throws -> Selection {
        var selection = Selection()
        if !ids.isEmpty { selection.ids = try SelectorText.list(ids) }
        selection.batch = batch
        guard user == nil || !allUsers else {
            throw CommandFailure.usage("--user and --all-users: found both, accepted is one of them")
        }
        selection.user = allUsers ? "all" : user
        selection.queue = queue
        selection.name = name
        selection.states = try state.map(SelectorText.states)
        return selection
    }

    /// The batch as an object, members yet to come included, when nothing but a batch is named (contract §2).
    func wholeBatch() throws -> BatchActionRequest? {
        let selection = try selection()
        guard let batch, ids.isEmpty, selection.states == nil, queue == nil, name == nil, !allUsers else { return nil }
        return BatchActionRequest(name: batch, user: user)
    }

    /// For commands that change something: naming nothing is a mistake.
    func required() throws -> Selection {
        let selection = try selection()
        guard !selection.isEmpty else {
            throw CommandFailure.usage(
                "no jobs named; accepted are \(TaskSelector.accepted), or --batch, --user, --all-users, --queue, --state, --name")
        }
        return selection
    }
}

/// Ids and states from the command line.
enum SelectorText {
    static func list(_ words: [String]) throws -> [TaskSelector] {
        var result: [TaskSelector] = []
        for word in words {
            guard let part = [TaskSelector](list: word) else {
                throw CommandFailure.usage("ids: found '\(word)', accepted are \(TaskSelector.accepted), several parted by commas")
            }
            result += part
        }
        guard result.count <= APILimit.selectors else {
            throw CommandFailure.usage("ids: found \(result.count), at most \(APILimit.selectors) are accepted")
        }
        return result
    }

    static func one(_ word: String) throws -> TaskSelector {
        guard let selector = TaskSelector(text: word), selector.task != nil else {
            throw CommandFailure.usage("id: found '\(word)', accepted is one job or task such as 12, 12.3 or 12.3#2")
        }
        return selector
    }

    static func states(_ text: String) throws -> [StateFilter] {
        try text.split(separator: ",").map { word in
            guard let state = StateFilter(rawValue: word.lowercased()) else {
                throw CommandFailure.usage("state: found '\(word)', accepted are \(StateFilter.accepted)")
            }
            return state
        }
    }
}
