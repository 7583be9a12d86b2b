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
    public var tasks: Tasks
    public var total: ReportRow

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
    public init(record: JobRecord, tasks: TaskTable, endedAt: WallTime? = nil, total: ReportRow) {
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
        self.total = total
    }
}
