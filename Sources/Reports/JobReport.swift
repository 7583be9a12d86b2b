public import JobModel

/// One job: what it is, where its tasks stand, and the sum of its ended attempts.
public struct JobReport: Hashable, Sendable, Codable {
    public var job: JobID
    public var name: String?
    public var user: UserID
    public var userName: String
    public var batch: String?
    public var queue: String
    public var image: String?
    public var submittedAt: WallTime
    /// Nil while it lives.
    public var endedAt: WallTime?
    /// Nil once only its runs are kept.
    public var tasks: Tasks?
    public var total: ReportRow
    /// What it asks for, and what to ask for next time.
    public var asked: ResourceDemand
    public var timeLimit: TimeSpan
    public var advice: [ReportAdvice]

    /// How many tasks stand where.
    public struct Tasks: Hashable, Sendable, Codable {
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

    /// Of a job that lives, or has ended; `total` is the sum of its ended attempts.
    public init(record: JobRecord, tasks: TaskTable, endedAt: WallTime? = nil, total: ReportTotal) {
        job = record.id
        name = record.spec.name
        user = record.owner.user
        userName = record.owner.name
        batch = record.spec.batch
        queue = record.queue
        image = record.spec.image
        submittedAt = record.submittedAt
        self.endedAt = endedAt
        self.tasks = Tasks(tasks)
        asked = record.demand
        timeLimit = record.timeLimit
        self.total = total.row
        advice = total.advice(asked, timeLimit: timeLimit)
    }

    /// Of a job of which only the runs are kept, by its last one.
    public init(_ last: AttemptReport, total: ReportTotal) {
        job = last.id.task.job
        name = last.name
        user = last.user
        userName = last.userName
        batch = last.batch
        queue = last.queue
        image = last.image
        submittedAt = last.submittedAt
        endedAt = last.endedAt
        asked = last.asked
        timeLimit = last.timeLimit
        self.total = total.row
        advice = total.advice(asked, timeLimit: timeLimit)
    }
}
