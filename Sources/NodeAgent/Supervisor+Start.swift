import Cgroups
import Containers
import Images
import JobModel
import LinuxSys
import Logging

/// A plan made by one launcher's runtime, before its attempt may start; with the container, if that waits for its go.
struct PreparedStart {
    let plan: AttemptPlan
    let runtime: ContainerRuntime
    let held: HeldContainer?
}

extension Supervisor {
    /// Makes groups, scratch, root and all else ready while the assignment becomes durable: nothing of it can be seen by the job or its user. What
    /// fails here is seen or tried again by the start, which tells why.
    func prepare() async {
        guard prepared == nil, group == nil, desired.record.stop == nil, services.launcherLives, !services.isStopping else { return }
        // What is not committed was never started: there is no run directory to look for.
        let runtime = services.runtime
        services.spares.starting(id)
        do {
            let plan = try await makePlan(runtime)
            group = plan.group
            let abort = beginStart()
            defer { startUnderWay = nil }
            let held = plan.description.canBeHeld ? try await hold(plan, runtime, abort) : nil
            prepared = PreparedStart(plan: plan, runtime: runtime, held: held)
        } catch {
            services.spares.started(id, nil, runtime)
            preparationFailed = true
            // Not to be waited for twice.
            if let error = error as? LaunchError, error.errno == "ETIMEDOUT" { lateStart = error }
        }
    }

    /// All but the job's exec. By then the job is in its group, and before it does anything the right to enter groups is taken back: the job's
    /// root has the id that it was given to.
    private func hold(_ plan: AttemptPlan, _ runtime: ContainerRuntime, _ abort: StartAbort) async throws -> HeldContainer {
        async let isLimited: Void = setLimits(of: plan)
        let held = try await runtime.hold(plan.description, abort: abort)
        desired.clock.mark(held.times)
        do {
            // Two calls that wait for nothing: a queue's thread would take longer to wake.
            try plan.group.endEntry()
            try await isLimited
        } catch {
            held.drop()
            throw error
        }
        return held
    }

    private func setLimits(of plan: AttemptPlan) async throws {
        if let limits = plan.limitsToSet { try await services.starts.run { try plan.group.apply(limits, isNew: true) } }
    }

    private func beginStart() -> StartAbort {
        let abort = StartAbort(within: UInt64(services.settings.startTimeout.nanoseconds))
        startUnderWay = abort
        if desired.record.stop != nil { abort.abort() }
        return abort
    }

    /// What was made ready is not used: its groups are the supervisor's as any other.
    func dropPrepared() {
        guard let prepared else { return }
        self.prepared = nil
        prepared.held?.drop()
        if prepared.held == nil, let spare = prepared.plan.description.spare { prepared.runtime.discard(spare) }
        services.spares.started(id, nil, prepared.runtime)
    }

    /// Starts the attempt, or takes over what an earlier daemon left of it.
    func begin() async {
        if services.isStopping { return }
        guard desired.record.assignedAt.bootID == services.clock.bootID else {
            // The machine was rebooted: whatever ran is gone, and how it ended is not known.
            return await finish(.nodeLost)
        }
        // It was not committed when it was made ready: either it waits for its go, or no launcher was asked to start it.
        if let prepared, prepared.held != nil || prepared.runtime === services.runtime { return await startAfresh() }
        let found: ContainerRuntime.Found
        do {
            let (runtime, name) = (services.runtime, containerName(id))
            found = try await services.work.run { try runtime.find(name) }
        } catch {
            logger.error("a run directory cannot be read", metadata: ["attempt": "\(id)", "error": "\(error)"])
            if desired.record.stop != nil { return await stopUnread() }
            // Not a word of whether it runs: it is neither started nor ended blindly.
            await tellUnread("\(error)")
            return lookAgainLater()
        }
        switch found {
        case .running(let container): await adopt(container)
        case .dumped(let groupName): await awaitRestore(groupName)
        case .ended(let evidence, let groupName): await takeEnded(evidence, groupName)
        case .neverBegun: await startAnew()
        case .nothing where isInherited: await startAnew()
        case .nothing: await startAfresh()
        }
    }

    /// Why nothing is done about it is shown, and told again only when it changes.
    private func tellUnread(_ why: String) async {
        guard observation.note != why else { return }
        observation.note = why
        await report()
    }

    /// How far it got cannot be told, but it is to end: what bears its name is killed, and it ends as decided.
    func stopUnread() async {
        let (groups, name) = (services.groups, observation.groupName ?? containerName(id))
        do { group = try await services.work.run { try groups.open(name) } } catch {
            logger.error("the groups of a job that is to end cannot be opened", metadata: ["attempt": "\(id)", "error": "\(error)"])
            return lookAgainLater()
        }
        await concluded(.missing)
    }

    /// An earlier daemon may have begun to start it.
    private var isInherited: Bool { services.inherited.contains(id) && startsLost == 0 && isEarly }

    /// Not seen running.
    private var isEarly: Bool { observation.state == .assigned || observation.state == .starting }

    /// The launcher died before PID 1 had its go, and its successor holds the lock: nothing of the job ran, and nothing will any more. What is
    /// left goes, and the attempt starts as if for the first time.
    private func startAnew() async {
        do {
            try await clearAway()
            let (runtime, name) = (services.runtime, containerName(id))
            let (logs, id) = (services.logs, id)
            try await services.work.run {
                try logs.remove(id, keepsDirectory: true)
                try runtime.forget(name)
            }
        } catch {
            return await startFailed(LaunchError(operation: "clear away an interrupted start: \(error)", errno: "EIO"))
        }
        await startAfresh(isAnew: true)
    }

    /// Groups are used once, and so is scratch, because overlayfs marks it: those of a start that came to nothing go before others are made.
    private func clearAway() async throws {
        let (groups, runtime, name, known) = (services.groups, services.runtime, containerName(id), group)
        let isRetry = startsLost > 0 || preparationFailed
        preparationFailed = false
        dropPrepared()
        group = nil
        applied = nil
        try await services.work.run {
            // A plan that came to nothing has them removed in the background, which must not hit those of the next.
            if isRetry, known == nil { _ = groups.waitForRemovals() }
            guard let left = try known ?? groups.open(runtime.groupName(of: name) ?? name) else { return }
            try left.kill(.everything)
            try left.remove()
        }
        try await services.scratch.remove(id)
    }

    /// - Parameter isAnew: it is known that nothing of the job ever happened.
    private func startAfresh(isAnew: Bool = false) async {
        // It was seen running, and its run directory is gone: someone removed it.
        guard isEarly || isAnew else { return await finish(.monitorLost) }
        guard await launcherLives() else { return }
        observation.state = .starting
        let runtime = services.runtime
        var base: ContainerBase?
        let made = prepared
        prepared = nil
        // What only waits for its go is told of when it has it.
        if made?.held == nil { await report() }
        if made == nil { services.spares.starting(id) }
        defer { services.spares.started(id, base, runtime) }
        do {
            if let lateStart { throw lateStart }
            if preparationFailed { try await clearAway() }
            let plan = if let made { made.plan } else { try await makePlan(runtime) }
            group = plan.group
            stopSignal = plan.stopSignal
            // The pool may have changed while its groups were made.
            if let misplaced = await applyPlacement() { throw misplaced }
            let abort = beginStart()
            defer { startUnderWay = nil }
            let held = if let held = made?.held { held } else { try await hold(plan, runtime, abort) }
            if let stop = desired.record.stop {
                // Decided while it was made ready, by what has no helper to be ended: nothing of the job has happened, and nothing will.
                held.drop()
                await killEverything(plan.group)
                return await finish(stop.outcome)
            }
            mark(.released)
            try runtime.go(held)
            if made?.held != nil { await report() }
            let container = try await runtime.running(held)
            base = plan.description.base
            await running(container, since: container.startedBootNanoseconds)
        } catch let error as LaunchError where error.spareIsGone && startsLost < Self.startsToLose {
            await startOver()
        } catch let error as LaunchError where error.isUnanswered {
            await launcherFailed(runtime, error)
        } catch let error as LaunchError {
            await startFailed(error)
        } catch let error as AccountMissing {
            observation.accountMissing = true
            await startFailed(LaunchError(operation: "look up the account of user \(error.user)", errno: "ENOENT"))
        } catch let error as SystemError {
            await startFailed(LaunchError(error))
        } catch let error as CgroupError {
            await startFailed(LaunchError(operation: "\(error)", errno: error.cause?.errnoName ?? "EINVAL"))
        } catch {
            await startFailed(LaunchError(operation: "\(error)", errno: "EINVAL"))
        }
    }

    // MARK: The launcher's end

    /// A start that this many launchers died over is what kills them.
    private static let startsToLose = 5

    /// Starts are held while no launcher lives; one that is to be stopped then ends at once. False when it is not to start.
    private func launcherLives() async -> Bool {
        while true {
            if let stop = desired.record.stop {
                await finish(stop.outcome)
                return false
            }
            // Its end is wanted: the next daemon goes on from here.
            if services.isStopping { return false }
            if services.launcherLives { return true }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What came of the request is seen once a new launcher holds the lock, or at once if only PID 1 died: it started, it did not, or it was cut
    /// off in between.
    private func launcherFailed(_ runtime: ContainerRuntime, _ error: LaunchError) async {
        if let stop = desired.record.stop {
            if let group { await killEverything(group) }
            return await finish(stop.outcome)
        }
        guard startsLost < Self.startsToLose else { return await startFailed(error) }
        guard (try? await services.work.run { runtime.hasLostLauncher }) ?? true else { return await startOver() }
        services.launcherDied(runtime)
        while !services.launcherLives {
            // Its end is wanted: the next daemon goes on from here.
            if services.isStopping { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
        await startOver()
    }

    /// Looks at what is there and goes on from it. Groups that an earlier try made are no hindrance.
    private func startOver() async {
        startsLost += 1
        let (runtime, name) = (services.runtime, containerName(id))
        do {
            if case .nothing = try await services.work.run({ try runtime.find(name) }) { try await clearAway() }
        } catch {
            logger.error("a start that was cut off cannot be cleared away", metadata: ["attempt": "\(id)", "error": "\(error)"])
            return lookAgainLater()
        }
        await begin()
    }

    private func makePlan(_ runtime: ContainerRuntime) async throws -> AttemptPlan {
        let services = services
        let record = desired.record
        let job = desired.job
        let pool = sharedPool
        let name = job.spec.image ?? ""
        guard let image = ImageReference(name) else {
            let operation: String = "find image '\(name)'"
            throw LaunchError(operation: operation, errno: "EINVAL")
        }
        let (id, clock) = (id, desired.clock)
        clock.beginStart()
        // On one thread, for each change of threads costs more than most of these calls.
        let plan = try await services.starts.run {
            // What is made after the queue was drained would be in the next daemon's way.
            if services.isStopping { throw LaunchError(operation: "plan a start: the daemon ends", errno: "ESHUTDOWN") }
            let slot = try services.slot(of: job.owner.user)
            let lease = try services.images.blocking { try $0.lease(image, for: id, of: job.owner.user) }
            let demand = job.demand
            let scratch = try services.scratch.blocking {
                try $0.take(
                    for: id, kind: demand.scratchKind, bytes: demand.scratch, inodes: demand.scratchInodes, uid: slot, gid: slot)
            }
            clock.mark(.scratch, at: services.clock.now().boot)
            let planner = AttemptPlanner(services: services, record: record, job: job, lease: lease, scratch: scratch, clock: clock)
            let plan = try planner.plan(sharedPool: pool, runtime: runtime)
            clock.mark(.root, at: services.clock.now().boot)
            return plan
        }
        let cpus = record.placement.shared ? pool ?? record.placement.cpus : record.placement.cpus
        applied = InForce(cpus: cpus, nodes: record.placement.memoryNodes)
        return plan
    }

    private func startFailed(_ error: LaunchError) async {
        // At most once: the directory was there, so this attempt was started before, and is looked at instead.
        if error.startedBefore { return await begin() }
        // What it needed was closed under it, or not; the next daemon sees what came of it.
        if services.isStopping { return }
        logger.notice("start failed", metadata: ["attempt": "\(id)", "error": "\(error)"])
        if let group { await killEverything(group) }
        await finish(.startFailed(operation: error.operation, errno: error.errno))
    }

    /// The time limit runs from the job's first instruction.
    func startStamp(_ time: UInt64?) -> Stamp {
        let now = services.clock.stamp()
        guard let time else { return now }
        let boot = BootTime(nanoseconds: Int64(clamping: time))
        return Stamp(wall: now.wall + (boot - now.boot), boot: boot, bootID: now.bootID)
    }

    private func running(_ container: Container, since time: UInt64?) async {
        self.container = container
        desired.clock.mark(.executed, nanoseconds: time ?? 0)
        observation.state = .running
        // That it runs is the answer to the wish that it runs.
        if !desired.frozen { observation.freezeGeneration = desired.freezeGeneration }
        observation.startedAt = startStamp(time)
        watchEnd(of: container)
        watchMemory()
        watchMemorySignals()
        armLimits()
        await report()
    }
}
