/// The number of a job: what one submit makes. Never reused.
public struct JobID: Hashable, Comparable, Sendable {
    public let value: UInt64
    public init(_ value: UInt64) { self.value = value }
    public static func < (a: JobID, b: JobID) -> Bool { a.value < b.value }
}

/// The index of a task within an array job.
public typealias TaskIndex = UInt32

/// One task: a plain job (`12`) or one index of an array (`12.3`).
public struct TaskID: Hashable, Comparable, Sendable {
    public let job: JobID
    /// Nil for a job that is not an array.
    public let index: TaskIndex?

    public init(_ job: JobID, _ index: TaskIndex? = nil) {
        self.job = job
        self.index = index
    }

    /// The index used in interval sets, where a plain job's one task is 0.
    public var slot: TaskIndex { index ?? 0 }

    public static func < (a: TaskID, b: TaskID) -> Bool { (a.job, a.slot) < (b.job, b.slot) }
}

/// One run of a task: `12.3#2`. Numbers start at 1.
public struct AttemptID: Hashable, Comparable, Sendable {
    public let task: TaskID
    public let number: UInt32

    public init(_ task: TaskID, _ number: UInt32) {
        self.task = task
        self.number = number
    }

    public static func < (a: AttemptID, b: AttemptID) -> Bool {
        (a.task.job, a.task.slot, a.number) < (b.task.job, b.task.slot, b.number)
    }
}

/// A user of the machine, by number.
public struct UserID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let value: UInt32
    public init(_ value: UInt32) { self.value = value }
    public static let root = UserID(0)
    public static func < (a: UserID, b: UserID) -> Bool { a.value < b.value }
    public var description: String { String(value) }
}

/// A group of the machine, by number.
public struct GroupID: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let value: UInt32
    public init(_ value: UInt32) { self.value = value }
    public static func < (a: GroupID, b: GroupID) -> Bool { a.value < b.value }
    public var description: String { String(value) }
}

/// A batch belongs to its owner: two users may each have a batch of one name.
public struct BatchID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let owner: UserID
    public let name: String

    public init(owner: UserID, name: String) {
        self.owner = owner
        self.name = name
    }

    public static func < (a: BatchID, b: BatchID) -> Bool { (a.owner, a.name) < (b.owner, b.name) }
    public var description: String { "\(owner)/\(name)" }
}

/// The random key by which a client recognises its own submit after a lost reply.
public struct RequestKey: Hashable, Sendable, CustomStringConvertible {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { value }
}
