import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Who is on the machine and what they use, again and again.",
        discussion: """
            \(TopState.help)
            Arrows choose a task. Of others' jobs only owner, state, cores and memory limit are shown.

            Examples:
              berth top
              berth top --sort memory --filter ada
              berth top --once
              berth top --json
            """)

    @Option(help: ArgumentHelp("The order: \(TopOrder.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "what"))
    var sort = TopOrder.cpu.rawValue

    @Option(help: ArgumentHelp("Only tasks whose id, user, name, batch, queue or state holds this.", valueName: "text"))
    var filter: String?

    @Option(help: "How often to look.")
    var interval = "2s"

    @Flag(name: .shortAndLong, help: "Print one page, measured over the interval or a second, and end.")
    var once = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        guard let order = TopOrder(rawValue: sort) else {
            throw CommandFailure.usage("--sort: found '\(sort)', accepted are \(TopOrder.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let pause = try ValueText.span(interval, "--interval")
        guard (100...3_600_000).contains(pause.milliseconds) else {
            throw CommandFailure.usage("--interval: found '\(interval)', accepted is from 100ms to 1h")
        }
        let client = common.client
        if common.json { return try JSONOutput.write(try client.use()) }
        var state = TopState(user: UserID(ProcessContext.effectiveUser), order: order, filter: filter ?? "")
        guard once else {
            guard Console.isTerminal, Descriptor.standardInput.isTerminal else {
                throw CommandFailure.usage("top: standard input and output are no terminal; --once prints one page")
            }
            return try TopLoop(client, state, interval: Int32(pause.milliseconds)).run()
        }
        state.take(try client.use())
        sleepBlocking(nanoseconds: UInt64(min(pause.milliseconds, 1000)) * 1_000_000)
        state.take(try client.use())
        guard let now = state.reply?.now else { return }
        Console.out(TopPage(state: state, style: .forOutput, width: Console.width, moments: MomentText(now: now)).render())
    }
}
