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
        guard (100...3_600_000).contains(pause.milliseconds) else {
            throw CommandFailure.usage("--interval: found '\(interval)', accepted is from 100ms to 1h")
        }
        try watch(every: Int32(pause.milliseconds)) { () throws(ClientError) in page(try client.listAll(request, limit: limit)) }
    }

    /// Until ^C, across restarts of the daemon; a changed window is drawn at once.
    private func watch(every milliseconds: Int32, _ page: () throws(ClientError) -> String) throws {
        let (interrupt, terminate, windowChange) = (Int32(2), Int32(15), Int32(28))
        let signals = try SignalSource([interrupt, terminate, windowChange])
        var last = try page()
        while true {
            Screen.draw(last)
            _ = try poll(signals.descriptor, for: .readable, milliseconds: milliseconds)
            if try signals.take().contains(where: { $0 != windowChange }) { return Console.line() }
            do throws(ClientError) { last = try page() } catch {
                guard error.isLoss else { throw error }
                last = "berthd is gone; waiting for it\n"
            }
        }
    }

    private func show(_ reply: ListReply) throws {
        if common.json { return try JSONOutput.write(reply) }
        if quiet { return Console.out(reply.jobs.map { "\($0.id)\n" }.joined()) }
        if reply.jobs.isEmpty, Console.isTerminal {
            return Console.note(try !selected.selection().isEmpty ? "no jobs match" : all ? "no jobs" : "no jobs wait or run")
        }
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
