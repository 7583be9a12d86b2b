public import JobModel

/// The counters of Berth's parent group beside the sum over its jobs, over the same span.
public struct Reconciliation: Hashable, Sendable, Codable {
    /// Name of the parent group.
    public var group: String
    /// From when on both are counted: since the group was made, at the latest since the boot.
    public var since: WallTime
    /// Attempts that run now; what they have used so far is part of the sum.
    public var running: Int
    public var lines: [Line]

    /// One counter.
    public struct Line: Hashable, Sendable, Codable {
        public var counter: AccountCounter
        /// Of the parent group; nil: this kernel does not count it for a parent.
        public var parent: UInt64?
        /// Of the jobs, ended and running.
        public var jobs: ReportSum
        /// Parent less jobs: what PID 1s cost that no job has had yet, and what a group did after it was read.
        public var residual: Int64?

        public init(counter: AccountCounter, parent: UInt64?, jobs: ReportSum) {
            self.counter = counter
            self.parent = parent
            self.jobs = jobs
            if let parent, let jobs = jobs.value { residual = Int64(clamping: parent) - Int64(clamping: jobs) }
        }
    }

    public init(group: String, since: WallTime, running: Int, lines: [Line]) {
        self.group = group
        self.since = since
        self.running = running
        self.lines = lines
    }
}
