internal import JobModel

/// Figures as people read them.
enum ReportText {
    static func microseconds(_ value: UInt64) -> String { TimeSpan(milliseconds: Int64(clamping: value / 1000)).description }
    static func bytes(_ value: UInt64) -> String { Bytes(value).description }

    static func percent(_ ratio: Double?) -> String {
        guard let ratio else { return "-" }
        return "\(Int((ratio * 100).rounded()))%"
    }

    /// With one digit below ten.
    static func seconds(_ value: Double) -> String {
        guard value < 10 else { return "\(Int(value.rounded()))" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    static func median(_ percentiles: Percentiles?) -> String { percentiles.map { "\($0.p50)" } ?? "-" }
    static func tail(_ percentiles: Percentiles?) -> String { percentiles.map { "\($0.p99)" } ?? "-" }

    static func outcomes(_ outcomes: [String: Int]) -> String {
        let order = AttemptOutcome.Kind.allCases.map(\.rawValue)
        let known = order.filter { outcomes[$0] != nil }
        return (known + outcomes.keys.filter { !order.contains($0) }.sorted()).map { "\(outcomes[$0] ?? 0) \($0)" }.joined(separator: ", ")
    }
}
