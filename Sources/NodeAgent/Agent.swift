import Cgroups
import Containers
import CoreMetrics
public import JobModel
import LinuxSys
import Logging
import Synchronization
import Telemetry

/// Runs what was assigned to this machine and adopts what already runs.
public actor Agent: AgentPort {
    public nonisolated let services: NodeServices
    private var observer: (any AgentObserver)?
    private(set) var supervisors: [AttemptID: Supervisor] = [:]
    /// The newest reading of what is used, and when it was begun.
    var lastUse: (at: BootTime, attempts: Set<AttemptID>, reading: Task<[AttemptID: CurrentUse], Never>)?
    private var sharedPool: CpuSet?
    private let launcherDeaths = Counter(.launcherDeaths)

    public init(services: NodeServices) { self.services = services }

    /// Who is told; before the first `reconcile`.
    public func report(to observer: any AgentObserver) {
        self.observer = observer
        watchLauncher()
    }

    public func reconcile(_ desired: DesiredAttempt) async {
        guard let observer else { return }
        let id = desired.record.id
        if let supervisor = supervisors[id] { return await supervisor.desire(desired) }
        let supervisor = Supervisor(desired, services: services, observer: observer)
        supervisors[id] = supervisor
        services.attempts.withLock { _ = $0.insert(id) }
        if let sharedPool { await supervisor.setSharedPool(sharedPool) }
        await supervisor.kick()
    }

    public func prepare(_ assigned: DesiredAttempt) async { await reconcile(assigned) }

    public func setSharedPool(_ cpus: CpuSet) async {
        sharedPool = cpus
        for supervisor in supervisors.values { await supervisor.setSharedPool(cpus) }
    }

    public func signal(_ attempt: AttemptID, number: Int32, toAll: Bool) async throws {
        guard let supervisor = supervisors[attempt] else { throw SystemError("signal", "\(attempt)", errno: 3) }
        try await supervisor.signal(number, toAll: toAll)
    }

    public func release(_ attempt: AttemptID) async {
        guard let supervisor = supervisors.removeValue(forKey: attempt) else { return }
        await supervisor.release()
        services.attempts.withLock { _ = $0.remove(attempt) }
    }

    /// What the supervisor of a running attempt holds.
    func supervisor(of attempt: AttemptID) -> Supervisor? { supervisors[attempt] }

    public func sweep(keeping attempts: Set<AttemptID>) async {
        let services = services
        let kept = Set(attempts.map(containerName))
        let found = try? await services.work.run {
            let runtime = services.runtime
            let failures = try services.groups.sweep(keeping: kept.union(kept.compactMap { runtime.groupName(of: $0) }))
            for name in runtime.names() where !kept.contains(name) { try? runtime.forget(name) }
            return failures
        }
        for (name, error) in found ?? [:] {
            services.logger.error("a group of an earlier daemon is left", metadata: ["group": "\(name)", "error": "\(error)"])
        }
    }

    // MARK: The launcher

    /// A launcher that dies takes nothing with it; a new one takes its place.
    private func watchLauncher() {
        let process = services.runtime.launcherProcess
        _ = try? services.reactor.watch(process.descriptor, .readable) { [weak self] _ in
            Task { await self?.launcherDied() }
            return false
        }
    }

    private func launcherDied() async {
        guard !services.isStopping else { return }
        services.logger.error("the launcher died; starting another")
        launcherDeaths.increment()
        let services = services
        services.launcherDied(services.runtime)
        services.spares.clear(services.runtime)
        do {
            try await services.work.run { try services.restartLauncher() }
            watchLauncher()
        } catch {
            services.logger.critical("no launcher: nothing can start until one can", metadata: ["error": "\(error)"])
            try? await Task.sleep(for: .seconds(1))
            await launcherDied()
        }
    }
}
