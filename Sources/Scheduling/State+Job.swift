public import JobModel

extension State {
    /// What the scheduler has to know of a job; one value however many tasks it has.
    public struct Job: Hashable, Sendable, Codable {
        public var id: JobID
        public var user: UserID
        public var batch: BatchID?
        public var queue: String
        /// The job's own priority; the queue's is added.
        public var priority: Int
        /// The order of submission.
        public var sequence: UInt64
        public var demand: ResourceDemand
        public var timeLimit: TimeSpan
        /// Not before this moment.
        public var begin: WallTime?
        /// How many of its tasks may be active at once; nil: no limit.
        public var arrayLimit: Int?
        public var isArray: Bool
        /// All tasks that the job ever had, for dependencies.
        public var indices: IntervalSet
        public var dependencies: [Dependency]

        public init(
            id: JobID, user: UserID, batch: BatchID? = nil, queue: String = "default", priority: Int = 0, sequence: UInt64,
            demand: ResourceDemand, timeLimit: TimeSpan, begin: WallTime? = nil, arrayLimit: Int? = nil, isArray: Bool = false,
            indices: IntervalSet = IntervalSet([0]), dependencies: [Dependency] = []
        ) {
            self.id = id
            self.user = user
            self.batch = batch
            self.queue = queue
            self.priority = priority
            self.sequence = sequence
            self.demand = demand
            self.timeLimit = timeLimit
            self.begin = begin
            self.arrayLimit = arrayLimit
            self.isArray = isArray
            self.indices = indices
            self.dependencies = dependencies
        }

        /// Takes what counts from a stored job.
        public init(_ record: JobRecord) {
            self.init(
                id: record.id, user: record.owner.user, batch: record.batch, queue: record.queue, priority: record.priority,
                sequence: record.sequence, demand: record.demand, timeLimit: record.timeLimit, begin: record.spec.begin,
                arrayLimit: record.spec.array?.limit, isArray: record.isArray, indices: record.indices,
                dependencies: record.spec.dependencies ?? [])
        }

        /// The task of this job at an index of its interval sets.
        public func task(_ slot: TaskIndex) -> TaskID { TaskID(id, isArray ? slot : nil) }
    }
}
