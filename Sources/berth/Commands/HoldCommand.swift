import API
import ArgumentParser
import Client

struct HoldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Keep pending jobs from starting; those that run go on.",
        discussion: """
            --batch alone means the batch itself, members yet to come included; with ids or --state its tasks of now.

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
        let runner = ActionRunner(client: common.client, json: common.json, verb: "held")
        if var batch = try selected.wholeBatch() {
            batch.asOperator = asOperator ? true : nil
            batch.reason = reason
            return try runner.run(.batchHold, batch)
        }
        var request = ActionRequest(try selected.required())
        request.asOperator = asOperator ? true : nil
        request.reason = reason
        try runner.run(.hold, request)
    }
}
