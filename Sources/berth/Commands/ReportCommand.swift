import API
import ArgumentParser
import Client
import JobModel
import LinuxSys
import Reports

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "What jobs used, as the kernel counted it.",
        discussion: """
            With ids: their single runs, and of one job what to ask for next time. Without: sums by batch, or as --by says; P50/P90/P99 are how
            long half, 90 and 99 of 100 waited for their first instruction, or ran, at most. To operators a report of everything also shows the
            counters of Berth's own control group beside the sum over its jobs, and what is left.
            A dash stands for what the kernel could not count, ≥ before what it counted only in part.

            Examples:
              berth report 12
              berth report --batch sweep
              berth report --by user --since 7d
              berth report --by day --since 2026-11-01 --until 2026-12-01
              berth report --chart --since 1d
              berth report --html week.html --by image --since 7d
              berth report --by batch --json
              berth report --by job --csv > jobs.csv
            """)

    @OptionGroup var selected: SelectionOptions

    @Option(help: ArgumentHelp("Sums by one of: \(ReportRequest.Grouping.accepted).", valueName: "what"))
    var by: String?

    @Option(help: ArgumentHelp("Ended since: \(MomentParser.accepted).", valueName: "when"))
    var since: String?

    @Option(help: ArgumentHelp("Ended before.", valueName: "when"))
    var until: String?

    @Option(help: "At most so many lines.")
    var limit: Int?

    @Flag(help: "Sums as comma-separated values, times in seconds and sizes in bytes.")
    var csv = false

    @Flag(help: "Bars of use over time, of cores and memory.")
    var chart = false

    @Option(help: ArgumentHelp("Write a page with drawings and sums that needs nothing else; - is standard output.", valueName: "file"))
    var html: String?

    @OptionGroup var common: CommonOptions

    func run() throws {
        var selection = try selected.selection()
        // Without a user the report is of all whose accounts the asker may see.
        if selection.meansAllUsers { selection.user = nil }
        var request = ReportRequest(selection, limit: limit)
        request.by = try grouping(selection)
        if chart || html != nil { request.plots = true }
        let now = WallTime.current
        request.secondsFromUTC = LocalTime(secondsSince1970: now.milliseconds / 1000).secondsFromUTC
        request.since = try since.map { try MomentParser.past($0, "--since", now: now) }
        request.until = try until.map { try MomentParser.past($0, "--until", now: now) }
        let reply = try common.client.report(request)
        if let html { return try write(reply, request, to: html, now: now) }
        if common.json { return try JSONOutput.write(reply) }
        if csv, let table = reply.table { return Console.out(table.csv) }
        if reply.table?.rows.isEmpty ?? (reply.job == nil && reply.attempts.isEmpty) { return Console.note("no ended runs") }
        if chart, let plots = reply.plots {
            Console.out(UseChart(plots: plots, style: .forOutput, width: Console.width, moments: MomentText(now: now)).render())
            if by == nil { return }
            Console.line()
        }
        Console.out(ReportView(reply: reply, style: .forOutput, width: Console.width, moments: MomentText(now: .current)).render())
        if reply.truncated == true { Console.note("there are more; see --limit") }
    }

    /// With the user's own rights, and whole or not at all.
    private func write(_ reply: ReportReply, _ request: ReportRequest, to path: String, now: WallTime) throws {
        let page = ReportPage(reply: reply, subject: subject(request), now: now, secondsFromUTC: request.secondsFromUTC ?? 0).html
        if path == "-" { return Console.out(page) }
        do throws(SystemError) {
            try Descriptor.open(path, [.writeOnly, .create, .truncate], mode: 0o644).write(page)
        } catch { throw CommandFailure(ExitRules.refused, "--html: \(error)") }
    }

    /// What the page is of, in words.
    private func subject(_ request: ReportRequest) -> String {
        let moments = MomentText(now: .current)
        let selection = request.selection
        let parts = [
            selection.ids.map { "jobs \($0.listText)" }, selection.user.map { "user \($0)" }, selection.batch.map { "batch \($0)" },
            selection.queue.map { "queue \($0)" }, selection.name.map { "jobs named \($0)" },
            request.since.map { "since \(moments.full($0))" }, request.until.map { "until \(moments.full($0))" },
        ].compactMap(\.self)
        return parts.isEmpty ? "What jobs used" : "What jobs used: " + parts.joined(separator: ", ")
    }

    private func grouping(_ selection: Selection) throws -> ReportRequest.Grouping? {
        guard let by else {
            if html != nil || chart { return selection.ids == nil ? .batch : .job }
            if csv { return .batch }
            return selection.ids == nil && selection.batch == nil && selection.name == nil ? .batch : nil
        }
        guard let grouping = ReportRequest.Grouping(rawValue: by) else {
            throw CommandFailure.usage("--by: found '\(by)', accepted are \(ReportRequest.Grouping.accepted)")
        }
        return grouping
    }
}
