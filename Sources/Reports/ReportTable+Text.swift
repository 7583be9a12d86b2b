internal import JobModel

extension ReportTable {
    /// A table for a terminal of `width` columns, with a last line for the sum.
    public func text(width: Int? = nil) -> String {
        let first = TextTable.Column(grouping.rawValue.uppercased(), isFlexible: grouping != .job)
        let figures = [
            "JOBS", "ATTEMPTS", "CORE-S", "CPU", "EFF", "MEM PEAK", "READ", "WRITTEN", "WAIT p50", "WAIT p99", "RUN p50", "RUN p99",
        ]
        var table = TextTable(columns: [first] + figures.map { .init($0, .right) } + [.init("OUTCOMES", isFlexible: true)])
        table.rows = (rows + [total]).map(\.cells)
        return table.text(width: width)
    }

    /// RFC 4180, with a header; times in seconds, sizes in bytes, empty where nothing was counted.
    public var csv: String {
        let titles = [
            "label", "user", "batch", "jobs", "attempts", "core_seconds", "cpu_seconds", "cpu_partial", "memory_peak_bytes", "read_bytes",
            "written_bytes", "io_partial", "wait_p50_seconds", "wait_p99_seconds", "run_p50_seconds", "run_p99_seconds", "paused_seconds",
            "outcomes",
        ]
        return ([titles] + rows.map(\.csvFields)).map { $0.map(Self.quoted).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func quoted(_ field: String) -> String {
        guard field.contains(where: { "\",\r\n".contains($0) }) else { return field }
        return "\"" + field.replacing("\"", with: "\"\"") + "\""
    }
}

extension ReportRow {
    fileprivate var cells: [String] {
        [
            label, "\(jobs)", "\(attempts)", ReportText.seconds(coreSeconds), cpu.text(ReportText.microseconds),
            ReportText.percent(cpuEfficiency),
            memoryPeak.text(ReportText.bytes), readBytes.text(ReportText.bytes), writtenBytes.text(ReportText.bytes),
            ReportText.median(queued),
            ReportText.tail(queued), ReportText.median(ran), ReportText.tail(ran), ReportText.outcomes(outcomes),
        ]
    }

    fileprivate var csvFields: [String] {
        func number(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "" }
        return [
            label, number(user), batch ?? "", "\(jobs)", "\(attempts)", "\(coreSeconds)", number(cpu.value.map { Double($0) / 1_000_000 }),
            "\(cpu.partial)", number(memoryPeak.value), number(readBytes.value), number(writtenBytes.value),
            "\(readBytes.partial || writtenBytes.partial)", number(queued?.p50.inSeconds), number(queued?.p99.inSeconds),
            number(ran?.p50.inSeconds), number(ran?.p99.inSeconds), "\(pausedFor.inSeconds)", ReportText.outcomes(outcomes),
        ]
    }
}
