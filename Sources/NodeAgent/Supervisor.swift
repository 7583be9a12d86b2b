import Cgroups
import Containers
import JobModel
import LinuxSys
import Logging

/// Watches over one attempt: brings what is to what should be, and tells what it sees.
///
/// One step at a time, each idempotent, so that the same calls serve a fresh start and an adoption after a restart:
///
///     nothing ─► starting ─► running ◄─► paused
///                    │           │          │
///                    └───────────┴─ stop ───┴─► finished
actor Supervisor {
    let id: AttemptID
    let services: NodeServices
    let observer: any AgentObserver
    var desired: DesiredAttempt
    var observation: AttemptObservation
    var container: Container? { didSet { observation.monitor = container?.monitor.pid } }
    var group: AttemptGroup? {
        didSet {
            observation.groupName = group?.name
            services.note(group?.name ?? oldValue?.name, of: group == nil ? nil : id)
        }
    }
    var sharedPool: CpuSet?

    private var isWorking = false
    private var isDue = false
    /// The kill is under way.
    var isKilling = false
    var stopSignal: Int32 = 15
    var limitTimer: UInt64?
    var warningTimer: UInt64?
    var graceTimer: UInt64?
    /// Of the next look at the memory in use, for a job that wants a signal.
    var memorySignalTimer: UInt64?
    /// A failed freeze is not tried again until the pause is placed anew.
    var freezeGivenUp = false
    /// A thaw has failed and is tried again.
    var thawIsLate = false
    var memoryWatch: MemoryWatch?
    var memoryTokens = WatchTokens()
    /// Launchers and PID 1s cloned ahead that died over this start.
    var startsLost = 0
    /// Made while the assignment became durable.
    var prepared: PreparedStart?
    /// A start, or a preparation, that waits for the launcher.
    var startUnderWay: StartAbort?
    /// What it left is cleared away before the start.
    var preparationFailed = false
    /// Of the watch on PID 1's end.
    var monitorToken: UInt64?
    /// Its paths did not open in time while it was made ready.
    var lateStart: LaunchError?
    /// A look into the job that is under way, and the moment for which it stands still for that.
    var inspection: Inspection?
    var standstill: Standstill?
    /// The thaw after it.
    var lettingGo: Task<Void, Never>?
    /// PID 1 has ended, or is about to.
    var isConcluding = false

    init(_ desired: DesiredAttempt, services: NodeServices, observer: any AgentObserver) {
        id = desired.record.id
        self.desired = desired
        self.services = services
        self.observer = observer
        observation = desired.lastSeen ?? AttemptObservation(id: desired.record.id, state: .assigned)
    }

    var logger: Logger { services.logger }
    var isFinished: Bool { observation.state == .finished }

    /// Takes what should be; works in the background.
    func desire(_ wanted: DesiredAttempt) {
        let former = desired
        desired = wanted
        if former.frozen != wanted.frozen || former.freezeGeneration != wanted.freezeGeneration { freezeGivenUp = false }
        if wanted.record.stop != nil { startUnderWay?.abort() }
        if former.job.timeLimit != wanted.job.timeLimit, container != nil { armLimits() }
        kick()
    }

    /// Looks again; while a step is under way it is repeated afterwards.
    func kick() {
        isDue = true
        guard !isWorking else { return }
        isWorking = true
        Task { await work() }
    }

    private func work() async {
        while isDue {
            isDue = false
            await step()
        }
        isWorking = false
    }

    private func step() async {
        guard !isFinished else { return }
        guard desired.isCommitted else { return await prepare() }
        if container == nil { await begin() }
        guard container != nil, !isFinished else { return }
        if desired.record.stop != nil { return await stop() }
        let misplaced = await applyPlacement()
        await freezeOrThaw(mayRun: misplaced == nil)
        if misplaced != nil { lookAgainLater() }
    }

    /// What did not work is tried again in a second.
    func lookAgainLater() {
        let at = UInt64(services.clock.now().boot.nanoseconds) + 1_000_000_000
        services.reactor.at(bootNanoseconds: at) { [weak self] in Task { await self?.kick() } }
    }

    func mark(_ stage: TimingStage) { desired.clock.mark(stage, at: services.clock.now().boot) }

    /// Tells the controller, in order: the supervisor waits until it was taken.
    func report() async { await observer.observed(observation) }

    /// Returns once the pool is in force for this attempt, if it is one of the pool's.
    func setSharedPool(_ cpus: CpuSet) async {
        sharedPool = cpus
        guard desired.record.placement.shared, !isFinished, await applyPlacement() != nil else { return }
        lookAgainLater()
    }

    // MARK: Cores

    /// The cpus and memory nodes that were written and read back; nil after a restart of the daemon, when the kernel may have others.
    var applied: InForce?
    private var applying: Task<(any Error)?, Never>?

    struct InForce: Hashable {
        var cpus: CpuSet
        var nodes: MemoryNodeSet
    }

    /// Nil while the pool of a shared attempt is not known: until then it has not changed either.
    private var wanted: InForce? {
        let placement = desired.record.placement
        let cpus = placement.shared ? sharedPool : placement.cpus
        return cpus.map { InForce(cpus: $0, nodes: placement.memoryNodes) }
    }

    /// Sees to it that the attempt has the cores that are its, or says why not. One that gave its cores to others has none to be set.
    func applyPlacement() async -> (any Error)? {
        if applying == nil, wanted == applied { return nil }
        // One after the other: two writes at once could end in either order.
        let before = applying
        let task = Task {
            _ = await before?.value
            return await self.applyWanted()
        }
        applying = task
        defer { if applying == task { applying = nil } }
        return await task.value
    }

    private func applyWanted() async -> (any Error)? {
        guard let group, !isFinished, let wanted, wanted != applied else { return nil }
        guard desired.record.placement.shared || !desired.record.coresReleased else { return nil }
        var limits = GroupLimits()
        limits.cpus = wanted.cpus
        limits.memoryNodes = wanted.nodes
        do {
            let limits = limits
            try await services.work.run { try group.apply(limits) }
            applied = wanted
            return nil
        } catch {
            logger.error("cores of a job could not be set", metadata: ["attempt": "\(id)", "error": "\(error)"])
            applied = nil
            observation.note = "\(error)"
            return error
        }
    }

    func signal(_ number: Int32, toAll: Bool) throws {
        guard let container, !isFinished else { throw SystemError("signal", "\(id)", errno: 3) }
        try container.signal(number, toAll: toAll)
    }
}
