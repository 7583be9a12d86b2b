public import JobModel

/// `GET /v1/events`: one JSON object a line (`application/x-ndjson`), an empty line as a ping.
///
/// Of other users' jobs only kind, ids, owner and time: contract §8.
public struct EventRequest: QueryRequest {
    /// Only those with a higher sequence; nil: from now on (with `follow`) or all that is kept.
    public var after: UInt64?
    public var follow: Bool
    public var jobs: [TaskSelector]?
    public var batch: String?
    public var user: String?
    public var kinds: [Event.Kind]?

    public init(after: UInt64? = nil, follow: Bool = true) {
        self.after = after
        self.follow = follow
    }

    public init(query: Query) throws(APIError) {
        after = try query.value("after", accepted: "a sequence number") { UInt64($0) }
        follow = query.flag("follow")
        jobs = try query.value("ids", accepted: TaskSelector.accepted) { [TaskSelector](list: $0) }
        batch = query["batch"]
        user = query["user"]
        kinds = try query.value("kind", accepted: Event.Kind.allCases.map(\.rawValue).joined(separator: ", ")) { text in
            let parts = text.split(separator: ",").map { Event.Kind(rawValue: String($0)) }
            return parts.contains(nil) ? nil : parts.compactMap { $0 }
        }
    }

    public var query: Query {
        var query = Query()
        query.add("after", after)
        query.add(flag: "follow", follow)
        query.add("ids", jobs?.listText)
        query.add("batch", batch)
        query.add("user", user)
        query.add("kind", kinds.map { $0.map(\.rawValue).joined(separator: ",") })
        return query
    }
}

/// One line of the stream.
public struct EventLine: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var event: Event?
    /// Events up to here are no longer kept, although they were asked for.
    public var lostUpTo: UInt64?
    public init(_ event: Event) { self.event = event }
    public init(lostUpTo: UInt64) { self.lostUpTo = lostUpTo }
}
