import API
import ArgumentParser
import Client

struct HoldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Keep pending jobs from starting; those that run go on.",
        discussion: """
            Examples:
              berth hold 12
              berth hold --reason 'wait for the new data' --batch sweep --state pending
            """)

    @OptionGroup var selected: SelectionOptions

    @Option(help: "A line for people, shown with the job.")
    var reason: String?

    @Flag(name: .customLong("operator"), help: "The operator's kind, which users cannot lift.")
    var asOperator = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        var request = ActionRequest(try selected.required())
        request.asOperator = asOperator ? true : nil
        request.reason = reason
        try ActionRunner(client: common.client, json: common.json, verb: "held").run(.hold, request)
    }
}
