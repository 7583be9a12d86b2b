import Cgroups
import Containers
import Images
import JobModel
import LinuxSys
import Logging
import OCISpec

extension Supervisor {
    /// Starts the attempt, or takes over what an earlier daemon left of it.
    func begin() async {
        guard desired.record.assignedAt.bootID == services.clock.bootID else {
            // The machine was rebooted: whatever ran is gone, and how it ended is not known.
            return await finish(.nodeLost)
        }
        let found: ContainerRuntime.Found
        do {
            let (runtime, name) = (services.runtime, containerName(id))
            found = try await services.work.run { try runtime.find(name) }
        } catch {
            return await finish(.startFailed(operation: "look for the run directory: \(error)", errno: "EIO"))
        }
        switch found {
        case .running(let container): await adopt(container)
        case .ended(let summary): await takeEnded(summary)
        case .neverCloned: await finish(.startFailed(operation: "start: interrupted before PID 1 was cloned", errno: "EINTR"))
        case .nothing: await startAfresh()
        }
    }

    private func startAfresh() async {
        switch observation.state {
        case .assigned, .starting: break
        // It was seen running, and its run directory is gone: someone removed it.
        default: return await finish(.monitorLost)
        }
        if let stop = desired.record.stop { return await finish(stop.outcome) }
        observation.state = .starting
        await report()
        do {
            let plan = try await makePlan()
            group = plan.group
            stopSignal = plan.stopSignal
            let container = try await services.runtime.start(plan.description)
            await running(container, since: container.startedBootNanoseconds)
        } catch let error as LaunchError {
            await startFailed(error)
        } catch let error as AccountMissing {
            observation.accountMissing = true
            await startFailed(LaunchError(operation: "look up the account of user \(error.user)", errno: "ENOENT"))
        } catch let error as SystemError {
            await startFailed(LaunchError(error))
        } catch {
            await startFailed(LaunchError(operation: "\(error)", errno: "EINVAL"))
        }
    }

    private func makePlan() async throws -> AttemptPlan {
        let services = services
        let record = desired.record
        let job = desired.job
        let pool = sharedPool
        let name = job.spec.image ?? ""
        guard let image = ImageReference(name) else {
            let operation: String = "find image '\(name)'"
            throw LaunchError(operation: operation, errno: "EINVAL")
        }
        let lease: ImageLease = try await services.images.lease(image, for: id)
        let slot: UInt32 = try await services.starts.run { try services.slots.slot(of: job.owner.user) }
        let scratch: ScratchSpace = try await services.scratch.take(
            for: id, kind: job.demand.scratchKind, bytes: job.demand.scratch, inodes: job.demand.scratchInodes, uid: slot, gid: slot)
        let planner = AttemptPlanner(services: services, record: record, job: job, lease: lease, scratch: scratch)
        return try await services.starts.run { try planner.plan(sharedPool: pool) }
    }

    private func startFailed(_ error: LaunchError) async {
        // At most once: the directory was there, so this attempt was started before, and is looked at instead.
        if error.startedBefore { return await begin() }
        logger.notice("start failed", metadata: ["attempt": "\(id)", "error": "\(error)"])
        if let group { await killEverything(group) }
        await finish(.startFailed(operation: error.operation, errno: error.errno))
    }

    private func running(_ container: Container, since time: UInt64?) async {
        self.container = container
        let now = services.clock.stamp()
        observation.state = .running
        observation.startedAt = Stamp(
            wall: now.wall, boot: time.map { BootTime(nanoseconds: Int64($0)) } ?? now.boot, bootID: now.bootID)
        watchEnd(of: container)
        watchMemory()
        armLimits()
        await report()
    }

    // MARK: After a restart of the daemon

    private func adopt(_ container: Container) async {
        let (groups, name) = (services.groups, containerName(id))
        group = try? await services.work.run { try groups.open(name) }
        self.container = container
        if let signal = desired.job.spec.stopSignal.flatMap({ SignalName.number($0) }) {
            stopSignal = signal
        } else if let lease = try? await services.images.lease(heldBy: id) {
            stopSignal = lease.config.stopSignal ?? 15
        }
        let group = group
        let isFrozen = (try? await services.work.run { try group?.isFrozen() ?? false }) ?? false
        let now = services.clock.stamp()
        if observation.startedAt == nil { observation.startedAt = now }
        if isFrozen {
            observation.pausedSince = observation.pausedSince ?? now.boot
            observation.state = .paused
        } else {
            endPause(at: now.boot)
            observation.state = .running
        }
        logger.info("adopted", metadata: ["attempt": "\(id)", "pid": "\(container.monitor.pid)"])
        watchEnd(of: container)
        watchMemory()
        armLimits()
        await report()
    }

    /// It ended while no daemon looked: its record and its groups tell how.
    private func takeEnded(_ summary: ExitSummary?) async {
        let (groups, name) = (services.groups, containerName(id))
        group = try? await services.work.run { try groups.open(name) }
        await concluded(summary)
    }

    /// Adds the time since the freeze to the time paused.
    func endPause(at now: BootTime) {
        guard let since = observation.pausedSince else { return }
        observation.pausedFor = observation.pausedFor + (now - since)
        observation.pausedSince = nil
    }
}
