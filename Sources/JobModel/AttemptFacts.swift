/// What reports add up of an ended attempt: numbers and few words, so that a million of them can be read at once.
public struct AttemptFacts: Hashable, Sendable {
    public var job = JobID(0)
    public var slot: TaskIndex = 0
    public var number: UInt32 = 1
    public var owner = UserID.root
    public var ownerName = ""
    public var batch: String?
    public var queue = ""
    public var image: String?
    public var node = ""
    public var cores = 0
    public var cpuMillis = 0
    public var memory = Bytes.zero
    public var startedAt: WallTime?
    public var endedAt = WallTime(milliseconds: 0)
    public var queuedFor = TimeSpan.zero
    public var startingFor: TimeSpan?
    public var ranFor = TimeSpan.zero
    public var pausedFor = TimeSpan.zero
    public var outcome = AttemptOutcome.Kind.succeeded
    public var usage = UsageFacts()

    public init() {}

    public init(_ attempt: LedgerAttempt) {
        job = attempt.id.task.job
        slot = attempt.id.task.slot
        number = attempt.id.number
        owner = attempt.owner
        ownerName = attempt.ownerName
        batch = attempt.batch
        queue = attempt.queue
        image = attempt.image
        node = attempt.node
        cores = attempt.demand.cores
        cpuMillis = attempt.demand.cpuMillis
        memory = attempt.demand.memory
        startedAt = attempt.startedAt
        endedAt = attempt.endedAt
        queuedFor = attempt.queuedFor
        startingFor = attempt.startingFor
        ranFor = attempt.ranFor
        pausedFor = attempt.pausedFor
        outcome = attempt.outcome.kind
        usage = UsageFacts(attempt.usage)
    }

    /// How long it waited for its first instruction.
    public var waitedFor: TimeSpan { queuedFor + (startingFor ?? .zero) }
}

/// The numbers of `Usage`. Nil: the kernel could not count it.
public struct UsageFacts: Hashable, Sendable {
    public var cpuUserMicroseconds: UInt64?
    public var cpuSystemMicroseconds: UInt64?
    public var reapedCpuMicroseconds: UInt64?
    public var throttledMicroseconds: UInt64?
    public var throttledPeriods: UInt64?
    public var memoryPeak: UInt64?
    public var memoryFailures: UInt64?
    public var outOfMemoryKills: UInt64?
    public var swapPeak: UInt64?
    public var swapPartial = false
    public var pidsPeak: UInt64?
    public var readBytes: UInt64?
    public var writtenBytes: UInt64?
    public var readOperations: UInt64?
    public var writeOperations: UInt64?
    public var ioPartial = false
    public var minorFaults: UInt64?
    public var majorFaults: UInt64?
    public var voluntarySwitches: UInt64?
    public var involuntarySwitches: UInt64?
    public var switchesPartial = false
    public var logBytes: UInt64?
    public var logDroppedBytes: UInt64?
    /// Something was counted.
    public var isKnown = false

    public init() {}

    public init(_ usage: Usage) {
        cpuUserMicroseconds = usage.cpuUserMicroseconds
        cpuSystemMicroseconds = usage.cpuSystemMicroseconds
        reapedCpuMicroseconds = usage.reapedCpuMicroseconds
        throttledMicroseconds = usage.throttledMicroseconds
        throttledPeriods = usage.throttledPeriods
        memoryPeak = usage.memoryPeak?.count
        memoryFailures = usage.memoryFailures
        outOfMemoryKills = usage.outOfMemoryKills
        swapPeak = usage.swapPeak?.count
        swapPartial = usage.swapPartial == true
        pidsPeak = usage.pidsPeak
        readBytes = usage.readBytes
        writtenBytes = usage.writtenBytes
        readOperations = usage.readOperations
        writeOperations = usage.writeOperations
        ioPartial = usage.ioPartial == true
        minorFaults = usage.minorFaults
        majorFaults = usage.majorFaults
        voluntarySwitches = usage.voluntarySwitches
        involuntarySwitches = usage.involuntarySwitches
        switchesPartial = usage.switchesPartial == true
        logBytes = usage.logBytes
        logDroppedBytes = usage.logDroppedBytes
        isKnown = usage != Usage()
    }

    public var cpuMicroseconds: UInt64? {
        guard let user = cpuUserMicroseconds, let system = cpuSystemMicroseconds else { return nil }
        return user &+ system
    }
}
