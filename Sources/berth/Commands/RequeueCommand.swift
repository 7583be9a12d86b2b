import API
import ArgumentParser
import Client

struct RequeueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue", abstract: "End running tasks and put them back into the queue, or run ended ones again.",
        discussion: """
            Examples:
              berth requeue 12.3
              berth requeue --hold --batch nightly --state failed
            """)

    @OptionGroup var selected: SelectionOptions

    @Flag(help: "Held until released.")
    var hold = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        var request = ActionRequest(try selected.required())
        request.hold = hold ? true : nil
        try ActionRunner(client: common.client, json: common.json, verb: "requeued").run(.requeue, request)
    }
}
