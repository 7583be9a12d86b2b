import API
import JobModel
import Reports

/// `berth report`. `-` stands for what the kernel could not count, `≥` before what it counted only in part; never a zero in their place.
struct ReportView {
    var reply: ReportReply
    var style: Style
    var width: Int?
    var moments: MomentText

    func render() -> String {
        if let table = reply.table { return sums(table) }
        let attempts = reply.attempts.isEmpty ? "" : runs()
        guard let job = reply.job else { return attempts }
        return facts(job) + (attempts.isEmpty ? "" : "\n" + attempts)
    }

    // MARK: One job

    private func facts(_ job: JobReport) -> String {
        let total = job.total
        var text = DetailText(style: style)
        text.add("Job", ["\(job.job)", job.name].compactMap(\.self).joined(separator: " "))
        text.add("Owner", job.userName)
        text.add("Batch", job.batch)
        text.add("Image", job.image)
        text.add("Submitted", moments.full(job.submittedAt))
        text.add("Ended", job.endedAt.map(moments.full))
        text.add("Tasks", Self.tasks(job.tasks))
        guard total.attempts > 0 else { return text.render() }
        text.add("Runs", "\(total.attempts): \(total.outcomeText)")
        text.add("Times", Self.times(total))
        text.add("CPU", Self.cpu(total))
        text.add("Memory", "peak \(total.memoryPeak.text(Self.bytes))")
        text.add("Disk", "read \(total.readBytes.text(Self.bytes)), written \(total.writtenBytes.text(Self.bytes))")
        return text.render()
    }

    private static func tasks(_ tasks: JobReport.Tasks) -> String {
        let failed = tasks.unsuccessful - tasks.cancelled - tasks.dependencyFailed
        let counts = [
            (tasks.pending, "pending"), (tasks.active, "active"), (tasks.succeeded, "succeeded"), (failed, "failed"),
            (tasks.cancelled, "cancelled"), (tasks.dependencyFailed, "dependencyFailed"),
        ]
        return counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    private static func times(_ total: ReportRow) -> String {
        func spread(_ values: Percentiles?) -> String {
            guard total.attempts > 1, let values else { return "" }
            return " (half within \(values.p50), 99% within \(values.p99), the longest \(values.max))"
        }
        return "queued \(total.queuedFor)\(spread(total.queued)), ran \(total.ranFor)\(spread(total.ran)), paused \(total.pausedFor)"
    }

    private static func cpu(_ total: ReportRow) -> String {
        "\(total.cpuUser.text(UsageText.cpu)) user, \(total.cpuSystem.text(UsageText.cpu)) system, \(percent(total.cpuEfficiency)) of "
            + "\(coreTime(total)) given, throttled \(total.throttled.text(UsageText.cpu))"
    }

    // MARK: Runs

    private func runs() -> String {
        var table = Table([
            .init("ATTEMPT"), .init("NAME", shrinksTo: 8, optional: true), .init("USER", shrinksTo: 6, optional: true),
            .init("OUTCOME", shrinksTo: 12), .init("CPUS", shrinksTo: 5), .init("QUEUED", right: true), .init("RAN", right: true),
            .init("PAUSED", right: true, optional: true), .init("CPU USER", right: true), .init("CPU SYS", right: true),
            .init("EFF", right: true), .init("THROTTLED", right: true, optional: true), .init("MEMORY", right: true),
            .init("READ", right: true), .init("WRITTEN", right: true),
        ])
        for attempt in reply.attempts { table.add(row(attempt)) }
        return table.render(width: width, style: style)
    }

    private func row(_ attempt: AttemptReport) -> [Table.Cell] {
        let usage = attempt.usage
        let isOfOneJob = reply.job != nil
        return [
            .init(attempt.id.description), .init(isOfOneJob ? "" : Escaping.oneLine(attempt.name ?? "")),
            .init(isOfOneJob ? "" : Escaping.oneLine(attempt.userName)),
            .init(Escaping.oneLine(attempt.outcome.description), StateText.colour(TaskState(.attempt(attempt.outcome)))),
            .init(attempt.shared ? "shared" : attempt.cpus.description), .init(attempt.queuedFor.description),
            .init(attempt.ranFor.description), .init(attempt.pausedFor > .zero ? attempt.pausedFor.description : ""),
            .init(ReportSum(value: usage.cpuUserMicroseconds).text(UsageText.cpu)),
            .init(ReportSum(value: usage.cpuSystemMicroseconds).text(UsageText.cpu)), .init(Self.percent(attempt.cpuEfficiency)),
            .init(usage.throttledMicroseconds.map { $0 > 0 ? UsageText.cpu($0) : "" } ?? ""),
            .init(ReportSum(value: usage.memoryPeak?.count).text(Self.bytes)), .init(ReportSum(value: usage.readBytes).text(Self.bytes)),
            .init(attempt.written.text(Self.bytes)),
        ]
    }

    // MARK: Sums

    private func sums(_ report: Reports.ReportTable) -> String {
        var table = Table([
            .init(report.grouping.rawValue.uppercased(), shrinksTo: 10), .init("JOBS", right: true), .init("RUNS", right: true),
            .init("OUTCOMES", shrinksTo: 14), .init("QUEUED", right: true), .init("P50", right: true), .init("P99", right: true),
            .init("RAN", right: true), .init("PAUSED", right: true, optional: true), .init("CPU USER", right: true),
            .init("CPU SYS", right: true), .init("CORE TIME", right: true), .init("EFF", right: true),
            .init("THROTTLED", right: true, optional: true), .init("MEMORY", right: true), .init("READ", right: true),
            .init("WRITTEN", right: true),
        ])
        for row in report.rows { table.add(cells(row)) }
        if report.rows.count > 1 { table.add(cells(report.total)) }
        return table.render(width: width, style: style)
    }

    private func cells(_ row: ReportRow) -> [Table.Cell] {
        let hasFailed = row.outcomes.keys.contains { $0 != AttemptOutcome.Kind.succeeded.rawValue && $0 != AttemptOutcome.Kind.cancelled.rawValue }
        return [
            .init(Escaping.oneLine(row.label)), .init("\(row.jobs)"), .init("\(row.attempts)"), .init(row.outcomeText, hasFailed ? .red : nil),
            .init(row.queuedFor.description), .init(row.queued?.p50.description ?? "-"), .init(row.queued?.p99.description ?? "-"),
            .init(row.ranFor.description), .init(row.pausedFor > .zero ? row.pausedFor.description : ""),
            .init(row.cpuUser.text(UsageText.cpu)), .init(row.cpuSystem.text(UsageText.cpu)), .init(Self.coreTime(row)),
            .init(Self.percent(row.cpuEfficiency)),
            .init(row.throttled.value == 0 && !row.throttled.partial ? "" : row.throttled.text(UsageText.cpu)),
            .init(row.memoryPeak.text(Self.bytes)), .init(row.readBytes.text(Self.bytes)), .init(row.writtenBytes.text(Self.bytes)),
        ]
    }

    // MARK: Figures

    private static func bytes(_ count: UInt64) -> String { Bytes(count).description }
    private static func coreTime(_ row: ReportRow) -> String { TimeSpan(milliseconds: Int64(row.coreSeconds * 1000)).description }

    /// The start is counted but is no part of the run, so that a short one may seem to have used more than it was given.
    static func percent(_ ratio: Double?) -> String { ratio.map { "\(min(100, Int(($0 * 100).rounded())))%" } ?? "-" }
}
