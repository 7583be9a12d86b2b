/// Who submitted, as stored at submit: contract §7.
public struct Owner: Hashable, Sendable, Codable {
    public var user: UserID
    public var group: GroupID
    public var groups: [GroupID]
    public var name: String
    public init(user: UserID, group: GroupID, groups: [GroupID], name: String) {
        self.user = user
        self.group = group
        self.groups = groups
        self.name = name
    }
}

/// A job as submitted: written at submit and by `update`, kept once however many tasks it has.
public struct JobRecord: Hashable, Sendable, Codable {
    public var id: JobID
    public var owner: Owner
    /// After defaults.
    public var spec: JobSpec
    public var demand: ResourceDemand
    public var queue: String
    public var priority: Int
    public var timeLimit: TimeSpan
    public var submittedAt: WallTime
    /// The order of submission.
    public var sequence: UInt64
    public var requestKey: RequestKey?
    /// Of a `run` whose client has not detached: cancelled when the client is gone, also if the daemon was restarted meanwhile.
    public var cancelWhenLost: Bool?

    public init(
        id: JobID, owner: Owner, spec: JobSpec, demand: ResourceDemand, queue: String, priority: Int, timeLimit: TimeSpan,
        submittedAt: WallTime, sequence: UInt64, requestKey: RequestKey? = nil
    ) {
        self.id = id
        self.owner = owner
        self.spec = spec
        self.demand = demand
        self.queue = queue
        self.priority = priority
        self.timeLimit = timeLimit
        self.submittedAt = submittedAt
        self.sequence = sequence
        self.requestKey = requestKey
    }

    public var isArray: Bool { spec.array != nil }
    public var indices: IntervalSet { spec.array?.indices ?? IntervalSet([0]) }
    public var batch: BatchID? { spec.batch.map { BatchID(owner: owner.user, name: $0) } }
    public func task(_ slot: TaskIndex) -> TaskID { TaskID(id, isArray ? slot : nil) }
}

/// Where the tasks of a job stand: interval sets, so that tasks that never started take no rows.
public struct TaskTable: Hashable, Sendable, Codable {
    public var pending: IntervalSet
    public var active = IntervalSet()
    public var succeeded = IntervalSet()
    /// Ended otherwise.
    public var unsuccessful = IntervalSet()
    /// Of the unsuccessful ones: cancelled before they started.
    public var cancelled = IntervalSet()
    public var dependencyFailed = IntervalSet()
    /// Those that have started at least once.
    public var started = IntervalSet()
    public var holds: [TaskHold] = []
    /// Attempts so far, only for tasks that ended an attempt and went back to pending.
    public var attempts: [TaskIndex: UInt32] = [:]
    /// Earliest next start of tasks that wait out a back-off.
    public var notBefore: [TaskIndex: WallTime] = [:]
    /// Of its attempts, those whose end used up one of the retries.
    public var retried: [TaskIndex: UInt32] = [:]
    /// When a task went back to pending; without an entry it has been pending since its submit.
    public var pendingSince: [TaskIndex: WallTime] = [:]

    public init(pending: IntervalSet) { self.pending = pending }

    public var isFinished: Bool { pending.isEmpty && active.isEmpty }
}

/// One run, decided: written by the controller before anything starts.
public struct AttemptRecord: Hashable, Sendable, Codable {
    public var id: AttemptID
    public var placement: Placement
    public var assignedAt: Stamp
    /// A paused attempt that gave its cores to others; it stays frozen until it has cores again (contract §2).
    public var coresReleased: Bool
    public var stop: StopReason?
    /// Given with a cancel, in place of the job's own grace period.
    public var grace: TimeSpan?
    /// Since when the task was pending before; nil: since its submit.
    public var queuedAt: WallTime?

    public init(id: AttemptID, placement: Placement, assignedAt: Stamp) {
        self.id = id
        self.placement = placement
        self.assignedAt = assignedAt
        self.coresReleased = false
        self.stop = nil
    }
}

/// Wall and boot clock with the boot they belong to, as stored.
public struct Stamp: Hashable, Sendable, Codable {
    public var wall: WallTime
    public var boot: BootTime
    public var bootID: String
    public init(wall: WallTime, boot: BootTime, bootID: String) {
        self.wall = wall
        self.boot = boot
        self.bootID = bootID
    }
}

/// What the agent saw of an attempt: its only writer.
public struct AttemptObservation: Hashable, Sendable, Codable {
    public var id: AttemptID
    public var state: AttemptState
    public var startedAt: Stamp?
    public var endedAt: Stamp?
    /// Frozen so far; the time limit stands still meanwhile.
    public var pausedFor: TimeSpan
    public var pausedSince: BootTime?
    public var outcome: AttemptOutcome?
    public var usage: Usage?
    /// The last freeze did not succeed in time and was taken back; `note` says why.
    public var freezeFailed: Bool
    /// Its submitter's account is gone: the start failed, and the task is to be held (contract §7).
    public var accountMissing: Bool
    /// A line for people, such as why a freeze failed.
    public var note: String?
    /// The warning signal was sent, or is about to be: it is sent once, also across restarts of the daemon.
    public var warned: Bool
    /// Percentages of the memory limit whose being reached was told.
    public var thresholdsTold: [Int]
    /// How many of the kernel's kills for lack of memory were told.
    public var killsTold: UInt64
    /// Percentages of `JobSpec.memorySignals` whose signal was sent, until the memory in use is below them again.
    public var memorySignalled: [Int]
    /// When the stop signal was sent; the grace period runs from here.
    public var stopSignalledAt: BootTime?
    /// The name of its control groups below Berth's own, while it has them.
    public var groupName: String?
    /// The process id of its PID 1 on the machine, once it runs.
    public var monitor: Int32?
    /// Of `DesiredAttempt`: the wish to freeze or to run that this state answers.
    public var freezeGeneration: UInt64

    public init(id: AttemptID, state: AttemptState) {
        self.id = id
        self.state = state
        self.pausedFor = .zero
        self.freezeFailed = false
        self.accountMissing = false
        self.warned = false
        self.thresholdsTold = []
        self.killsTold = 0
        self.memorySignalled = []
        self.freezeGeneration = 0
    }
}

/// A batch and its holds; members inherit them.
public struct BatchRecord: Hashable, Sendable, Codable {
    public var id: BatchID
    public var holds: [Hold]
    public init(id: BatchID, holds: [Hold] = []) {
        self.id = id
        self.holds = holds
    }
}

/// One run as kept in the ledger for reports.
public struct LedgerAttempt: Hashable, Sendable, Codable {
    public var id: AttemptID
    public var owner: UserID
    public var ownerName: String
    public var name: String?
    public var batch: String?
    public var queue: String
    public var image: String?
    public var node: String
    public var demand: ResourceDemand
    public var timeLimit: TimeSpan
    public var placement: Placement
    public var submittedAt: WallTime
    public var startedAt: WallTime?
    public var endedAt: WallTime
    /// Until it was given its cores; in ledgers of versions that did not keep `startingFor`, until its first instruction.
    public var queuedFor: TimeSpan
    public var ranFor: TimeSpan
    public var pausedFor: TimeSpan
    public var outcome: AttemptOutcome
    public var usage: Usage
    /// From then to its first instruction, or to the end of a start that failed.
    public var startingFor: TimeSpan?
    /// `startedAt` on the clock of its boot, by which its log tells the time; nil in ledgers of versions that did not keep it.
    public var startedBoot: BootTime?
    /// Why it is not known how it ended, where that can be told.
    public var note: String?

    public init(
        id: AttemptID, owner: UserID, ownerName: String, name: String?, batch: String?, queue: String, image: String?, node: String,
        demand: ResourceDemand, timeLimit: TimeSpan, placement: Placement, submittedAt: WallTime, startedAt: WallTime?, endedAt: WallTime,
        queuedFor: TimeSpan, ranFor: TimeSpan, pausedFor: TimeSpan, outcome: AttemptOutcome, usage: Usage,
        startedBoot: BootTime? = nil, startingFor: TimeSpan? = nil, note: String? = nil
    ) {
        self.id = id
        self.owner = owner
        self.ownerName = ownerName
        self.name = name
        self.batch = batch
        self.queue = queue
        self.image = image
        self.node = node
        self.demand = demand
        self.timeLimit = timeLimit
        self.placement = placement
        self.submittedAt = submittedAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.queuedFor = queuedFor
        self.ranFor = ranFor
        self.pausedFor = pausedFor
        self.outcome = outcome
        self.usage = usage
        self.startedBoot = startedBoot
        self.startingFor = startingFor
        self.note = note
    }

    /// How long it waited for its first instruction.
    public var waitedFor: TimeSpan { queuedFor + (startingFor ?? .zero) }
}
