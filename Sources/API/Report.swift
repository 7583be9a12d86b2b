public import JobModel

/// `GET /v1/report`: attempts of one job, or sums by batch, user and so on.
public struct ReportRequest: QueryRequest {
    public enum Grouping: String, Hashable, Sendable, Codable, CaseIterable {
        case batch, user, image, day, node, outcome, queue, job
        public static let accepted = allCases.map(\.rawValue).joined(separator: ", ")
    }

    public var selection: Selection
    /// Nil: the single attempts of the selection.
    public var by: Grouping?
    /// Only attempts that ended in this span.
    public var since: WallTime?
    public var until: WallTime?
    /// Of attempts, or of rows; those beyond are in the sums all the same.
    public var limit: Int?
    /// Also what is drawn: use over time, waits by size, and the newest attempts beside sums.
    public var plots: Bool?
    /// Seconds east of UTC, for days; without it the daemon's own zone.
    public var secondsFromUTC: Int?

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
        plots = try query.value("plots", accepted: "true or false") { Bool($0) }
        secondsFromUTC = try query.value("secondsFromUTC", accepted: "seconds from -86400 to 86400") {
            Int($0).flatMap { abs($0) <= 86_400 ? $0 : nil }
        }
    }

    public var query: Query {
        var query = selection.query
        query.add("by", by?.rawValue)
        query.add("since", since?.milliseconds)
        query.add("until", until?.milliseconds)
        query.add("limit", limit)
        query.add("plots", plots)
        query.add("secondsFromUTC", secondsFromUTC)
        return query
    }
}
