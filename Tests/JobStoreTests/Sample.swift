import JobModel
import JobStore

/// Values for tests, and random ones from a seed.
enum Sample {
    static func job(_ number: UInt64, array: IntervalSet? = nil, batch: String? = nil) -> JobRecord {
        var spec = JobSpec()
        spec.name = "job \(number)"
        spec.image = "debian:13"
        spec.command = ["/bin/true", "--exact"]
        spec.environment = ["A": "1"]
        spec.array = array.map { ArraySpec(indices: $0, limit: 10) }
        spec.batch = batch
        var record = JobRecord(
            id: JobID(number), owner: Owner(user: UserID(1000), group: GroupID(1000), groups: [GroupID(27)], name: "ada"), spec: spec,
            demand: demand, queue: "default", priority: 0, timeLimit: .hours(1), submittedAt: WallTime(milliseconds: 1_700_000_000_000),
            sequence: number, requestKey: RequestKey("key \(number)"))
        record.cancelWhenLost = true
        return record
    }

    static var demand: ResourceDemand {
        ResourceDemand(
            cores: 2, cpuMillis: 0, memory: .mebibytes(512), swap: .zero, pids: 100, scratch: .gibibytes(1), scratchInodes: 1000,
            scratchKind: .memory,
            named: ["gpu": .count(2), "licence": .instances(["a", "b"])],
            hugePages: [HugePages(size: .mebibytes(2), bytes: .mebibytes(64)), HugePages(size: .gibibytes(1), bytes: .gibibytes(3))])
    }

    static func table(_ indices: IntervalSet = IntervalSet([0])) -> TaskTable { TaskTable(pending: indices) }

    static func attemptID(_ job: UInt64, _ index: TaskIndex? = nil, _ number: UInt32 = 1) -> AttemptID {
        AttemptID(TaskID(JobID(job), index), number)
    }

    static var stamp: Stamp {
        Stamp(wall: WallTime(milliseconds: 1_700_000_000_123), boot: BootTime(nanoseconds: 987_654_321), bootID: "7c1d-boot")
    }

    static var placement: Placement {
        Placement(cpus: CpuSet([0, 1, 5]), memoryNodes: MemoryNodeSet([0]), shared: true, named: ["gpu": ["gpu0", "gpu1"], "none": []])
    }

    static func attempt(_ job: UInt64, _ index: TaskIndex? = nil) -> AttemptRecord {
        var record = AttemptRecord(id: attemptID(job, index), placement: placement, assignedAt: stamp)
        record.coresReleased = true
        record.stop = .timedOut
        record.grace = .seconds(7)
        record.queuedAt = WallTime(milliseconds: 1_700_000_000_100)
        return record
    }

    static func observation(_ job: UInt64, _ index: TaskIndex? = nil) -> AttemptObservation {
        var observation = AttemptObservation(id: attemptID(job, index), state: .finished)
        observation.startedAt = stamp
        observation.endedAt = stamp
        observation.pausedFor = .seconds(3)
        observation.pausedSince = BootTime(nanoseconds: -5)
        observation.outcome = .startFailed(operation: "mount overlay on /x", errno: "ENOENT")
        observation.usage = usage
        observation.freezeFailed = true
        observation.accountMissing = true
        observation.note = "pid 7 in D"
        observation.warned = true
        observation.thresholdsTold = [80, 95]
        observation.killsTold = 300
        observation.memorySignalled = [90, 95]
        observation.stopSignalledAt = BootTime(nanoseconds: 1 << 40)
        observation.groupName = "spare-7"
        observation.monitor = 4_000_000
        observation.freezeGeneration = 3
        return observation
    }

    /// Each field another number.
    static var usage: Usage {
        var usage = Usage()
        usage.cpuUserMicroseconds = 1
        usage.cpuSystemMicroseconds = 2
        usage.throttledMicroseconds = 3
        usage.throttledPeriods = 4
        usage.memoryPeak = Bytes(5)
        usage.outOfMemoryKills = 6
        usage.hugePages = [
            HugePageUsage(size: .mebibytes(2), peak: .mebibytes(64), failures: 3), HugePageUsage(size: .gibibytes(1)),
        ]
        usage.pidsPeak = 7
        usage.readBytes = 8
        usage.writtenBytes = 9
        usage.readOperations = 10
        usage.writeOperations = 11
        usage.ioPartial = true
        usage.logBytes = 13
        usage.logDroppedBytes = 14
        usage.minorFaults = 15
        usage.majorFaults = 16
        usage.voluntarySwitches = 17
        usage.involuntarySwitches = .max
        usage.memoryFailures = 19
        usage.outOfMemoryEvents = 20
        usage.swapPeak = Bytes(21)
        usage.swapPartial = true
        usage.devices = [
            DeviceUsage(device: "8:0", name: "sda", readBytes: 22, writtenBytes: 23, readOperations: 24, writeOperations: 25),
            DeviceUsage(device: "7:3", readBytes: .max),
        ]
        usage.scratchBytes = Bytes(26)
        usage.scratchFiles = 27
        usage.scratchPartial = false
        usage.reapedCpuMicroseconds = 28
        usage.switchesPartial = true
        return usage
    }

    static func ledgerAttempt(
        _ id: AttemptID, owner: UInt32 = 1000, batch: String? = "b", endedAt: Int64 = 2000, outcome: AttemptOutcome = .failed(code: -3)
    ) -> LedgerAttempt {
        LedgerAttempt(
            id: id, owner: UserID(owner), ownerName: "user\(owner)", name: "name", batch: batch, queue: "default", image: "debian:13",
            node: "n1",
            demand: demand, timeLimit: .minutes(5), placement: placement, submittedAt: WallTime(milliseconds: 1),
            startedAt: WallTime(milliseconds: 1000), endedAt: WallTime(milliseconds: endedAt), queuedFor: TimeSpan(milliseconds: 999),
            ranFor: TimeSpan(milliseconds: 900), pausedFor: TimeSpan(milliseconds: 100), outcome: outcome, usage: usage,
            startedBoot: BootTime(nanoseconds: 77), startingFor: TimeSpan(milliseconds: 12),
            note: "the exit record is of format 2")
    }

    static func ledgerJob(_ number: UInt64, endedAt: Int64 = 2000, batch: String? = "b") -> LedgerJob {
        var tasks = table()
        tasks.pending = IntervalSet()
        tasks.succeeded = IntervalSet([0])
        return LedgerJob(record: job(number, batch: batch), tasks: tasks, endedAt: WallTime(milliseconds: endedAt))
    }

    static func event(_ job: UInt64) -> Event {
        Event(
            sequence: 0, at: WallTime(milliseconds: Int64(job)), kind: .finished, job: JobID(job), task: TaskID(JobID(job), 3),
            attempt: attemptID(job, 3, 2), owner: UserID(1000), batch: "b", outcome: .killed(signal: 9), detail: "why")
    }

    static func indices(using generator: inout some RandomNumberGenerator, below limit: TaskIndex = 5000) -> IntervalSet {
        var set = IntervalSet()
        for _ in 0..<Int.random(in: 0...200, using: &generator) {
            let lower = TaskIndex.random(in: 0..<limit, using: &generator)
            set.insert(lower...(lower + TaskIndex.random(in: 0...3, using: &generator)))
        }
        return set
    }
}
