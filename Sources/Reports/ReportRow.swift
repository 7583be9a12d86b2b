public import JobModel

/// The sum over attempts that belong together.
public struct ReportRow: Hashable, Sendable, Codable {
    /// What they have in common, such as a user's name or `user/batch`.
    public var label: String
    public var user: UserID?
    public var batch: String?
    /// A job counts in the row of its last run.
    public var jobs: Int
    public var attempts: Int
    /// Cores (or their shares) times the time they ran, in core-seconds.
    public var coreSeconds: Double
    /// User and system time, and both, in microseconds.
    public var cpuUser: ReportSum
    public var cpuSystem: ReportSum
    public var cpu: ReportSum
    public var cpuEfficiency: Double?
    /// The largest of all attempts; partial where some had none.
    public var memoryPeak: ReportSum
    /// The peaks over the limits, each as long as it ran.
    public var memoryEfficiency: Double?
    public var readBytes: ReportSum
    public var writtenBytes: ReportSum
    /// In microseconds.
    public var throttled: ReportSum
    /// How many attempts ended how, by `AttemptOutcome.Kind`.
    public var outcomes: [String: Int]
    /// How the times are spread: of waiting for the first instruction, and of running, the latter of those that started.
    public var queued: Percentiles?
    public var ran: Percentiles?
    // In all.
    public var queuedFor: TimeSpan
    public var startingFor: TimeSpan
    public var ranFor: TimeSpan
    public var pausedFor: TimeSpan
    public var counts: Counts

    /// What else the kernel and PID 1 count.
    public struct Counts: Hashable, Sendable, Codable {
        public var throttledPeriods: ReportSum
        public var memoryFailures: ReportSum
        public var outOfMemoryKills: ReportSum
        /// The largest of all attempts.
        public var swapPeak: ReportSum
        public var pidsPeak: ReportSum
        public var readOperations: ReportSum
        public var writeOperations: ReportSum
        public var minorFaults: ReportSum
        public var majorFaults: ReportSum
        public var voluntarySwitches: ReportSum
        public var involuntarySwitches: ReportSum
        public var logBytes: ReportSum
        public var logDroppedBytes: ReportSum
    }
}

extension ReportRow {
    /// Adds attempts up, one by one; all attempts of a job one after the other.
    struct Builder: Sendable {
        var label: String
        let user: UserID?
        let batch: String?
        private var jobs = 0
        private(set) var attempts = 0
        private var givenMicroseconds: UInt64 = 0
        private var efficiency = CPUEfficiency()
        private var memory = (peak: 0.0, asked: 0.0)
        private var sums = UsageSums()
        private var outcomes = [Int](repeating: 0, count: AttemptOutcome.Kind.allCases.count)
        private var waited = SpanSpread()
        private var ran = SpanSpread()
        private var queuedFor = TimeSpan.zero
        private var startingFor = TimeSpan.zero
        private var ranFor = TimeSpan.zero
        private var pausedFor = TimeSpan.zero

        init(label: String, user: UserID? = nil, batch: String? = nil) {
            self.label = label
            self.user = user
            self.batch = batch
        }

        mutating func addJob() { jobs += 1 }

        mutating func add(_ attempt: AttemptFacts) {
            addRatios(attempt)
            attempts += 1
            givenMicroseconds += attempt.givenCpuMicroseconds
            if Self.isCounted(attempt) { sums.add(attempt.usage) }
            outcomes[attempt.outcome.place] += 1
            waited.add(attempt.waitedFor)
            if attempt.startedAt != nil { ran.add(attempt.ranFor) }
            queuedFor = queuedFor + attempt.queuedFor
            startingFor = startingFor + (attempt.startingFor ?? .zero)
            ranFor = ranFor + attempt.ranFor
            pausedFor = pausedFor + attempt.pausedFor
        }

        /// What never started used nothing that could have been counted.
        private static func isCounted(_ attempt: AttemptFacts) -> Bool { attempt.startedAt != nil || attempt.usage.isKnown }

        /// Of an attempt only what the efficiencies are made of.
        mutating func addRatios(_ attempt: AttemptFacts) {
            guard Self.isCounted(attempt) else { return }
            efficiency.add(attempt.usage, given: attempt.givenCpuMicroseconds)
            if let peak = attempt.usage.memoryPeak, attempt.memory > .zero, attempt.ranFor > .zero {
                memory.peak += Double(peak) * attempt.ranFor.inSeconds
                memory.asked += Double(attempt.memory.count) * attempt.ranFor.inSeconds
            }
        }

        /// Takes another row in, whose jobs are others.
        mutating func add(_ other: Builder) {
            efficiency.add(other.efficiency)
            memory.peak += other.memory.peak
            memory.asked += other.memory.asked
            addCounts(other)
        }

        /// The same but for what the efficiencies are made of.
        mutating func addCounts(_ other: Builder) {
            jobs += other.jobs
            attempts += other.attempts
            givenMicroseconds += other.givenMicroseconds
            sums.add(other.sums)
            for index in outcomes.indices { outcomes[index] += other.outcomes[index] }
            waited.add(other.waited)
            ran.add(other.ran)
            queuedFor = queuedFor + other.queuedFor
            startingFor = startingFor + other.startingFor
            ranFor = ranFor + other.ranFor
            pausedFor = pausedFor + other.pausedFor
        }

        /// By which the larger rows are found.
        var weight: UInt64 { givenMicroseconds }

        var row: ReportRow {
            let kinds = zip(AttemptOutcome.Kind.allCases, outcomes).filter { $0.1 > 0 }
            return ReportRow(
                label: label, user: user, batch: batch, jobs: jobs, attempts: attempts, coreSeconds: Double(givenMicroseconds) / 1_000_000,
                cpuUser: sums[.cpuUser], cpuSystem: sums[.cpuSystem], cpu: sums[.cpu], cpuEfficiency: efficiency.ratio,
                memoryPeak: sums[.memoryPeak], memoryEfficiency: memory.asked > 0 ? memory.peak / memory.asked : nil,
                readBytes: sums[.readBytes], writtenBytes: sums[.writtenBytes], throttled: sums[.throttled],
                outcomes: Dictionary(uniqueKeysWithValues: kinds.map { ($0.0.rawValue, $0.1) }), queued: waited.percentiles,
                ran: ran.percentiles, queuedFor: queuedFor, startingFor: startingFor, ranFor: ranFor, pausedFor: pausedFor,
                counts: sums.counts)
        }
    }
}

extension AttemptOutcome.Kind {
    /// Its place in the order of the contract.
    var place: Int {
        switch self {
        case .succeeded: 0
        case .failed: 1
        case .killed: 2
        case .timedOut: 3
        case .outOfMemory: 4
        case .cancelled: 5
        case .startFailed: 6
        case .preempted: 7
        case .nodeLost: 8
        case .monitorLost: 9
        }
    }
}
