import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the queue: what waits, why, and what runs where.",
        discussion: """
            Tasks of an array that stand alike share a line.

            Examples:
              berth list
              berth list --watch
              berth list --state pending --user ada
              berth list --all --batch nightly
              berth list --quiet --state running
            """, aliases: ["queue"])

    @OptionGroup var selected: SelectionOptions

    @Flag(name: .shortAndLong, help: "Finished jobs too.")
    var all = false

    @Flag(name: .shortAndLong, help: "Every task of an array on its own line.")
    var expand = false

    @Flag(name: .shortAndLong, help: "Print only the ids of jobs.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Show again and again, with a bar for each array.")
    var watch = false

    @Option(help: "With --watch: how often.")
    var interval = "2s"

    @Option(help: "At most so many jobs.")
    var limit: Int?

    @OptionGroup var common: CommonOptions

    func run() throws {
        let request = ListRequest(try selected.selection(), all: all, expand: expand)
        let client = common.client
        guard watch else { return try show(try client.listAll(request, limit: limit)) }
        guard Console.isTerminal else { throw CommandFailure.usage("--watch: standard output is no terminal") }
        let pause = try ValueText.span(interval, "--interval")
        guard pause.milliseconds >= 100 else { throw CommandFailure.usage("--interval: found '\(interval)', accepted is at least 100ms") }
        while true {
            Screen.draw(page(try client.listAll(request, limit: limit)))
            sleepBlocking(nanoseconds: UInt64(pause.nanoseconds))
        }
    }

    private func show(_ reply: ListReply) throws {
        if common.json { return try JSONOutput.write(reply) }
        if quiet { return Console.out(reply.jobs.map { "\($0.id)\n" }.joined()) }
        if reply.jobs.isEmpty, Console.isTerminal { return Console.note(all ? "no jobs" : "no jobs wait or run") }
        Console.out(JobTable(reply: reply, style: .forOutput, width: Console.width).render())
    }

    private func page(_ reply: ListReply) -> String {
        let (style, width) = (Style.forOutput, Console.width ?? 80)
        let counts = reply.jobs.reduce(TaskCounts()) { $0 + $1.counts }
        let head = "\(MomentText(now: reply.now).full(reply.now))  \(counts.running) running, \(counts.paused) paused, \(counts.pending) pending\n\n"
        let bars = ArrayProgress.render(reply.jobs, width: width, style: style)
        return head + bars + (bars.isEmpty ? "" : "\n") + JobTable(reply: reply, style: style, width: width).render()
    }
}
