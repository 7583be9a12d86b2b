public import JobModel

/// What should be of one attempt: told by the controller after it was committed, as often as it changes.
public struct DesiredAttempt: Sendable {
    public var record: AttemptRecord
    public var job: JobRecord
    /// A pause stands, or it has no cores (contract §2); there is no other switch.
    public var frozen: Bool
    /// What was last seen, at a restart of the daemon.
    public var lastSeen: AttemptObservation?
    /// Grows whenever a pause is placed or lifted; the observation that answers it carries it, so that an older one is not taken for the answer.
    public var freezeGeneration: UInt64
    /// Its assignment is durable: it may start. Before, only what nobody can see is made ready.
    public var isCommitted = true
    /// When it passed its steps; the same one each time.
    public let clock: AttemptClock

    public init(
        record: AttemptRecord, job: JobRecord, frozen: Bool, lastSeen: AttemptObservation? = nil, freezeGeneration: UInt64 = 0,
        clock: AttemptClock = AttemptClock()
    ) {
        self.clock = clock
        self.record = record
        self.job = job
        self.frozen = frozen
        self.lastSeen = lastSeen
        self.freezeGeneration = freezeGeneration
    }
}

/// The controller's side of a node agent. The agent compares what should run with what does, and closes the difference.
///
///     controller ──reconcile(desired)──► agent ──► containers
///     controller ◄──observed(…)───────── agent         every call may come again; nothing is done twice
public protocol AgentPort: Sendable {
    /// Starts, adopts, freezes, thaws or stops until what is matches what should be. Returns at once.
    func reconcile(_ desired: DesiredAttempt) async
    /// Makes ready what a start will need, while its assignment is on its way to the disk; `reconcile` follows. Returns at once.
    func prepare(_ assigned: DesiredAttempt) async
    /// The CPUs of all attempts on the shared pool; returns when they are in force.
    func setSharedPool(_ cpus: CpuSet) async
    /// Sends a signal to the job's main process, or to all its processes.
    func signal(_ attempt: AttemptID, number: Int32, toAll: Bool) async throws
    /// Forgets an attempt whose end is in the ledger: its groups, scratch and run directory go.
    func release(_ attempt: AttemptID) async
    /// Removes what an earlier daemon left of attempts that are not named. Before any other call, because what is started later is not named.
    func sweep(keeping attempts: Set<AttemptID>) async
    /// The attempts whose logs are kept, by job.
    func loggedAttempts() async -> [JobID: [AttemptID]]
    /// Removes the logs of ended attempts.
    func removeLogs(of attempts: [AttemptID]) async
    /// The counters of the parent of all groups, and of these attempts; nil where there is no such parent.
    func account(of attempts: [AttemptID]) async -> MachineAccount?
}

/// Counters of the parent group and of groups below it, read at about the same time.
public struct MachineAccount: Sendable {
    /// Of the parent group.
    public var name: String
    /// Differs from that of a parent that was made anew, and counts from nothing.
    public var identity: String
    public var usage: Usage
    /// Of those attempts that the agent has.
    public var attempts: [AttemptID: Usage]

    public init(name: String, identity: String, usage: Usage, attempts: [AttemptID: Usage]) {
        self.name = name
        self.identity = identity
        self.usage = usage
        self.attempts = attempts
    }
}

extension AgentPort {
    /// An agent need not do so.
    public func prepare(_ assigned: DesiredAttempt) async {}

    /// One without groups has none.
    public func account(of attempts: [AttemptID]) async -> MachineAccount? { nil }
}

/// The agent's side of a controller.
public protocol AgentObserver: Sendable {
    /// An attempt's state changed.
    func observed(_ observation: AttemptObservation) async
    /// An attempt should be stopped; the decision is committed before the agent acts on it.
    func requestStop(_ attempt: AttemptID, _ reason: StopReason) async
    /// Something happened that people want to know of: a memory threshold, a warning signal.
    func noticed(_ attempt: AttemptID, _ kind: Event.Kind, _ detail: String) async
}
