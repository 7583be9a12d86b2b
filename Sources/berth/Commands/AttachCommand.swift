import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Take over the output, and the input, of a running job.",
        discussion: """
            Returns the job's status when it ends. Ctrl-P Ctrl-Q leaves a job with a terminal; ^C twice leaves any; of
            one that waits once is enough.

            Examples:
              berth attach 12
              berth attach --no-input 12.3
            """)

    @Argument(help: "A job or a task.")
    var task: String

    @Flag(inversion: .prefixedNo, help: "Send our standard input, if the job takes one.")
    var input = true

    @Flag(help: "From the beginning of the log instead of from now on.")
    var fromStart = false

    @OptionGroup var connection: ConnectionOptions

    func run() throws {
        guard let task = try SelectorText.one(task).task else { return }
        let client = connection.client
        var request = SessionRequest(.attach, task: task)
        request.position = fromStart ? 0 : nil
        request.terminal = Descriptor.standardInput.terminalExtent.map { TerminalSize(rows: $0.rows, columns: $0.columns) }
        let reply = try client.createSession(request)
        let loop = try SessionLoop(client, .init(kind: .attach, task: task, forwardsInput: input, terminal: reply.terminal))
        throw CommandFailure(try loop.run(reply.session))
    }
}
