public import JobModel

/// The name of a number that only grows, such as the next job's; never given out twice, even after a purge.
public struct CounterName: Hashable, Comparable, Sendable, RawRepresentable, CustomStringConvertible {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    /// The last job number given out.
    public static let jobs = CounterName(rawValue: "jobs")
    public static func < (a: CounterName, b: CounterName) -> Bool { a.rawValue < b.rawValue }
    public var description: String { rawValue }
}

/// What a value in the store is of.
public enum StoreKey: Hashable, Sendable {
    /// A job as submitted.
    case job(JobID)
    /// Where its tasks stand.
    case tasks(JobID)
    /// A run as decided: the controller's.
    case attempt(AttemptID)
    /// A run as seen: the agent's.
    case observation(AttemptID)
    case batch(BatchID)
    case counter(CounterName)
}

extension StoreKey: CustomStringConvertible {
    /// Such as `tasks/12` or `attempt/12.3#2`.
    public var description: String {
        switch self {
        case .job(let id): "job/\(id)"
        case .tasks(let id): "tasks/\(id)"
        case .attempt(let id): "attempt/\(id)"
        case .observation(let id): "observation/\(id)"
        case .batch(let id): "batch/\(id)"
        case .counter(let name): "counter/\(name)"
        }
    }
}

/// A key with its value.
public enum StoreEntry: Hashable, Sendable {
    case job(JobRecord)
    case tasks(JobID, TaskTable)
    case attempt(AttemptRecord)
    case observation(AttemptObservation)
    case batch(BatchRecord)
    /// A number that is lower than the one there leaves it as it is.
    case counter(CounterName, UInt64)

    public var key: StoreKey {
        switch self {
        case .job(let record): .job(record.id)
        case .tasks(let id, _): .tasks(id)
        case .attempt(let record): .attempt(record.id)
        case .observation(let observation): .observation(observation.id)
        case .batch(let record): .batch(record.id)
        case .counter(let name, _): .counter(name)
        }
    }
}

/// One key written or removed.
public enum StoreChange: Hashable, Sendable {
    case put(StoreEntry)
    case remove(StoreKey)

    public var key: StoreKey {
        switch self {
        case .put(let entry): entry.key
        case .remove(let key): key
        }
    }
}
