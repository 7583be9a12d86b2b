public import JobModel

/// One job: what it is, where its tasks stand, its attempts, and their sum.
public struct JobReport: Hashable, Sendable, Codable {
    /// The version of this JSON form.
    public static let version = 1

    public var version = JobReport.version
    public var job: JobID
    public var name: String?
    public var owner: UserID
    public var ownerName: String
    public var batch: String?
    public var queue: String
    public var image: String?
    public var submittedAt: WallTime
    /// Nil while it lives.
    public var endedAt: WallTime?
    public var tasks: TaskCounts
    public var attempts: [AttemptReport]
    /// True when there are more attempts than are listed; the sum is over all.
    public var truncated: Bool
    public var total: ReportRow

    /// How many tasks stand where.
    public struct TaskCounts: Hashable, Sendable, Codable {
        public var pending: Int
        public var active: Int
        public var succeeded: Int
        public var unsuccessful: Int
        /// Of the unsuccessful ones.
        public var cancelled: Int
        public var dependencyFailed: Int

        public init(_ table: TaskTable) {
            pending = table.pending.count
            active = table.active.count
            succeeded = table.succeeded.count
            unsuccessful = table.unsuccessful.count
            cancelled = table.cancelled.count
            dependencyFailed = table.dependencyFailed.count
        }
    }

    /// Of a finished job.
    public init(_ job: LedgerJob, attempts: [LedgerAttempt], limit: Int = 1000) {
        self.init(record: job.record, tasks: job.tasks, endedAt: job.endedAt, attempts: attempts, limit: limit)
    }

    /// Of a job that may still live; `attempts` are those that ended.
    public init(record: JobRecord, tasks: TaskTable, endedAt: WallTime? = nil, attempts: [LedgerAttempt], limit: Int = 1000) {
        job = record.id
        name = record.spec.name
        owner = record.owner.user
        ownerName = record.owner.name
        batch = record.spec.batch
        queue = record.queue
        image = record.spec.image
        submittedAt = record.submittedAt
        self.endedAt = endedAt
        self.tasks = TaskCounts(tasks)
        self.attempts = attempts.prefix(limit).map(AttemptReport.init)
        truncated = attempts.count > limit
        var sum = ReportRow.Builder(label: "\(record.id)")
        sum.add(job: record.id)
        for attempt in attempts { sum.add(attempt) }
        total = sum.row
    }
}
