public import JobModel

/// `GET /v1/report`: attempts of one job, or sums by batch, user, queue or job.
public struct ReportRequest: QueryRequest {
    public enum Grouping: String, Hashable, Sendable, Codable, CaseIterable {
        case batch, user, queue, job
        public static let accepted = allCases.map(\.rawValue).joined(separator: ", ")
    }

    public var selection: Selection
    /// Nil: the single attempts of the selection.
    public var by: Grouping?
    /// Only attempts that ended in this span.
    public var since: WallTime?
    public var until: WallTime?
    public var limit: Int?

    public init(_ selection: Selection = Selection(), by: Grouping? = nil, since: WallTime? = nil, until: WallTime? = nil, limit: Int? = nil) {
        self.selection = selection
        self.by = by
        self.since = since
        self.until = until
        self.limit = limit
    }

    public init(query: Query) throws(APIError) {
        func time(_ name: String) throws(APIError) -> WallTime? {
            try query.value(name, accepted: "milliseconds since 1970") { Int64($0).map { WallTime(milliseconds: $0) } }
        }
        selection = try Selection(query: query)
        by = try query.value("by", accepted: Grouping.accepted) { Grouping(rawValue: $0) }
        since = try time("since")
        until = try time("until")
        limit = try query.value("limit", accepted: "a number from 1") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
    }

    public var query: Query {
        var query = selection.query
        query.add("by", by?.rawValue)
        query.add("since", since?.milliseconds)
        query.add("until", until?.milliseconds)
        query.add("limit", limit)
        return query
    }
}

public struct ReportReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var by: ReportRequest.Grouping?
    public var rows: [ReportRow]
    /// When nothing groups; those the peer may see.
    public var attempts: [LedgerAttempt]
    /// More were there than the limit.
    public var truncated: Bool?

    public init(by: ReportRequest.Grouping? = nil, rows: [ReportRow] = [], attempts: [LedgerAttempt] = []) {
        self.by = by
        self.rows = rows
        self.attempts = attempts
    }
}

/// Sums over ended attempts. Nil: not counted by the kernel here; never a zero in its place.
public struct ReportRow: Hashable, Sendable, Codable {
    /// The batch's, user's, queue's name or the job's id; empty for jobs without a batch.
    public var key: String
    public var ownerName: String?
    public var jobs = 0
    public var attempts = 0
    public var succeeded = 0
    public var failed = 0
    public var cancelled = 0
    public var queuedFor: TimeSpan = .zero
    public var ranFor: TimeSpan = .zero
    public var pausedFor: TimeSpan = .zero
    /// Cores given × time they were given, in core-milliseconds.
    public var coreMilliseconds: UInt64 = 0
    public var cpuMicroseconds: UInt64?
    public var throttledMicroseconds: UInt64?
    /// The largest of any attempt.
    public var memoryPeak: Bytes?
    public var readBytes: UInt64?
    public var writtenBytes: UInt64?

    public init(key: String) { self.key = key }
}
