import API
public import JobModel
public import JobStore
public import Logging
public import NodeAgent
public import Scheduling

/// What the controller wants to know of the rest of the machine.
public struct Surroundings: Sendable {
    /// The image that a name means for a user, as it is kept: nil when there is none.
    public var resolveImage: @Sendable (_ name: String, _ user: UserID, _ userName: String) async -> String?
    /// The number of a user named by name or number; nil when there is none. Blocks elsewhere.
    public var userNumber: @Sendable (_ text: String) async -> UserID?
    /// The name of a user; the number as text when there is none.
    public var userName: @Sendable (_ user: UserID) async -> String

    /// Why nothing that takes disk should begin; nil: there is room. Cheap, for it is asked before each plan and submit.
    public var diskShortage: @Sendable () -> DiskShortage? = { nil }
    /// Scratch on disk that jobs may have together, as it is now; nil: not counted.
    public var scratchCapacity: @Sendable () async -> Bytes? = { nil }
    /// The job with the largest number that left a log; nil: none did.
    public var newestLog: @Sendable () async -> JobID? = { nil }
    /// Tries to end the shortage.
    public var mendDisk: @Sendable () async -> Void = {}
    /// Why a job's io weight would have no say; nil: it has.
    public var ioWeightProblem: @Sendable () async -> String? = { nil }

    public init(
        resolveImage: @escaping @Sendable (String, UserID, String) async -> String?,
        userNumber: @escaping @Sendable (String) async -> UserID?, userName: @escaping @Sendable (UserID) async -> String
    ) {
        self.resolveImage = resolveImage
        self.userNumber = userNumber
        self.userName = userName
    }
}

/// What of `berthd.yaml` the controller decides by.
public struct ControllerSettings: Sendable {
    public var defaults = JobDefaults()
    public var site = SiteLimits()
    public var queues = [QueueDefinition(name: "default")]
    public var nodeName = "localhost"
    public var access = Access(operators: nil)
    /// Of what one user and one batch may have waiting.
    public var perUser = ResourceLimits()
    public var perBatch = ResourceLimits()
    public var retention = Retention()
    public init() {}

    func queue(_ name: String) -> QueueDefinition? { queues.first { $0.name == name } }
}

/// Turns requests and observations into changes of the shared state, and drives the scheduler.
///
/// Memory is ahead of the store by what is in `queue`; an id is given out, and an attempt touched, only once the decision is durable.
///
///     request ──► check rights ──► change memory + commit(…) ──► scheduler.apply ──► plan ──► commit ──► agent.reconcile
public actor Controller {
    public nonisolated let hub = EventHub()
    let store: any MachineStore
    let agent: any AgentPort
    let clock: any AgentClock
    let surroundings: Surroundings
    let settings: ControllerSettings
    let logger: Logger
    let metrics = ControllerMetrics()

    var scheduler: Scheduling.State
    var jobs = LivingJobs()
    var attempts: [AttemptID: LiveAttempt] = [:]
    var batches: [BatchID: BatchRecord] = [:]
    /// Living jobs of a batch.
    var members: [BatchID: Set<JobID>] = [:]
    var lastJob: UInt64 = 0
    /// What the wall clock shows at the boot clock's zero, as it was when back-offs were last put in line with it.
    var wallAtBoot: WallTime?
    /// Finished jobs that others depend on and that the ledger no longer knew when it was asked.
    var purgedSources: Set<JobID> = []
    /// Finished jobs that the ledger is forgetting at the moment.
    var purging: Set<JobID> = []
    /// Finished jobs that are about to live again, and by how many requests.
    var reviving: [JobID: Int] = [:]
    /// Submits of this daemon's time; older ones are asked of the store.
    var recentRequests: [RequestKey: [JobID]] = [:]
    /// Over all attempts that ever ended here.
    var totals = AccountTotals()
    /// Since when the parent group of now counts; nil where the agent has none.
    var accountSpan: AccountSpan?
    var waiters: [UInt64: Waiter] = [:]
    var nextWaiter: UInt64 = 0

    // The commit pipeline.
    var queue: [CommitBatch] = []
    var isCommitting = false
    /// Those who wait for the commit under way.
    var committing: [CheckedContinuation<Void, any Error>] = []
    var term: Term?
    /// The highest sequence of the events committed so far.
    var lastEvent: UInt64 = 0
    /// Why the store takes nothing at the moment; new work is refused meanwhile.
    var storageFailure: String?
    /// Why nothing starts at the moment.
    var diskShortage: String?
    /// What the last look at the database's pages found, and when it began.
    var lastFaults: (at: BootTime, found: Task<[String], Never>)?
    /// What the users, queues and batches that submitted last have left of their rates.
    var submitRates: [WaitingLimit: SubmitRate] = [:]

    /// Of the attempts that ended last.
    var timings = TimingRing()

    // Planning.
    var planIsDue = false
    /// What may wait for company is committed in a moment.
    var isFlushDue = false
    var wakeUp: Task<Void, Never>?
    var upkeep: Task<Void, Never>?
    /// The last change of the shared pool that was told to the agent; done once it is in force.
    var poolChange: Task<Void, Never>?
    var errands: [AttemptID: Errands] = [:]
    /// Attempts that the agent is being told of.
    var busyErrands: Set<AttemptID> = []
    var isShuttingDown = false

    public init(
        store: any MachineStore, agent: any AgentPort, clock: any AgentClock, surroundings: Surroundings, settings: ControllerSettings,
        scheduler: Scheduling.State, logger: Logger
    ) {
        self.store = store
        self.agent = agent
        self.clock = clock
        self.surroundings = surroundings
        self.settings = settings
        self.scheduler = scheduler
        self.logger = logger
    }

    /// Ends timers and streams; what runs goes on, and is adopted by the next daemon.
    public func shutDown() async {
        isShuttingDown = true
        wakeUp?.cancel()
        upkeep?.cancel()
        await upkeep?.value
        try? await durable()
        hub.finish()
        for waiter in waiters.values { waiter.continuation.resume() }
        waiters = [:]
    }
}

/// A job that has not finished.
struct LiveJob: Sendable {
    var record: JobRecord
    var table: TaskTable
    /// The running attempt of each active task.
    var active: [TaskIndex: AttemptID] = [:]
    /// When it was taken, and when that was on disk; nil of one of an earlier daemon's time.
    var acceptedAt: BootTime?
    var storedAt: BootTime?

    func nextAttempt(_ slot: TaskIndex) -> AttemptID { AttemptID(record.task(slot), (table.attempts[slot] ?? 0) + 1) }
}

/// An attempt that has not ended.
struct LiveAttempt: Sendable {
    var record: AttemptRecord
    /// The record as far as it is committed: what the agent may be told; nil until the first commit.
    var durable: AttemptRecord?
    var observation: AttemptObservation?
    /// The agent told of it since this daemon started: what it watches over can be asked of it.
    var isWatched = false
    /// Resumed by its user, but its cores are not free yet.
    var waitsForCores = false
    let clock = AttemptClock()
    /// Grows with each pause that is placed or lifted, and with each return of cores.
    var freezeGeneration: UInt64 = 1

    /// Frozen as wanted last: not one whose thaw, or another freeze, is under way.
    var isPausedAsWanted: Bool { observation?.state == .paused && isAnswered }
    var isAnswered: Bool { observation?.freezeGeneration == freezeGeneration }

    var hasStarted: Bool {
        switch observation?.state {
        case nil, .assigned, .starting: false
        default: true
        }
    }
}
