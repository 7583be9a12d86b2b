public import JobModel

/// The body of `cancel`, `signal`, `requeue`, `pause`, `resume`, `hold` and `release`; fields that an action does not use are ignored.
///
/// The reply comes when the decision is durable; of `pause` when the frozen tasks are frozen, so that none runs after it.
public struct ActionRequest: Hashable, Sendable, Codable {
    public var selection: Selection
    /// Only count what would be meant.
    public var dryRun: Bool?
    /// Place or lift the operator's kind; for operators.
    public var asOperator: Bool?
    /// A line for people, kept with the hold.
    public var reason: String?
    /// Of `pause`: the cores stay with the frozen tasks.
    public var keepCores: Bool?
    /// Of `cancel`: instead of the job's own grace period; zero kills at once.
    public var grace: TimeSpan?
    /// Of `signal`: such as `USR1`.
    public var signal: String?
    /// Of `signal`: every process of the job, not only the first.
    public var toAll: Bool?
    /// Of `requeue`: held until released.
    public var hold: Bool?

    public init(_ selection: Selection) { self.selection = selection }
}

/// What an action did. Tasks for which there was nothing to do (already paused) count as done.
public struct ActionReply: Hashable, Sendable, Codable {
    /// One that could not be done, and why.
    public struct Refusal: Hashable, Sendable, Codable {
        public var selector: TaskSelector
        public var error: APIError
        public init(_ selector: TaskSelector, _ error: APIError) {
            self.selector = selector
            self.error = error
        }
    }

    public var version = APIVersion.current
    /// What was meant and done, arrays as one selector each.
    public var done: [TaskSelector]
    public var jobs: Int
    public var tasks: Int
    public var refused: [Refusal]

    public init(done: [TaskSelector], jobs: Int, tasks: Int, refused: [Refusal] = []) {
        self.done = done
        self.jobs = jobs
        self.tasks = tasks
        self.refused = refused
    }
}

/// `POST /v1/tasks/update`: new values for pending tasks; time limit, priority, array limit and name also while they run.
public struct UpdateRequest: Hashable, Sendable, Codable {
    public var selection: Selection
    public var changes: SpecChanges
    public init(_ selection: Selection, _ changes: SpecChanges) {
        self.selection = selection
        self.changes = changes
    }
}

/// Fields that change; nil ones stay.
public struct SpecChanges: Hashable, Sendable, Codable {
    /// Fields that can be taken back to none.
    public enum Clearable: String, Hashable, Sendable, Codable, CaseIterable { case begin, arrayLimit, dependencies, batch }

    public var name: String?
    public var priority: Int?
    public var timeLimit: TimeSpan?
    public var cores: Int?
    public var cpuMillis: Int?
    public var memory: Bytes?
    public var swap: Bytes?
    public var scratch: Bytes?
    public var arrayLimit: Int?
    public var begin: WallTime?
    public var queue: String?
    public var batch: String?
    public var retries: RetryPolicy?
    public var gracePeriod: TimeSpan?
    public var clear: [Clearable]?
    public init() {}

    public var isEmpty: Bool { self == SpecChanges() }
}
