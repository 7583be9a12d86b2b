import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End jobs: first their stop signal, after the grace period the kill.",
        discussion: """
            More than 10 jobs are asked about on a terminal.

            Examples:
              berth cancel 12,14-16
              berth cancel 12.[0-9]
              berth cancel --batch sweep --state pending
              berth cancel --now 12
            """)

    /// So many are ended without a question.
    static let unasked = 10

    @OptionGroup var selected: SelectionOptions

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @Flag(help: "Kill at once, without the stop signal.")
    var now = false

    @Option(help: ArgumentHelp("Instead of the jobs' own grace period.", valueName: "time"))
    var grace: String?

    @Option(help: "A line for people.")
    var reason: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        var request = ActionRequest(try selected.required())
        request.reason = reason
        request.grace = now ? .zero : try grace.map { try ValueText.span($0, "--grace") }
        let client = common.client
        guard try mayGoOn(client, request) else { throw CommandFailure(ExitRules.refused, "nothing was cancelled") }
        try ActionRunner(client: client, json: common.json, verb: "cancelled").run(.cancel, request)
    }

    private func mayGoOn(_ client: BerthClient, _ request: ActionRequest) throws -> Bool {
        guard !yes, Descriptor.standardInput.isTerminal, Descriptor.standardError.isTerminal else { return true }
        if let ids = request.selection.ids, Self.jobs(ids) <= UInt64(Self.unasked) { return true }
        var count = request
        count.dryRun = true
        let jobs = try client.act(.cancel, count).jobs
        return try jobs <= Self.unasked || Question.ask("cancel \(jobs) jobs?")
    }

    /// At most so many jobs are named.
    static func jobs(_ ids: [TaskSelector]) -> UInt64 {
        ids.reduce(0) { sum, selector in
            let (total, overflow) = sum.addingReportingOverflow(selector.jobs.upperBound - selector.jobs.lowerBound + 1)
            return overflow ? .max : total
        }
    }
}

/// A question on the terminal; anything but yes is no.
enum Question {
    static func ask(_ text: String) throws -> Bool {
        Console.error("berth: \(text) [y/N] ")
        let answer = String(decoding: try Descriptor.standardInput.read(upTo: 256), as: UTF8.self)
        return ["y", "yes"].contains(answer.lowercased().filter { !$0.isWhitespace })
    }
}
