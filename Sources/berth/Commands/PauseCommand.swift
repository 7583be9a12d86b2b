import API
import ArgumentParser
import Client

struct PauseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Freeze running jobs and give their cores to others; pending ones do not start.",
        discussion: """
            The memory stays. When the command returns, no process of the jobs runs. --batch alone means the batch itself, members yet to come
            included, as berth batch pause does.

            Examples:
              berth pause 12
              berth pause --keep-cores 12.[0-3]
              berth pause --batch sweep
              berth pause --user ada --state running
            """)

    @OptionGroup var selected: SelectionOptions

    @Flag(help: "Keep the cores for the paused jobs.")
    var keepCores = false

    @Option(help: "A line for people, shown with the job.")
    var reason: String?

    @Flag(name: .customLong("operator"), help: "The operator's kind, which users cannot lift.")
    var asOperator = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let runner = ActionRunner(client: common.client, json: common.json, verb: "paused")
        if var batch = try selected.wholeBatch() {
            batch.asOperator = asOperator ? true : nil
            batch.reason = reason
            batch.keepCores = keepCores ? true : nil
            return try runner.run(.batchPause, batch)
        }
        var request = ActionRequest(try selected.required())
        request.asOperator = asOperator ? true : nil
        request.keepCores = keepCores ? true : nil
        request.reason = reason
        try runner.run(.pause, request)
    }
}
