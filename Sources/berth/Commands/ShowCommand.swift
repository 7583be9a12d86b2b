import API
import ArgumentParser
import Client
import JobModel

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Everything about a job: what it asked for, why it waits, its runs.",
        discussion: """
            Examples:
              berth show 12
              berth show 12.3#2
              berth show --script 12
              berth show --timing 12
            """)

    @Argument(help: "Jobs, tasks or attempts.")
    var ids: [String]

    @Flag(help: "Print only the script that was stored at submit.")
    var script = false

    @Flag(help: "Print the start and the end of each attempt, step by step; of the attempts that ended last.")
    var timing = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        if script, timing { throw CommandFailure.usage("--script and --timing: found both, accepted is one of them") }
        let client = common.client
        for (at, selector) in try SelectorText.list(ids).enumerated() {
            guard let job = selector.job else { throw CommandFailure.usage("show takes single jobs, not '\(selector)'; ranges are for list") }
            let request = ShowRequest(indices: selector.indices, attempt: selector.attempt, script: script || common.json, timing: timing)
            let detail = try client.show(job, request)
            if timing { try requireTiming(of: selector, detail) }
            if common.json {
                try JSONOutput.write(detail)
            } else if script {
                try printScript(detail)
            } else if timing {
                Console.out((at > 0 ? "\n" : "") + TimingText(attempts: detail.attempts, style: .forOutput, width: Console.width).render())
            } else {
                let text = JobDetailText(detail: detail, style: .forOutput, moments: MomentText(now: detail.now), width: Console.width)
                Console.out((at > 0 ? "\n" : "") + text.render())
            }
        }
    }

    /// Refuses to print nothing, or what reads as if a step had taken no time.
    private func requireTiming(of selector: TaskSelector, _ detail: JobDetail) throws {
        if detail.job.redacted { throw CommandFailure.refused("show --timing \(selector): it belongs to another user") }
        if detail.attempts.isEmpty {
            throw CommandFailure.refused("show --timing \(selector): no attempt of it has begun")
        }
        guard detail.attempts.allSatisfy({ $0.timing == nil }) else { return }
        throw CommandFailure.refused(
            "show --timing \(selector): its timing is no longer kept; berthd has that of the last \(APILimit.timings) attempts since it started")
    }

    private func printScript(_ detail: JobDetail) throws {
        guard let script = detail.spec?.script else { throw CommandFailure.refused("job \(detail.job.id) has no script, or it is not yours to see") }
        // Raw into a file or pipe; made harmless on a terminal.
        Console.out(Console.isTerminal ? Escaping.lines(script) : script)
    }
}
