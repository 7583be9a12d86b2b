import API
import ArgumentParser
import Client

struct ReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Lift a hold.",
        discussion: """
            Examples:
              berth release 12,14-16
              berth release --user ada
            """)

    @OptionGroup var selected: SelectionOptions

    @Flag(name: .customLong("operator"), help: "The operator's kind, which users cannot lift.")
    var asOperator = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        var request = ActionRequest(try selected.required())
        request.asOperator = asOperator ? true : nil
        try ActionRunner(client: common.client, json: common.json, verb: "released").run(.release, request)
    }
}
