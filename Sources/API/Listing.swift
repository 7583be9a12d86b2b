public import JobModel

/// `GET /v1/jobs`: newest last, a page at a time. Without `states` in the selection: what is pending or active.
public struct ListRequest: QueryRequest {
    public var selection: Selection
    /// Finished jobs too, from the ledger.
    public var all: Bool
    /// Each task of an array by itself instead of collapsed.
    public var expand: Bool
    /// At most so many jobs; `APILimit.page` at most. Expanded, a page is at its end too once it has so many tasks.
    public var limit: Int?
    /// Only jobs after this one: `next` of the reply before.
    public var after: JobID?

    public init(_ selection: Selection = Selection(), all: Bool = false, expand: Bool = false, limit: Int? = nil, after: JobID? = nil) {
        self.selection = selection
        self.all = all
        self.expand = expand
        self.limit = limit
        self.after = after
    }

    public init(query: Query) throws(APIError) {
        selection = try Selection(query: query)
        all = query.flag("all")
        expand = query.flag("expand")
        limit = try query.value("limit", accepted: "a number from 1 to \(APILimit.page)") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
        after = try query.value("after", accepted: "a job id") { JobID($0) }
    }

    public var query: Query {
        var query = selection.query
        query.add(flag: "all", all)
        query.add(flag: "expand", expand)
        query.add("limit", limit)
        query.add("after", after)
        return query
    }
}

public struct ListReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    /// The daemon's wall clock, against which the times below are meant.
    public var now: WallTime
    public var jobs: [JobSummary]
    /// Ask again with `after` of this; nil: that was all.
    public var next: JobID?

    public init(now: WallTime, jobs: [JobSummary], next: JobID? = nil) {
        self.now = now
        self.jobs = jobs
        self.next = next
    }
}

/// A task's state in one word, held and attempt states included.
public enum TaskState: String, Hashable, Sendable, Codable, CaseIterable {
    case pending
    /// Pending under a hold or a pause.
    case held
    case assigned, starting, running, pausing, paused, resuming, suspending, suspended, migrating, stopping, unreachable
    case succeeded, failed, cancelled, dependencyFailed

    /// The state of a task whose attempt is observed so; `finished` only while the commit that ends the task is under way.
    public init(_ state: AttemptState) { self = TaskState(rawValue: state.rawValue) ?? .stopping }

    public init(_ outcome: TaskOutcome) {
        switch outcome {
        case .attempt(.succeeded): self = .succeeded
        case .attempt(.cancelled), .cancelled: self = .cancelled
        case .dependencyFailed: self = .dependencyFailed
        default: self = .failed
        }
    }

    public var isFinished: Bool {
        switch self {
        case .succeeded, .failed, .cancelled, .dependencyFailed: true
        default: false
        }
    }
}

/// One job of a list. Of another user's job (`redacted`) only id, owner, queue, states, demand and times: contract §8.
public struct JobSummary: Hashable, Sendable, Codable {
    public var id: JobID
    public var owner: UserID
    public var ownerName: String
    public var redacted: Bool
    public var name: String?
    public var batch: String?
    public var image: String?
    /// The first words of the command, for a column; not escaped.
    public var command: [String]?
    public var tags: [String]?
    public var queue: String
    public var priority: Int
    public var demand: ResourceDemand
    public var timeLimit: TimeSpan
    public var submittedAt: WallTime
    public var isArray: Bool
    public var arrayLimit: Int?
    public var counts: TaskCounts
    /// Those the filter asked for: of an array the pending ones with the same reasons together, each active one by itself,
    /// finished ones together by outcome. One for a plain job.
    public var groups: [TaskGroup]

    public init(
        id: JobID, owner: UserID, ownerName: String, redacted: Bool, queue: String, priority: Int, demand: ResourceDemand,
        timeLimit: TimeSpan, submittedAt: WallTime, isArray: Bool, counts: TaskCounts, groups: [TaskGroup]
    ) {
        self.id = id
        self.owner = owner
        self.ownerName = ownerName
        self.redacted = redacted
        self.queue = queue
        self.priority = priority
        self.demand = demand
        self.timeLimit = timeLimit
        self.submittedAt = submittedAt
        self.isArray = isArray
        self.counts = counts
        self.groups = groups
    }
}

/// How many tasks stand where; held ones are counted as pending too.
public struct TaskCounts: Hashable, Sendable, Codable {
    public var pending = 0
    public var held = 0
    /// Active and not paused.
    public var running = 0
    public var paused = 0
    public var succeeded = 0
    public var failed = 0
    public var cancelled = 0
    public init() {}

    public var total: Int { pending + running + paused + succeeded + failed + cancelled }
    public var finished: Int { succeeded + failed + cancelled }
    public static func + (a: TaskCounts, b: TaskCounts) -> TaskCounts {
        var sum = a
        sum.pending += b.pending
        sum.held += b.held
        sum.running += b.running
        sum.paused += b.paused
        sum.succeeded += b.succeeded
        sum.failed += b.failed
        sum.cancelled += b.cancelled
        return sum
    }
}

/// Tasks of one job that stand alike.
public struct TaskGroup: Hashable, Sendable, Codable {
    public var state: TaskState
    /// Of an array; nil for a plain job.
    public var indices: IntervalSet?
    public var count: Int
    /// Of pending ones: every reason why they wait.
    public var reasons: [PendingReason]?
    /// Of pending ones, if the scheduler can tell.
    public var estimatedStart: WallTime?
    /// Of an active task.
    public var attempt: AttemptView?
    /// Of finished ones.
    public var outcome: OutcomeView?

    public init(state: TaskState, indices: IntervalSet? = nil, count: Int = 1) {
        self.state = state
        self.indices = indices
        self.count = count
    }
}
