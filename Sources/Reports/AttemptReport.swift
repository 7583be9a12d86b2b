public import JobModel

/// What one run asked for, got and used.
public struct AttemptReport: Hashable, Sendable, Codable {
    public var id: AttemptID
    public var name: String?
    public var user: UserID
    public var userName: String
    public var batch: String?
    public var queue: String
    public var image: String?
    public var outcome: AttemptOutcome
    public var node: String
    /// The cores it ran on, or the shared pool's.
    public var cpus: CpuSet
    public var shared: Bool
    public var memoryNodes: MemoryNodeSet
    /// What was given: exclusive cores, or thousandths of a CPU on the shared pool.
    public var cores: Int
    public var cpuMillis: Int
    public var memory: Bytes
    /// All that was asked for, and for how long at most.
    public var asked: ResourceDemand
    public var timeLimit: TimeSpan
    public var submittedAt: WallTime
    public var startedAt: WallTime?
    public var endedAt: WallTime
    /// Until it had its cores, and from then to its first instruction.
    public var queuedFor: TimeSpan
    public var startingFor: TimeSpan?
    public var ranFor: TimeSpan
    public var pausedFor: TimeSpan
    public var usage: Usage
    /// CPU time over the CPU time that was given, from 0; nil where one of them is not known or zero.
    public var cpuEfficiency: Double?
    /// The memory peak over the limit.
    public var memoryEfficiency: Double?

    public init(_ attempt: LedgerAttempt) {
        id = attempt.id
        name = attempt.name
        user = attempt.owner
        userName = attempt.ownerName
        batch = attempt.batch
        queue = attempt.queue
        image = attempt.image
        outcome = attempt.outcome
        node = attempt.node
        cpus = attempt.placement.cpus
        shared = attempt.placement.shared
        memoryNodes = attempt.placement.memoryNodes
        cores = attempt.demand.cores
        cpuMillis = attempt.demand.cpuMillis
        memory = attempt.demand.memory
        asked = attempt.demand
        timeLimit = attempt.timeLimit
        submittedAt = attempt.submittedAt
        startedAt = attempt.startedAt
        endedAt = attempt.endedAt
        queuedFor = attempt.queuedFor
        startingFor = attempt.startingFor
        ranFor = attempt.ranFor
        pausedFor = attempt.pausedFor
        usage = attempt.usage
        cpuEfficiency = CPUEfficiency.of(AttemptFacts(attempt))
        memoryEfficiency = attempt.usage.memoryPeak.flatMap { memory > .zero ? Double($0.count) / Double(memory.count) : nil }
    }
}

extension AttemptReport {
    /// What was written, marked where the kernel attributes only some of it.
    public var written: ReportSum { ReportSum(value: usage.writtenBytes, partial: usage.ioPartial == true && usage.writtenBytes != nil) }
}
