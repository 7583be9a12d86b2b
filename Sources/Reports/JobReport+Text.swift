internal import JobModel

extension JobReport {
    /// A block of lines about the job, then a table of its attempts.
    public func text(width: Int? = nil) -> String {
        let lines = facts.map { name, value in
            name + String(repeating: " ", count: max(12 - name.count, 1)) + PlainText.escaped(value) + "\n"
        }
        guard !attempts.isEmpty else { return lines.joined() }
        let table = AttemptReport.table(attempts)
        let more = truncated ? "… \(total.attempts - attempts.count) more attempts\n" : ""
        return lines.joined() + "\n" + table.text(width: width) + more
    }

    private var facts: [(String, String)] {
        var facts = [("job", name.map { "\(job) (\($0))" } ?? "\(job)"), ("user", ownerName)]
        if let batch { facts.append(("batch", batch)) }
        facts.append(("queue", queue))
        if let image { facts.append(("image", image)) }
        facts.append(("tasks", tasks.text))
        guard total.attempts > 0 else { return facts }
        facts.append(("attempts", "\(total.attempts): \(ReportText.outcomes(total.outcomes))"))
        facts.append(("core time", ReportText.seconds(total.coreSeconds) + " core-seconds"))
        facts.append(("cpu", total.cpu.text(ReportText.microseconds) + ", efficiency " + ReportText.percent(total.cpuEfficiency)))
        facts.append(("memory", "peak " + total.memoryPeak.text(ReportText.bytes)))
        facts.append(
            ("io", "read " + total.readBytes.text(ReportText.bytes) + ", written " + total.writtenBytes.text(ReportText.bytes)))
        facts.append(("throttled", total.throttled.text(ReportText.microseconds)))
        facts.append(("paused", "\(total.pausedFor)"))
        return facts
    }
}

extension JobReport.TaskCounts {
    fileprivate var text: String {
        let counts = [(pending, "pending"), (active, "active"), (succeeded, "succeeded"), (unsuccessful, "unsuccessful")]
        let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        let details = [(cancelled, "cancelled"), (dependencyFailed, "dependencyFailed")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return parts.joined(separator: ", ") + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
    }
}

extension AttemptReport {
    /// A table of attempts, such as those of a report without a job.
    public static func table(_ attempts: [AttemptReport]) -> TextTable { TextTable(columns: columns, rows: attempts.map(\.cells)) }

    private static var columns: [TextTable.Column] {
        let figures = ["QUEUED", "RAN", "PAUSED", "CPU", "EFF", "MEM PEAK", "OF", "READ", "WRITTEN", "THROTTLED"]
        return [.init("ATTEMPT"), .init("OUTCOME", isFlexible: true), .init("NODE", isFlexible: true), .init("CPUS", isFlexible: true)]
            + figures.map { .init($0, .right) }
    }

    fileprivate var cells: [String] {
        let written = ReportSum(value: usage.writtenBytes, partial: usage.ioPartial == true)
        return [
            "\(id)", "\(outcome)", node, shared ? "shared \(cpus)" : "\(cpus)", "\(queuedFor)", "\(ranFor)", "\(pausedFor)",
            ReportSum(value: usage.cpuMicroseconds).text(ReportText.microseconds), ReportText.percent(cpuEfficiency),
            ReportSum(value: usage.memoryPeak?.count).text(ReportText.bytes), ReportText.percent(memoryEfficiency),
            ReportSum(value: usage.readBytes).text(ReportText.bytes), written.text(ReportText.bytes),
            ReportSum(value: usage.throttledMicroseconds).text(ReportText.microseconds),
        ]
    }
}
