import API
import ArgumentParser
import Client
import JobModel

struct WaitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until jobs have ended.",
        discussion: """
            Of one job the status is returned; of several, 0 if all succeeded, else the status of the lowest id that did not. 124: the time-out
            of --timeout; 1: unknown id; 125: Berth's own error. Of several tasks a terminal shows a bar, on standard error.

            Examples:
              berth wait 12
              berth wait --timeout 10m 12,14-16
              berth wait --batch nightly && berth report --batch nightly
            """)

    @OptionGroup var selected: SelectionOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("Give up after this time.", valueName: "time"))
    var timeout: String?

    @Flag(help: "The bar also where standard error is no terminal: a line for each change.")
    var progress = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let selection = try selected.required()
        let limit = try timeout.map { try ValueText.span($0, "--timeout") }
        try Waiter(client: common.client, selection: selection, timeout: limit, json: common.json, progress: progress).finish()
    }
}
