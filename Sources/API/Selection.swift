/// What a filter calls a task's state; coarser than `TaskState`.
public enum StateFilter: String, Hashable, Sendable, Codable, CaseIterable {
    /// Waits, held ones included.
    case pending
    /// Waits under a hold or a pause.
    case held
    /// Has an attempt that has not ended.
    case active
    case running, paused
    case finished, succeeded
    /// Finished in any other way than succeeded.
    case failed
    case cancelled

    public static let accepted = allCases.map(\.rawValue).joined(separator: ", ")
}

/// Which tasks a command means: the union of `ids` (all jobs when absent), narrowed by every other field.
///
/// An action on a selection without ids, batch, user, queue, state or name is refused as `invalid`; without `user` and without ids it
/// means the peer's own jobs.
public struct Selection: QueryRequest, Codable {
    public var ids: [TaskSelector]?
    /// The name of a batch of `user` (the peer without one).
    public var batch: String?
    /// A user's name or number; the daemon resolves it. `all`: everybody's; for operators, where it is not only looked at.
    public var user: String?
    public var queue: String?
    public var states: [StateFilter]?
    /// The job's name, exactly.
    public var name: String?

    public init() {}

    public init(_ ids: [TaskSelector]) { self.ids = ids }

    public var meansAllUsers: Bool { user == "all" }

    public var isEmpty: Bool {
        ids == nil && batch == nil && user == nil && queue == nil && states == nil && name == nil
    }

    /// Nothing narrows it: everybody's jobs.
    public var meansEverything: Bool {
        ids == nil && batch == nil && (user == nil || meansAllUsers) && queue == nil && states == nil && name == nil
    }

    public init(query: Query) throws(APIError) {
        ids = try query.value("ids", accepted: TaskSelector.accepted) { [TaskSelector](list: $0) }
        batch = query["batch"]
        user = query["user"]
        queue = query["queue"]
        name = query["name"]
        states = try query.value("state", accepted: StateFilter.accepted) { text in
            let parts = text.split(separator: ",").map { StateFilter(rawValue: String($0)) }
            return parts.contains(nil) || parts.isEmpty ? nil : parts.compactMap { $0 }
        }
    }

    public var query: Query {
        var query = Query()
        query.add("ids", ids?.listText)
        query.add("batch", batch)
        query.add("user", user)
        query.add("queue", queue)
        query.add("name", name)
        query.add("state", states.map { $0.map(\.rawValue).joined(separator: ",") })
        return query
    }
}
