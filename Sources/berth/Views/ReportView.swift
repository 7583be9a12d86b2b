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
        if let table = reply.table { return sums(table) + (table.machine.map { "\n" + machine($0) } ?? "") }
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
        text.add("Tasks", job.tasks.map(Self.tasks))
        text.add("Asked", Self.asked(job))
        guard total.attempts > 0 else { return text.render() }
        text.add("Runs", "\(total.attempts): \(total.outcomeText)")
        if total.attempts == 1, let attempt = reply.attempts.first { text.add("Where", Self.place(attempt)) }
        text.add("Times", Self.times(total))
        text.add("CPU", Self.cpu(total))
        text.add("Memory", Self.memory(total))
        text.add("Disk", Self.disk(total))
        if total.attempts == 1, let devices = reply.attempts.first?.usage.devices, devices.count > 1 { text.add("", devices.map(Self.device)) }
        text.add("Scratch", reply.attempts.count == 1 ? Self.scratch(reply.attempts[0].usage) : nil)
        text.add("Faults", Self.faults(total.counts))
        text.add("Output", Self.output(total.counts))
        text.add("Next time", job.advice.map(Self.advice))
        return text.render()
    }

    private static func asked(_ job: JobReport) -> String {
        let asked = job.asked
        let cpu = asked.cores > 0 ? "\(asked.cores) core\(asked.cores == 1 ? "" : "s")" : "\(Double(asked.cpuMillis) / 1000) of a CPU"
        let swap = asked.swap > .zero ? ["\(asked.swap) of swap"] : []
        let scratch = asked.scratch > .zero ? ["\(asked.scratch) of scratch"] : []
        return ([cpu, "\(asked.memory) of memory"] + swap + scratch + ["at most \(job.timeLimit)"]).joined(separator: ", ")
    }

    private static func place(_ attempt: AttemptReport) -> String {
        let cpus = attempt.shared ? "pool of cpu \(attempt.cpus)" : "cpu \(attempt.cpus)"
        return "\(attempt.node), \(cpus), memory node \(attempt.memoryNodes)"
    }

    private static func memory(_ total: ReportRow) -> String {
        var parts = ["peak \(total.memoryPeak.text(bytes))"]
        if let ratio = total.memoryEfficiency, total.attempts == 1 { parts[0] += " (\(percent(ratio)) of the limit)" }
        if let failures = total.counts.memoryFailures.value, failures > 0 { parts.append("at the limit \(failures) times") }
        if let kills = total.counts.outOfMemoryKills.value, kills > 0 { parts.append("\(kills) killed for memory") }
        if total.counts.swapPeak.value ?? 0 > 0 { parts.append("swap \(total.counts.swapPeak.text(bytes))") }
        if total.counts.pidsPeak.value != nil { parts.append("\(total.counts.pidsPeak.text { "\($0)" }) processes at most") }
        return parts.joined(separator: ", ")
    }

    private static func disk(_ total: ReportRow) -> String {
        func operations(_ sum: ReportSum) -> String { sum.value.map { $0 > 0 ? " in \($0) operations" : "" } ?? "" }
        return "read \(total.readBytes.text(bytes))\(operations(total.counts.readOperations)), "
            + "written \(total.writtenBytes.text(bytes))\(operations(total.counts.writeOperations))"
    }

    private static func device(_ device: DeviceUsage) -> String {
        "\(device.name ?? device.device): read \(bytes(device.readBytes)), written \(bytes(device.writtenBytes))"
    }

    private static func scratch(_ usage: Usage) -> String? {
        guard let held = usage.scratchBytes else { return nil }
        let files = usage.scratchFiles.map { " in \($0) files" } ?? ""
        return "\(ReportSum(value: held.count, partial: usage.scratchPartial == true).text(bytes))\(files) at the end"
    }

    private static func faults(_ counts: ReportRow.Counts) -> String? {
        guard counts.minorFaults.value != nil || counts.voluntarySwitches.value != nil else { return nil }
        func text(_ sum: ReportSum) -> String { sum.text { "\($0)" } }
        return "\(text(counts.minorFaults)) minor, \(text(counts.majorFaults)) major; context switches \(text(counts.voluntarySwitches)) by waiting, "
            + "\(text(counts.involuntarySwitches)) by force"
    }

    private static func output(_ counts: ReportRow.Counts) -> String? {
        guard counts.logBytes.value != nil else { return nil }
        let dropped = counts.logDroppedBytes.value.map { $0 > 0 ? ", \(bytes($0)) dropped" : "" } ?? ""
        return counts.logBytes.text(bytes) + dropped
    }

    private static func advice(_ advice: ReportAdvice) -> String {
        let asked = "\(advice.field): \(advice.suggested ?? advice.asked)"
        return advice.suggested == nil ? "\(asked) (\(advice.reason))" : "\(asked) instead of \(advice.asked) (\(advice.reason))"
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
        let starting = total.startingFor > .zero ? ", starting \(total.startingFor)" : ""
        return "queued \(total.queuedFor)\(starting)\(spread(total.queued)), ran \(total.ranFor)\(spread(total.ran)), paused \(total.pausedFor)"
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
            .init("OUTCOMES", shrinksTo: 14), .init("WAITED", right: true), .init("P50/P90/P99", right: true), .init("RAN", right: true),
            .init("P50/P90/P99", right: true), .init("PAUSED", right: true, optional: true), .init("CPU USER", right: true),
            .init("CPU SYS", right: true), .init("CORE TIME", right: true), .init("EFF", right: true), .init("MEM EFF", right: true),
            .init("THROTTLED", right: true, optional: true), .init("MEMORY", right: true), .init("READ", right: true),
            .init("WRITTEN", right: true),
        ])
        for row in report.rows { table.add(cells(row)) }
        if report.rows.count > 1 { table.add(cells(report.total)) }
        return table.render(width: width, style: style)
    }

    /// The parent group's counters beside the jobs', and what is left.
    private func machine(_ machine: Reconciliation) -> String {
        let head =
            "Group \(Escaping.oneLine(machine.group)) since \(moments.full(machine.since)), beside its jobs"
            + (machine.running > 0 ? ", of which \(machine.running) run" : "")
        var table = Table([
            .init("COUNTER"), .init("GROUP", right: true), .init("JOBS", right: true), .init("RESIDUAL", right: true), .init("", right: true),
        ])
        for line in machine.lines {
            let format = Self.format(line.counter)
            let residual = line.residual.map { ($0 < 0 ? "-" : "") + format($0.magnitude) }
            let part = line.parent.flatMap { parent in line.residual.map { parent > 0 ? Self.share(Double($0) / Double(parent)) : "" } }
            table.add([Self.title(line.counter), line.parent.map(format) ?? "-", line.jobs.text(format), residual ?? "-", part ?? ""])
        }
        return head + "\n" + table.render(width: width, style: style)
    }

    private static func title(_ counter: AccountCounter) -> String {
        switch counter {
        case .cpuUser: "cpu user"
        case .cpuSystem: "cpu system"
        case .readBytes: "read"
        case .writtenBytes: "written"
        case .readOperations: "read operations"
        case .writeOperations: "write operations"
        case .minorFaults: "minor faults"
        case .majorFaults: "major faults"
        }
    }

    private static func format(_ counter: AccountCounter) -> (UInt64) -> String {
        switch counter {
        case .cpuUser, .cpuSystem: UsageText.cpu
        case .readBytes, .writtenBytes: bytes
        default: { "\($0)" }
        }
    }

    /// Such as `0.3%`.
    private static func share(_ ratio: Double) -> String {
        let tenths = Int((ratio * 1000).rounded())
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)%"
    }

    private func cells(_ row: ReportRow) -> [Table.Cell] {
        let hasFailed = row.outcomes.keys.contains { $0 != AttemptOutcome.Kind.succeeded.rawValue && $0 != AttemptOutcome.Kind.cancelled.rawValue }
        return [
            .init(Escaping.oneLine(row.label)), .init("\(row.jobs)"), .init("\(row.attempts)"), .init(row.outcomeText, hasFailed ? .red : nil),
            .init((row.queuedFor + row.startingFor).description), .init(Self.spread(row.queued)), .init(row.ranFor.description),
            .init(Self.spread(row.ran)), .init(row.pausedFor > .zero ? row.pausedFor.description : ""),
            .init(row.cpuUser.text(UsageText.cpu)), .init(row.cpuSystem.text(UsageText.cpu)), .init(Self.coreTime(row)),
            .init(Self.percent(row.cpuEfficiency)), .init(Self.percent(row.memoryEfficiency)),
            .init(row.throttled.value == 0 && !row.throttled.partial ? "" : row.throttled.text(UsageText.cpu)),
            .init(row.memoryPeak.text(Self.bytes)), .init(row.readBytes.text(Self.bytes)), .init(row.writtenBytes.text(Self.bytes)),
        ]
    }

    // MARK: Figures

    private static func spread(_ values: Percentiles?) -> String { values.map { "\($0.p50)/\($0.p90)/\($0.p99)" } ?? "-" }

    private static func bytes(_ count: UInt64) -> String { Bytes(count).description }
    private static func coreTime(_ row: ReportRow) -> String { TimeSpan(milliseconds: Int64(row.coreSeconds * 1000)).description }

    /// The start is counted but is no part of the run, so that a short one may seem to have used more than it was given.
    static func percent(_ ratio: Double?) -> String { ratio.map { "\(min(100, Int(($0 * 100).rounded())))%" } ?? "-" }
}
