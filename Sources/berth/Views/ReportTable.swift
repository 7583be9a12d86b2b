import API
import JobModel

/// `berth report`.
struct ReportTable {
    var reply: ReportReply
    var style: Style
    var width: Int?

    func render() -> String { reply.by == nil ? attempts() : rows() }

    private func attempts() -> String {
        var table = Table([
            .init("ATTEMPT"), .init("NAME", shrinksTo: 8, optional: true), .init("USER", shrinksTo: 6), .init("OUTCOME", shrinksTo: 12),
            .init("CPUS", shrinksTo: 5), .init("QUEUED", right: true), .init("RAN", right: true), .init("PAUSED", right: true, optional: true),
            .init("CPU", right: true), .init("EFF", right: true), .init("THROTTLED", right: true, optional: true), .init("MEMORY", right: true),
            .init("READ", right: true, optional: true), .init("WRITTEN", right: true, optional: true),
        ])
        for attempt in reply.attempts { table.add(row(attempt)) }
        return table.render(width: width, style: style)
    }

    private func row(_ attempt: LedgerAttempt) -> [Table.Cell] {
        let usage = attempt.usage
        let state = TaskState(.attempt(attempt.outcome))
        return [
            .init(attempt.id.description), .init(Escaping.oneLine(attempt.name ?? "")), .init(Escaping.oneLine(attempt.ownerName)),
            .init(Escaping.oneLine(attempt.outcome.description), StateText.colour(state)),
            .init(attempt.placement.shared ? "shared" : attempt.placement.cpus.description), .init(attempt.queuedFor.description),
            .init(attempt.ranFor.description), .init(attempt.pausedFor > .zero ? attempt.pausedFor.description : ""),
            .init(Self.cpu(usage.cpuMicroseconds)), .init(Self.efficiency(attempt)),
            .init(usage.throttledMicroseconds.map { $0 > 0 ? UsageText.cpu($0) : "" } ?? ""), .init(Self.bytes(usage.memoryPeak)),
            .init(Self.bytes(usage.readBytes.map { Bytes($0) })), .init(Self.bytes(usage.writtenBytes.map { Bytes($0) })),
        ]
    }

    private func rows() -> String {
        var table = Table([
            .init(reply.by?.rawValue.uppercased() ?? "", shrinksTo: 10), .init("USER", shrinksTo: 6, optional: true), .init("JOBS", right: true),
            .init("RUNS", right: true), .init("OK", right: true), .init("FAILED", right: true), .init("CANCELLED", right: true),
            .init("QUEUED", right: true), .init("RAN", right: true), .init("PAUSED", right: true), .init("CPU", right: true),
            .init("CORE TIME", right: true), .init("EFF", right: true), .init("MEMORY", right: true), .init("READ", right: true, optional: true),
            .init("WRITTEN", right: true, optional: true),
        ])
        for row in reply.rows {
            let core = row.coreMilliseconds
            table.add([
                .init(row.key.isEmpty ? "-" : Escaping.oneLine(row.key)),
                .init(reply.by == .user ? "" : Escaping.oneLine(row.ownerName ?? "")), .init("\(row.jobs)"),
                .init("\(row.attempts)"), .init("\(row.succeeded)"), .init("\(row.failed)", row.failed > 0 ? .red : nil), .init("\(row.cancelled)"),
                .init(row.queuedFor.description), .init(row.ranFor.description), .init(row.pausedFor.description),
                .init(Self.cpu(row.cpuMicroseconds)),
                .init(TimeSpan(milliseconds: Int64(clamping: core)).description), .init(Self.percent(row.cpuMicroseconds, of: core)),
                .init(Self.bytes(row.memoryPeak)), .init(Self.bytes(row.readBytes.map { Bytes($0) })),
                .init(Self.bytes(row.writtenBytes.map { Bytes($0) })),
            ])
        }
        return table.render(width: width, style: style)
    }

    /// CPU time over the time of the cores that were given.
    static func efficiency(_ attempt: LedgerAttempt) -> String {
        let millis = attempt.demand.cpuMillis > 0 ? attempt.demand.cpuMillis : attempt.demand.cores * 1000
        let given = UInt64(clamping: attempt.ranFor.milliseconds).multipliedReportingOverflow(by: UInt64(clamping: millis))
        return given.overflow ? "-" : percent(attempt.usage.cpuMicroseconds, of: given.partialValue / 1000)
    }

    /// `-` where the kernel could not count; never a zero in its place.
    static func percent(_ microseconds: UInt64?, of coreMilliseconds: UInt64) -> String {
        guard let microseconds, coreMilliseconds > 0 else { return "-" }
        return "\(Int((Double(microseconds) / Double(coreMilliseconds) / 10).rounded()))%"
    }

    static func cpu(_ microseconds: UInt64?) -> String { microseconds.map(UsageText.cpu) ?? "-" }
    static func bytes(_ bytes: Bytes?) -> String { bytes.map(\.description) ?? "-" }
}
