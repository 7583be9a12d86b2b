import API

/// The answer to a `ReportRequest`.
public struct ReportReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    /// Sums, where the request groups.
    public var table: ReportTable?
    /// The job, where it is one alone that was asked for.
    public var job: JobReport?
    /// Where nothing groups: the newest attempts of the selection that the peer may see, by task and number.
    public var attempts: [AttemptReport]
    /// More were there than the limit; sums are over all of them.
    public var truncated: Bool?
    public var plots: ReportPlots?

    public init(table: ReportTable? = nil, job: JobReport? = nil, attempts: [AttemptReport] = []) {
        self.table = table
        self.job = job
        self.attempts = attempts
    }
}
