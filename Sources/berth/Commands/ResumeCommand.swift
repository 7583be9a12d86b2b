import API
import ArgumentParser
import Client

struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lift a pause: jobs go on as soon as cores are free for them.",
        discussion: """
            Examples:
              berth resume 12
              berth resume --batch sweep
            """)

    @OptionGroup var selected: SelectionOptions

    @Flag(name: .customLong("operator"), help: "The operator's kind, which users cannot lift.")
    var asOperator = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        var request = ActionRequest(try selected.required())
        request.asOperator = asOperator ? true : nil
        try ActionRunner(client: common.client, json: common.json, verb: "resumed").run(.resume, request)
    }
}
