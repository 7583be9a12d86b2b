public import JobModel

/// Takes attempts one by one, by task and number, and keeps the newest of them and the sum of all.
public struct ReportList: Sendable {
    private let limit: Int
    private var kept: [AttemptReport] = []
    private var sum: ReportRow.Builder
    private var count = 0

    /// - Parameter limit: the most attempts that are kept.
    public init(limit: Int, label: String = "total") {
        self.limit = limit
        sum = ReportRow.Builder(label: label)
    }

    public mutating func add(_ attempt: LedgerAttempt) {
        count += 1
        sum.add(attempt)
        kept.append(AttemptReport(attempt))
        // Seldom, so that each attempt costs the same however many there are.
        if kept.count > 2 * limit + 1 { kept.removeFirst(kept.count - limit) }
    }

    public var attempts: [AttemptReport] { Array(kept.suffix(limit)) }
    public var isTruncated: Bool { count > limit }
    public var total: ReportRow { sum.row }
}
