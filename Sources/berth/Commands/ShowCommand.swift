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
            """)

    @Argument(help: "Jobs, tasks or attempts.")
    var ids: [String]

    @Flag(help: "Print only the script that was stored at submit.")
    var script = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let client = common.client
        for (at, selector) in try SelectorText.list(ids).enumerated() {
            guard let job = selector.job else { throw CommandFailure.usage("show takes single jobs, not '\(selector)'; ranges are for list") }
            let detail = try client.show(job, ShowRequest(indices: selector.indices, attempt: selector.attempt, script: script || common.json))
            if common.json {
                try JSONOutput.write(detail)
            } else if script {
                try printScript(detail)
            } else {
                let text = JobDetailText(detail: detail, style: .forOutput, moments: MomentText(now: detail.now), width: Console.width)
                Console.out((at > 0 ? "\n" : "") + text.render())
            }
        }
    }

    private func printScript(_ detail: JobDetail) throws {
        guard let script = detail.spec?.script else { throw CommandFailure.refused("job \(detail.job.id) has no script, or it is not yours to see") }
        // Raw into a file or pipe; made harmless on a terminal.
        Console.out(Console.isTerminal ? Escaping.lines(script) : script)
    }
}
