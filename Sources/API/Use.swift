public import JobModel

/// `GET /v1/use`: who is on the machine now and what they use; for `berth top`.
public struct UseReply: Hashable, Sendable, Codable {
    /// One attempt that has not ended. Of another user's job (contract §8) name, batch and use are absent.
    public struct Row: Hashable, Sendable, Codable {
        public var id: AttemptID
        public var owner: UserID
        public var ownerName: String
        public var queue: String
        public var state: AttemptState
        /// What it was given: cores and memory nodes, or the shared pool.
        public var placement: Placement
        /// Paused, and its cores went to others.
        public var coresReleased: Bool?
        /// Its limit.
        public var memory: Bytes
        public var startedAt: WallTime?
        /// Without the time frozen.
        public var ranFor: TimeSpan?
        public var timeLimit: TimeSpan
        public var name: String?
        public var batch: String?
        public var use: CurrentUse?

        public init(
            id: AttemptID, owner: UserID, ownerName: String, queue: String, state: AttemptState, placement: Placement, memory: Bytes,
            timeLimit: TimeSpan
        ) {
            self.id = id
            self.owner = owner
            self.ownerName = ownerName
            self.queue = queue
            self.state = state
            self.placement = placement
            self.memory = memory
            self.timeLimit = timeLimit
        }
    }

    public struct Queue: Hashable, Sendable, Codable {
        public var name: String
        public var counts: TaskCounts
        public init(name: String, counts: TaskCounts) {
            self.name = name
            self.counts = counts
        }
    }

    public var version = APIVersion.current
    public var now: WallTime
    public var node: String
    public var shape: MachineShape
    public var reservedCpus: CpuSet
    public var freeCpus: CpuSet
    public var sharedCpus: CpuSet
    /// Not promised to any job.
    public var freeMemory: Bytes
    public var counts: TaskCounts
    public var queues: [Queue]
    /// In the order of their ids, at most `APILimit.page`.
    public var attempts: [Row]
    /// How many more there are.
    public var attemptsOmitted: Int?

    public init(
        now: WallTime, node: String, shape: MachineShape, reservedCpus: CpuSet, freeCpus: CpuSet, sharedCpus: CpuSet, freeMemory: Bytes,
        counts: TaskCounts, queues: [Queue], attempts: [Row]
    ) {
        self.now = now
        self.node = node
        self.shape = shape
        self.reservedCpus = reservedCpus
        self.freeCpus = freeCpus
        self.sharedCpus = sharedCpus
        self.freeMemory = freeMemory
        self.counts = counts
        self.queues = queues
        self.attempts = attempts
    }
}
