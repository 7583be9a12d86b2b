public import JobModel

extension SQLiteStore {
    /// How a store behaves; the defaults are the daemon's.
    public struct Options: Sendable {
        /// The most commits that share one durable transaction.
        public var maximumGroup = 256
        /// How many commits `changes(after:)` can go back.
        public var keptChanges = 4096
        /// How many batches a reader of `changes(after:)` may fall behind.
        public var maximumLag = 16_384
        /// Blocks of the disk that the database owns before it needs them; at most a sixteenth of the file system.
        public var reserve = Bytes.zero
        /// The wall clock, for retention only.
        public var now: @Sendable () -> WallTime
        public init(now: @escaping @Sendable () -> WallTime = SQLiteStore.wallClock) { self.now = now }
    }
}

/// What may be removed from the ledger. A job is removed with all its attempts, and only when it has ended; nil: any.
public struct PurgeSelection: Hashable, Sendable {
    public var endedBefore: WallTime?
    /// The newest so many ended jobs (among the selected) stay.
    public var keepNewest: Int?
    public var jobs: Set<JobID>?
    public var owner: UserID?
    public var batch: String?
    /// Beside the selected ones: jobs of which only attempts are left (`pruneJobs`), and which the caller knows to have ended.
    public var forgotten: Set<JobID> = []
    public init() {}
}

/// What a purge removed.
public struct PurgeResult: Hashable, Sendable, Codable {
    public var jobs: Int
    public var attempts: Int
    /// By how many bytes the file became smaller.
    public var freedBytes: Int64
    public init(jobs: Int, attempts: Int, freedBytes: Int64) {
        self.jobs = jobs
        self.attempts = attempts
        self.freedBytes = freedBytes
    }
}
