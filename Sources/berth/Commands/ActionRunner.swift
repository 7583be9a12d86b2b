import API
import Client

/// What commands that change jobs have in common: send, print, status.
struct ActionRunner {
    var client: BerthClient
    var json: Bool
    /// In the past tense, such as `cancelled`.
    var verb: String

    func run(_ route: Route, _ request: ActionRequest) throws { try finish(try client.act(route, request)) }

    func finish(_ reply: ActionReply) throws {
        let text = ActionText(verb: verb, reply: reply)
        if json { try JSONOutput.write(reply) } else { print(text) }
        guard text.status == 0 else { throw CommandFailure(text.status) }
    }

    private func print(_ text: ActionText) {
        if let summary = text.summary { Console.line(summary) }
        for refusal in text.refusals { Console.note(refusal) }
        if text.summary == nil, text.refusals.isEmpty { Console.note("no jobs match") }
    }

    func run(_ route: Route, _ request: BatchActionRequest) throws {
        let reply = try client.act(route, request)
        if json { return try JSONOutput.write(reply) }
        let tasks = reply.tasks.map { " (\($0) \($0 == 1 ? "task" : "tasks"))" } ?? ""
        Console.line("\(verb) batch \(Escaping.oneLine(reply.batch.name))\(tasks)")
    }
}
