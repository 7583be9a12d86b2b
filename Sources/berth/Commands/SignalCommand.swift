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

    @Argument(help: "Such as USR1, SIGTERM or 10; it may stand behind the ids too.")
    var signal: String

    @OptionGroup var selected: SelectionOptions

    @Flag(help: "To every process of the job.")
    var toAll = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        var (signal, selected) = (signal, selected)
        // Some put the job first; of two numbers the first is the signal.
        if [TaskSelector](list: signal) != nil, let last = selected.ids.last, SignalName.number(last) != nil, Int(last) == nil {
            selected.ids = [signal] + selected.ids.dropLast()
            signal = last
        }
        var request = ActionRequest(try selected.required())
        request.signal = try ValueText.signal(signal)
        request.toAll = toAll ? true : nil
        try ActionRunner(client: common.client, json: common.json, verb: "signalled").run(.signal, request)
    }
}
