import API
import ArgumentParser
import Client
import JobModel
import LinuxSys

struct PurgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Forget finished jobs: their logs and, unless kept, their accounts.",
        discussion: """
            Examples:
              berth purge --older-than 30d
              berth purge --keep-newest 1000
              berth purge --batch old-sweep --keep-accounts
              berth purge --dry-run --older-than 7d
            """)

    @OptionGroup var selected: SelectionOptions

    @Option(help: ArgumentHelp("Finished longer ago than this.", valueName: "time"))
    var olderThan: String?

    @Option(help: ArgumentHelp("All but the newest so many of those that are named.", valueName: "jobs"))
    var keepNewest: Int?

    @Flag(help: "Keep what report shows.")
    var keepAccounts = false

    @Flag(help: "Only say how much it would be.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var common: CommonOptions

    func run() throws {
        let selection = try selected.selection()
        guard olderThan != nil || keepNewest != nil || !selection.isEmpty else {
            throw CommandFailure.usage("nothing named; accepted are --older-than 30d, --keep-newest 1000, ids, --batch, --user, --state")
        }
        if let keepNewest, keepNewest < 0 { throw CommandFailure.usage("--keep-newest: found \(keepNewest), accepted is a number from 0") }
        let span = try olderThan.map { try ValueText.span($0, "--older-than") }
        var request = PurgeRequest(before: span.map { WallTime(milliseconds: WallTime.current.milliseconds - $0.milliseconds) }, selection: selection)
        request.keepAccounts = keepAccounts ? true : nil
        request.keepNewest = keepNewest
        request.dryRun = true
        let client = common.client
        let asks = !dryRun && !yes && Descriptor.standardInput.isTerminal && Descriptor.standardError.isTerminal
        if asks {
            let count = try client.purge(request).jobs
            if count > CancelCommand.unasked, !(try Question.ask("forget \(count) jobs for ever?")) {
                throw CommandFailure(ExitRules.refused, "nothing was purged")
            }
        }
        request.dryRun = dryRun ? true : nil
        let reply = try client.purge(request)
        if common.json { return try JSONOutput.write(reply) }
        Console.line(Self.text(reply, dryRun: dryRun))
    }

    static func text(_ reply: PurgeReply, dryRun: Bool) -> String {
        guard reply.jobs > 0 || reply.attempts > 0 else { return "nothing to purge" }
        let freed = reply.freed > .zero ? ", \(ValueText.size(reply.freed)) of logs" : ""
        return "\(dryRun ? "would purge" : "purged") \(ValueText.count(reply.jobs, "job")), \(ValueText.count(reply.attempts, "run"))\(freed)"
    }
}
