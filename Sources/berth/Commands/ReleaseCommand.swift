import API
import ArgumentParser
import Client

struct ReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Lift a hold.",
        discussion: """
            --batch alone means the batch itself; what was placed on single jobs stays.

            Examples:
              berth release 12,14-16
              berth release --batch sweep
              berth release --user ada
            """)

    @OptionGroup var selected: SelectionOptions

    @Flag(name: .customLong("operator"), help: "The operator's kind, which users cannot lift.")
    var asOperator = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let runner = ActionRunner(client: common.client, json: common.json, verb: "released")
        if var batch = try selected.wholeBatch() {
            batch.asOperator = asOperator ? true : nil
            return try runner.run(.batchRelease, batch)
        }
        var request = ActionRequest(try selected.required())
        request.asOperator = asOperator ? true : nil
        try runner.run(.release, request)
    }
}
