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
    var container: Container?
    var group: AttemptGroup?
    var sharedPool: CpuSet?

    private var isWorking = false
    private var isDue = false
    /// The stop signal was sent, or the kill is under way.
    var stopStage = StopStage.none
    var stopSignal: Int32 = 15
    var limitTimer: UInt64?
    var warningTimer: UInt64?
    var graceTimer: UInt64?
    var warned = false
    /// A failed freeze is not tried again until the pause is placed anew.
    var freezeGivenUp = false
    var memoryWatch: MemoryWatch?
    /// Timers and watches of the reactor that belong to it.
    var memoryWatches: [UInt64] = []
    var launchFailure: LaunchError?

    enum StopStage { case none, signalled, killing }

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
        if former.frozen != wanted.frozen { freezeGivenUp = false }
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
        if container == nil { await begin() }
        guard container != nil, !isFinished else { return }
        if desired.record.stop != nil {
            await stop()
        } else {
            await applyPlacement()
            await freezeOrThaw()
        }
    }

    /// Tells the controller, in order: the supervisor waits until it was taken.
    func report() async { await observer.observed(observation) }

    func setSharedPool(_ cpus: CpuSet) async {
        sharedPool = cpus
        guard desired.record.placement.shared, let group, !isFinished else { return }
        var limits = GroupLimits()
        limits.cpus = cpus
        limits.memoryNodes = desired.record.placement.memoryNodes
        await apply(limits, to: group)
    }

    // MARK: Cores

    private var appliedPlacement: Placement?

    /// A resumed attempt may have got other cores than before.
    private func applyPlacement() async {
        let wanted = desired.record.placement
        guard let group, !desired.record.coresReleased else { return }
        defer { appliedPlacement = wanted }
        guard let applied = appliedPlacement, applied != wanted else { return }
        var limits = GroupLimits()
        limits.cpus = wanted.shared ? sharedPool ?? wanted.cpus : wanted.cpus
        limits.memoryNodes = wanted.memoryNodes
        await apply(limits, to: group)
    }

    private func apply(_ limits: GroupLimits, to group: AttemptGroup) async {
        do {
            try await services.work.run { try group.apply(limits) }
        } catch {
            logger.error("cores of a running job could not be set", metadata: ["attempt": "\(id)", "error": "\(error)"])
            observation.note = "\(error)"
        }
    }

    func signal(_ number: Int32, toAll: Bool) throws {
        guard let container, !isFinished else { throw SystemError("signal", "\(id)", errno: 3) }
        try container.signal(number, toAll: toAll)
    }
}
