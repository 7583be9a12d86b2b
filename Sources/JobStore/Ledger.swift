public import JobModel

/// Which ended attempts and jobs are wanted; nil: any.
public struct LedgerFilter: Hashable, Sendable {
    public var owner: UserID?
    public var batch: String?
    public var queue: String?
    public var jobs: Set<JobID>?
    /// Jobs with a number of this range.
    public var numbers: ClosedRange<UInt64>?
    /// Of attempts.
    public var outcomes: Set<AttemptOutcome.Kind>?
    /// Ended at or after.
    public var since: WallTime?
    /// Ended before.
    public var until: WallTime?
    /// Of jobs with this name; asked only where it is said.
    public var name: String?
    public init() {}

    public func matches(_ attempt: LedgerAttempt) -> Bool {
        (owner.map { $0 == attempt.owner } ?? true) && (batch.map { $0 == attempt.batch } ?? true)
            && (queue.map { $0 == attempt.queue } ?? true)
            && matches(attempt.id.task.job) && (outcomes?.contains(attempt.outcome.kind) ?? true)
            && matches(endedAt: attempt.endedAt)
    }

    /// `outcomes` is not asked: a job has as many as it has tasks.
    public func matches(_ job: LedgerJob) -> Bool {
        (owner.map { $0 == job.record.owner.user } ?? true) && (batch.map { $0 == job.record.spec.batch } ?? true)
            && (queue.map { $0 == job.record.queue } ?? true) && matches(job.record.id) && matches(endedAt: job.endedAt)
    }

    private func matches(_ id: JobID) -> Bool { (jobs?.contains(id) ?? true) && (numbers?.contains(id.value) ?? true) }

    private func matches(endedAt: WallTime) -> Bool { (since.map { $0 <= endedAt } ?? true) && (until.map { endedAt < $0 } ?? true) }
}

/// Events in the order of their sequence.
public struct EventPage: Hashable, Sendable {
    public var events: [Event]
    /// The lowest sequence still kept, 0 when there is none: a reader that wanted earlier ones has lost some.
    public var oldest: UInt64
    /// The highest sequence given out so far.
    public var newest: UInt64
    public init(events: [Event], oldest: UInt64, newest: UInt64) {
        self.events = events
        self.oldest = oldest
        self.newest = newest
    }
}

/// What has ended, and what has happened.
public protocol JobLedger: Sendable {
    func ledgerJob(_ id: JobID) async throws(StoreError) -> LedgerJob?

    /// Newest first, at most `limit`, with a number below `before`.
    func ledgerJobs(matching filter: LedgerFilter, before: JobID?, limit: Int) async throws(StoreError) -> [LedgerJob]

    /// The ended attempts of a job, finished or not, by task and number; at most `limit` after `after`.
    func ledgerAttempts(of job: JobID, after: AttemptID?, limit: Int) async throws(StoreError) -> [LedgerAttempt]

    /// Of all ended attempts of a job those that ended last, at most `limit`, by task and number, and how many there are.
    func newestLedgerAttempts(of job: JobID, limit: Int) async throws(StoreError) -> (attempts: [LedgerAttempt], count: Int)

    /// Folds all matching attempts, by task and number, at one point in time.
    func foldAttempts<Result: Sendable>(
        matching filter: LedgerFilter, into initial: Result, _ body: @escaping @Sendable (inout Result, LedgerAttempt) -> Void
    ) async throws(StoreError) -> Result

    /// The newest matching attempts that are meant, at most `limit`, by task and number.
    func newestAttempts(
        matching filter: LedgerFilter, limit: Int, where isMeant: @escaping @Sendable (LedgerAttempt) -> Bool
    ) async throws(StoreError) -> [LedgerAttempt]

    /// Folds what reports need of all matching attempts, the name included, at one point in time: from the newest job down, all of a job together.
    func foldFacts<Result: Sendable>(
        matching filter: LedgerFilter, into initial: Result, _ body: @escaping @Sendable (inout Result, AttemptFacts) -> Void
    ) async throws(StoreError) -> Result

    /// The matching finished jobs that are not among the known ones, by number.
    func ledgerJobs(matching filter: LedgerFilter, unless isKnown: @escaping @Sendable (JobID) -> Bool) async throws(StoreError) -> [LedgerJob]

    /// Folds all matching finished jobs, by number.
    func foldJobs<Result: Sendable>(
        matching filter: LedgerFilter, into initial: Result, _ body: @escaping @Sendable (inout Result, LedgerJob) -> Void
    ) async throws(StoreError) -> Result

    /// At most `limit` events with a higher sequence than `after`.
    func events(after sequence: UInt64, limit: Int) async throws(StoreError) -> EventPage
}

/// The node's own state: small values by table and key, written by the same transactions.
public protocol NodeStateStore: Sendable {
    func nodeEntries(_ table: NodeTable) async throws(StoreError) -> [String: [UInt8]]
    func nodeEntry(_ table: NodeTable, key: String) async throws(StoreError) -> [UInt8]?
}

/// All durable state of one machine, in SQLite or, for tests, in memory.
public typealias MachineStore = JobStore & JobLedger & NodeStateStore
