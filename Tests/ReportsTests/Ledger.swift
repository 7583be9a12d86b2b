import JobModel

/// Hand-made ledger rows.
enum Ledger {
    static func attempt(
        _ job: UInt64, _ index: TaskIndex? = nil, number: UInt32 = 1, user: UInt32 = 1000, name: String = "ada", batch: String? = nil,
        cores: Int = 2,
        cpuMillis: Int = 0, queuedMs: Int64 = 1000, ranMs: Int64 = 10_000, pausedMs: Int64 = 0, started: Bool = true,
        outcome: AttemptOutcome = .succeeded, usage: Usage = Usage()
    ) -> LedgerAttempt {
        LedgerAttempt(
            id: AttemptID(TaskID(JobID(job), index), number), owner: UserID(user), ownerName: name, name: nil, batch: batch,
            queue: "default",
            image: "debian:13", node: "n1", demand: ResourceDemand(cores: cores, cpuMillis: cpuMillis, memory: .mebibytes(100)),
            timeLimit: .hours(1), placement: Placement(cpus: CpuSet([0, 1]), memoryNodes: MemoryNodeSet([0]), shared: cores == 0),
            submittedAt: WallTime(milliseconds: 0), startedAt: started ? WallTime(milliseconds: 1000) : nil,
            endedAt: WallTime(milliseconds: 20_000),
            queuedFor: TimeSpan(milliseconds: queuedMs), ranFor: TimeSpan(milliseconds: ranMs), pausedFor: TimeSpan(milliseconds: pausedMs),
            outcome: outcome, usage: usage)
    }

    static func usage(
        user: UInt64? = nil, system: UInt64? = nil, peak: Bytes? = nil, read: UInt64? = nil, written: UInt64? = nil, partial: Bool? = nil,
        throttled: UInt64? = nil
    ) -> Usage {
        var usage = Usage()
        usage.cpuUserMicroseconds = user
        usage.cpuSystemMicroseconds = system
        usage.memoryPeak = peak
        usage.readBytes = read
        usage.writtenBytes = written
        usage.ioPartial = partial
        usage.throttledMicroseconds = throttled
        return usage
    }

    static func job(_ number: UInt64, user: UInt32 = 1000, name: String = "ada", batch: String? = nil, jobName: String? = nil) -> LedgerJob {
        var spec = JobSpec()
        spec.name = jobName
        spec.batch = batch
        spec.image = "debian:13"
        spec.array = ArraySpec(indices: IntervalSet(0...9))
        let record = JobRecord(
            id: JobID(number), owner: Owner(user: UserID(user), group: GroupID(1), groups: [], name: name), spec: spec,
            demand: ResourceDemand(cores: 1, memory: .zero), queue: "default", priority: 0, timeLimit: .hours(1),
            submittedAt: WallTime(milliseconds: 0), sequence: number)
        var tasks = TaskTable(pending: IntervalSet())
        tasks.succeeded = IntervalSet(0...5)
        tasks.unsuccessful = IntervalSet(6...9)
        tasks.cancelled = IntervalSet([8])
        tasks.dependencyFailed = IntervalSet([9])
        return LedgerJob(record: record, tasks: tasks, endedAt: WallTime(milliseconds: 30_000))
    }
}
