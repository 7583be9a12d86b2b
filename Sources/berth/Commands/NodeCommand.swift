import API
import ArgumentParser
import Client

struct NodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "This machine: its cores and memory, what is free, what jobs get by default.",
        discussion: """
            Examples:
              berth node
              berth node --json
            """)

    @OptionGroup var common: CommonOptions

    func run() throws {
        let reply = try common.client.node()
        if common.json { return try JSONOutput.write(reply) }
        Console.out(NodeText(node: reply, style: .forOutput, moments: MomentText(now: reply.now), width: Console.width).render())
    }
}
