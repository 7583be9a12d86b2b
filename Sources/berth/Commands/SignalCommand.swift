import API
import ArgumentParser
import Client
import JobModel

struct SignalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signal", abstract: "Send a signal to the first process of running jobs.",
        discussion: """
            Examples:
              berth signal USR1 12
              berth signal --to-all TERM 12.[0-9]
            """)

    @Argument(help: "Such as USR1, SIGTERM or 10.")
    var signal: String

    @OptionGroup var selected: SelectionOptions

    @Flag(help: "To every process of the job.")
    var toAll = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        var request = ActionRequest(try selected.required())
        request.signal = try ValueText.signal(signal)
        request.toAll = toAll ? true : nil
        try ActionRunner(client: common.client, json: common.json, verb: "signalled").run(.signal, request)
    }
}
