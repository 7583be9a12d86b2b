import API
import ArgumentParser
import Client
import JobModel
import Reports

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "What jobs used, as the kernel counted it.",
        discussion: """
            With ids: their single runs. Without: sums by batch, or as --by says; P50 and P99 are how long half, and 99 of 100, waited at most.
            A dash stands for what the kernel could not count, ≥ before what it counted only in part.

            Examples:
              berth report 12
              berth report --batch sweep
              berth report --by user --since 7d
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

    @OptionGroup var common: CommonOptions

    func run() throws {
        var selection = try selected.selection()
        // Without a user the report is of all whose accounts the asker may see.
        if selection.meansAllUsers { selection.user = nil }
        var request = ReportRequest(selection, limit: limit)
        request.by = try grouping(selection)
        request.since = try since.map { try MomentParser.past($0, "--since", now: .current) }
        request.until = try until.map { try MomentParser.past($0, "--until", now: .current) }
        let reply = try common.client.report(request)
        if common.json { return try JSONOutput.write(reply) }
        if csv, let table = reply.table { return Console.out(table.csv) }
        if reply.table?.rows.isEmpty ?? (reply.job == nil && reply.attempts.isEmpty) { return Console.note("no ended runs") }
        Console.out(ReportView(reply: reply, style: .forOutput, width: Console.width, moments: MomentText(now: .current)).render())
        if reply.truncated == true { Console.note("there are more; see --limit") }
    }

    private func grouping(_ selection: Selection) throws -> ReportRequest.Grouping? {
        guard let by else {
            if csv { return .batch }
            return selection.ids == nil && selection.batch == nil && selection.name == nil ? .batch : nil
        }
        guard let grouping = ReportRequest.Grouping(rawValue: by) else {
            throw CommandFailure.usage("--by: found '\(by)', accepted are \(ReportRequest.Grouping.accepted)")
        }
        return grouping
    }
}
