public import JobModel

/// The sum over attempts that belong together.
public struct ReportRow: Hashable, Sendable, Codable {
    /// What they have in common, such as a user's name or `user/batch`.
    public var label: String
    public var user: UserID?
    public var batch: String?
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
    public var readBytes: ReportSum
    public var writtenBytes: ReportSum
    /// In microseconds.
    public var throttled: ReportSum
    /// How many attempts ended how, by `AttemptOutcome.Kind`.
    public var outcomes: [String: Int]
    /// How the times are spread; of running only those that started.
    public var queued: Percentiles?
    public var ran: Percentiles?
    // In all.
    public var queuedFor: TimeSpan
    public var ranFor: TimeSpan
    public var pausedFor: TimeSpan
}

extension ReportRow {
    /// Adds attempts up, one by one.
    struct Builder: Sendable {
        let label: String
        private let user: UserID?
        private let batch: String?
        private var jobs: Set<JobID> = []
        private var attempts = 0
        private var givenMicroseconds = 0.0
        /// Of those whose CPU time was counted, for the efficiency.
        private var countedMicroseconds = 0.0
        private var cpuUser = ReportSum.Counter()
        private var cpuSystem = ReportSum.Counter()
        private var cpu = ReportSum.Counter()
        private var read = ReportSum.Counter()
        private var written = ReportSum.Counter()
        private var throttled = ReportSum.Counter()
        private var peak: UInt64?
        private var withoutPeak = 0
        private var outcomes: [AttemptOutcome.Kind: Int] = [:]
        private var queued: [TimeSpan] = []
        private var ran: [TimeSpan] = []
        private var queuedFor = TimeSpan.zero
        private var ranFor = TimeSpan.zero
        private var pausedFor = TimeSpan.zero

        init(label: String, user: UserID? = nil, batch: String? = nil) {
            self.label = label
            self.user = user
            self.batch = batch
        }

        mutating func add(job: JobID) { jobs.insert(job) }

        mutating func add(_ attempt: LedgerAttempt) {
            let usage = attempt.usage
            jobs.insert(attempt.id.task.job)
            attempts += 1
            givenMicroseconds += Double(attempt.givenCpuMicroseconds)
            // What never started used nothing that could have been counted.
            if attempt.startedAt != nil || usage != Usage() { count(usage, given: attempt.givenCpuMicroseconds) }
            outcomes[attempt.outcome.kind, default: 0] += 1
            queued.append(attempt.queuedFor)
            queuedFor = queuedFor + attempt.queuedFor
            ranFor = ranFor + attempt.ranFor
            if attempt.startedAt != nil { ran.append(attempt.ranFor) }
            pausedFor = pausedFor + attempt.pausedFor
        }

        private mutating func count(_ usage: Usage, given: UInt64) {
            if usage.cpuMicroseconds != nil { countedMicroseconds += Double(given) }
            cpuUser.add(usage.cpuUserMicroseconds)
            cpuSystem.add(usage.cpuSystemMicroseconds)
            cpu.add(usage.cpuMicroseconds)
            read.add(usage.readBytes)
            written.add(usage.writtenBytes, partial: usage.ioPartial == true)
            throttled.add(usage.throttledMicroseconds)
            if let value = usage.memoryPeak?.count { peak = max(peak ?? 0, value) } else { withoutPeak += 1 }
        }

        var row: ReportRow {
            let cpu = cpu.result
            return ReportRow(
                label: label, user: user, batch: batch, jobs: jobs.count, attempts: attempts, coreSeconds: givenMicroseconds / 1_000_000,
                cpuUser: cpuUser.result, cpuSystem: cpuSystem.result, cpu: cpu,
                cpuEfficiency: CPUEfficiency.of(cpu.value, given: countedMicroseconds),
                memoryPeak: ReportSum(value: peak, partial: peak != nil && withoutPeak > 0), readBytes: read.result,
                writtenBytes: written.result, throttled: throttled.result,
                outcomes: Dictionary(uniqueKeysWithValues: outcomes.map { ($0.key.rawValue, $0.value) }), queued: Percentiles(queued),
                ran: Percentiles(ran), queuedFor: queuedFor, ranFor: ranFor, pausedFor: pausedFor)
        }
    }
}
