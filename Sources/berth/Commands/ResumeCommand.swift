import API
import ArgumentParser
import Client

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lift a pause: jobs go on as soon as cores are free for them.",
        discussion: """
            --batch alone means the batch itself; what was placed on single jobs stays.

            Examples:
              berth resume 12
              berth resume --batch sweep
            """)

    @OptionGroup var selected: SelectionOptions

    @Flag(name: .customLong("operator"), help: "The operator's kind, which users cannot lift.")
    var asOperator = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let runner = ActionRunner(client: common.client, json: common.json, verb: "resumed")
        if var batch = try selected.wholeBatch() {
            batch.asOperator = asOperator ? true : nil
            return try runner.run(.batchResume, batch)
        }
        var request = ActionRequest(try selected.required())
        request.asOperator = asOperator ? true : nil
        try runner.run(.resume, request)
    }
}
