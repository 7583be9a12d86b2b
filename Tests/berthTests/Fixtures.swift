import API
import JobModel

/// Replies as the daemon would give them.
enum Fixtures {
    static let now = WallTime(milliseconds: 1_764_000_000_000)

    static func job(_ id: UInt64, name: String? = nil, array: Bool = false, groups: [TaskGroup], counts: TaskCounts = TaskCounts()) -> JobSummary {
        var job = JobSummary(
            id: JobID(id), owner: UserID(1000), ownerName: "ada", redacted: false, queue: "default", priority: 0,
            demand: ResourceDemand(cores: 2, memory: .gibibytes(1)), timeLimit: .hours(1), submittedAt: now, isArray: array, counts: counts,
            groups: groups)
        job.name = name
        return job
    }

    static func running(_ task: TaskID, cpus: String, ran: TimeSpan) -> TaskGroup {
        var group = TaskGroup(state: .running, indices: task.index.map { IntervalSet([$0]) })
        var attempt = AttemptView(id: AttemptID(task, 1), state: .running)
        attempt.placement = Placement(cpus: CpuSet(list: cpus) ?? CpuSet(), memoryNodes: MemoryNodeSet([0]))
        (attempt.ranFor, attempt.timeLeft) = (ran, .hours(1) - ran)
        group.attempt = attempt
        return group
    }

    static func pending(_ indices: IntervalSet?, _ reasons: [String]) -> TaskGroup {
        var group = TaskGroup(state: .pending, indices: indices, count: indices?.count ?? 1)
        group.reasons = reasons.map { PendingReason(.cores, $0) }
        return group
    }

    static var ledger: LedgerAttempt {
        var usage = Usage()
        (usage.cpuUserMicroseconds, usage.cpuSystemMicroseconds, usage.memoryPeak) = (3_000_000, 1_000_000, .mebibytes(64))
        return LedgerAttempt(
            id: AttemptID(TaskID(JobID(12)), 1), owner: UserID(1000), ownerName: "ada", name: "fit", batch: "sweep", queue: "default",
            image: "tools:1",
            node: "here", demand: ResourceDemand(cores: 2, memory: .gibibytes(1)), timeLimit: .hours(1),
            placement: Placement(cpus: CpuSet([0, 1]), memoryNodes: MemoryNodeSet([0])), submittedAt: now, startedAt: now, endedAt: now,
            queuedFor: .seconds(3), ranFor: .seconds(4), pausedFor: .zero, outcome: .succeeded, usage: usage)
    }
}
