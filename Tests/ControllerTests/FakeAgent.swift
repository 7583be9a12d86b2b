import JobModel
import NodeAgent

/// An agent without containers: what it is told to run counts as running at once, and ends when a test says so.
actor FakeAgent: AgentPort {
    private(set) var desired: [AttemptID: DesiredAttempt] = [:]
    /// Every attempt that was ever to run, in order; one that comes twice would be two starts.
    private(set) var starts: [AttemptID] = []
    private(set) var released: [AttemptID] = []
    private(set) var swept: [Set<AttemptID>] = []
    private(set) var signals: [Int32] = []
    /// The pools it was told, in order.
    private(set) var pools: [CpuSet] = []
    private var states: [AttemptID: AttemptState] = [:]
    private var startedAt: [AttemptID: Stamp] = [:]
    private var waitingPools: [CheckedContinuation<Void, Never>] = []
    private var poolIsHeld = false
    private var isStuck = false
    private var observer: (any AgentObserver)?
    private let clock: any AgentClock
    /// Whether a decided stop ends the attempt by itself.
    var obeysStops = true
    /// What attempts end with at once, by number of the attempt; without an entry they go on running.
    private var scripts: [JobID: [AttemptOutcome]] = [:]

    init(clock: any AgentClock) { self.clock = clock }

    func report(to observer: any AgentObserver) { self.observer = observer }
    func script(_ job: JobID, _ outcomes: [AttemptOutcome]) { scripts[job] = outcomes }
    func ignoreStops() { obeysStops = false }
    /// From now on a change of the pool takes until `letPoolGo`.
    func holdPool() { poolIsHeld = true }
    func letPoolGo() {
        poolIsHeld = false
        for waiting in waitingPools { waiting.resume() }
        waitingPools = []
    }
    /// From now on it hears what should be, but does nothing until `goOn`, and then only the last of it.
    func getStuck() { isStuck = true }
    var isGoing: Bool { !isStuck }
    func goOn() async {
        isStuck = false
        for wanted in desired.values.sorted(by: { $0.record.id < $1.record.id }) { await reconcile(wanted) }
    }

    /// The attempts that run now.
    var running: [AttemptID] { states.filter { $0.value == .running || $0.value == .paused }.keys.sorted() }

    func reconcile(_ wanted: DesiredAttempt) async {
        let id = wanted.record.id
        desired[id] = wanted
        guard states[id] != .finished, !isStuck else { return }
        let isNew = seen[id] != wanted.freezeGeneration
        seen[id] = wanted.freezeGeneration
        if states[id] == nil, let last = wanted.lastSeen, last.state == .running || last.state == .paused {
            (states[id], startedAt[id]) = (last.state, last.startedAt)
        }
        if states[id] == nil, wanted.record.stop == nil {
            starts.append(id)
            logged[id.task.job, default: []].append(id)
            await see(id, .running)
        }
        if let stop = wanted.record.stop {
            if obeysStops { await finish(id, stop.outcome) }
            return
        }
        if let outcomes = scripts[id.task.job], outcomes.indices.contains(Int(id.number) - 1) {
            await finish(id, outcomes[Int(id.number) - 1])
            return
        }
        if wanted.frozen, states[id] == .running { return await see(id, .paused) }
        if !wanted.frozen, states[id] == .paused { return await see(id, .running) }
        if isNew, let state = states[id] { await see(id, state) }
    }

    /// The freeze generations that were answered.
    private var seen: [AttemptID: UInt64] = [:]

    /// An attempt ends.
    func finish(_ id: AttemptID, _ outcome: AttemptOutcome, accountMissing: Bool = false) async {
        guard states[id] != .finished else { return }
        await see(id, .finished, outcome, accountMissing: accountMissing)
    }

    private func see(_ id: AttemptID, _ state: AttemptState, _ outcome: AttemptOutcome? = nil, accountMissing: Bool = false) async {
        states[id] = state
        var observation = AttemptObservation(id: id, state: state)
        if startedAt[id] == nil { startedAt[id] = clock.stamp() }
        observation.startedAt = startedAt[id]
        if state == .paused { observation.pausedSince = clock.now().boot }
        if state == .finished { observation.endedAt = clock.stamp() }
        observation.outcome = outcome
        if state == .finished { observation.usage = usages[id] }
        observation.freezeGeneration = seen[id] ?? 0
        observation.accountMissing = accountMissing
        await observer?.observed(observation)
    }

    func setSharedPool(_ cpus: CpuSet) async {
        pools.append(cpus)
        if poolIsHeld { await withCheckedContinuation { waitingPools.append($0) } }
    }
    func signal(_ attempt: AttemptID, number: Int32, toAll: Bool) async throws { signals.append(number) }
    /// As with the real one, what is told of it afterwards would be a start.
    func release(_ attempt: AttemptID) async {
        released.append(attempt)
        states[attempt] = nil
    }
    /// Counters of a parent group that there is not.
    private var account: MachineAccount?
    func setAccount(_ account: MachineAccount?) { self.account = account }
    func account(of attempts: [AttemptID]) async -> MachineAccount? {
        guard var account else { return nil }
        account.attempts = account.attempts.filter { attempts.contains($0.key) }
        for id in attempts where account.attempts[id] == nil { account.attempts[id] = Usage() }
        return account
    }
    private var usages: [AttemptID: Usage] = [:]
    /// What an attempt will have used at its end.
    func setUsage(_ usage: Usage, of id: AttemptID) { usages[id] = usage }

    func sweep(keeping attempts: Set<AttemptID>) async { swept.append(attempts) }
    private(set) var logged: [JobID: [AttemptID]] = [:]
    func loggedAttempts() async -> [JobID: [AttemptID]] { logged }
    func removeLogs(of attempts: [AttemptID]) async {
        for id in attempts { logged[id.task.job]?.removeAll { $0 == id } }
        logged = logged.filter { !$0.value.isEmpty }
    }
}
