import API
import ArgumentParser
import Client
import JobModel

struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch", abstract: "Act on batches as a whole, members yet to come included.",
        discussion: """
            Examples:
              berth batch list
              berth batch pause sweep
              berth batch resume sweep
              berth batch cancel --yes sweep
            """,
        subcommands: [
            BatchList.self, BatchShow.self, BatchPause.self, BatchResume.self, BatchHold.self, BatchRelease.self, BatchCancel.self,
        ], defaultSubcommand: BatchList.self)
}

struct BatchList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Batches with their counts.",
        discussion: """
            Examples:
              berth batch list
              berth batch list --all --user all
            """)

    @Option(name: .shortAndLong, help: "Of this user; all for everybody's.")
    var user: String?

    @Flag(name: .shortAndLong, help: "Those without living jobs too.")
    var all = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let reply = try common.client.batches(BatchRequest(user: user, all: all))
        if common.json { return try JSONOutput.write(reply) }
        if reply.batches.isEmpty, Console.isTerminal { return Console.note("no batches") }
        Console.out(BatchTable.render(reply.batches, width: Console.width, style: .forOutput))
    }
}

struct BatchShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "One batch.",
        discussion: """
            Examples:
              berth batch show sweep
            """)

    @Argument(help: "Its name.")
    var name: String

    @Option(name: .shortAndLong, help: "Of this user.")
    var user: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let reply = try common.client.batch(BatchRequest(name: name, user: user))
        if common.json { return try JSONOutput.write(reply) }
        let moments = MomentText(now: .current)
        Console.out(BatchTable.detail(reply.batch, moments: moments, width: Console.width ?? 80, style: .forOutput))
    }
}

/// Which batch, and how.
struct BatchTarget: ParsableArguments {
    @Argument(help: "The batch's name.")
    var name: String

    @Option(name: .shortAndLong, help: "Of this user.")
    var user: String?

    @Flag(name: .customLong("operator"), help: "The operator's kind, which users cannot lift.")
    var asOperator = false

    @Option(help: "A line for people.")
    var reason: String?

    @OptionGroup var common: CommonOptions

    var request: BatchActionRequest {
        var request = BatchActionRequest(name: name, user: user)
        request.asOperator = asOperator ? true : nil
        request.reason = reason
        return request
    }

    func runner(_ verb: String) -> ActionRunner { ActionRunner(client: common.client, json: common.json, verb: verb) }
}
