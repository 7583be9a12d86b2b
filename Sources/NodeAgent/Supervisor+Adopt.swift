import Cgroups
import Containers
import Images
import JobModel
import LinuxSys
import Logging
import OCISpec

/// After a restart of the daemon.
extension Supervisor {
    func adopt(_ container: Container) async {
        // Such as that it could not be taken over until now.
        if !observation.freezeFailed { observation.note = nil }
        let (groups, name) = (services.groups, container.groupName)
        var isUnread = false
        do { group = try await services.work.run { try groups.open(name) } } catch {
            logger.error("the groups of a running job cannot be opened", metadata: ["attempt": "\(id)", "error": "\(error)"])
            // Without its groups it could be neither frozen nor given cores, so it is not taken over blindly; but it can be ended by its PID 1.
            guard desired.record.stop != nil else { return lookAgainLater() }
            isUnread = true
            observation.note = "its control groups cannot be read"
        }
        if group == nil, !isUnread {
            logger.error("a running job has no groups: it cannot be frozen, and ends with its PID 1", metadata: ["attempt": "\(id)"])
            observation.note = "its control groups are gone"
        }
        await takeTimeOnDisk()
        self.container = container
        if let signal = desired.job.spec.stopSignal.flatMap({ SignalName.number($0) }) {
            stopSignal = signal
        } else if let lease = try? await services.images.lease(heldBy: id) {
            stopSignal = lease.config.stopSignal ?? 15
        }
        let group = group
        let wasFrozen = observation.state == .paused
        // A look, or a pause that was taken back, may hold it still, or be about to: nothing that is written down does.
        if !wasFrozen, !desired.frozen, let group { await thawHeld(group) }
        let isFrozen = isUnread ? wasFrozen : (try? await services.work.run { try group?.isFrozen() ?? false }) ?? wasFrozen
        let now = services.clock.stamp()
        markAdopted(container)
        if observation.startedAt == nil { observation.startedAt = startStamp(container.startedBootNanoseconds) }
        if isFrozen {
            observation.pausedSince = observation.pausedSince ?? now.boot
            observation.state = .paused
        } else {
            endPause(at: now.boot)
            observation.state = observation.stopSignalledAt == nil ? .running : .stopping
        }
        logger.info("adopted", metadata: ["attempt": "\(id)", "pid": "\(container.monitor.pid)"])
        watchEnd(of: container)
        watchMemory()
        watchMemorySignals()
        armLimits()
        await report()
    }

    /// What is known of its start without its daemon: when it was cloned, and when it was seen to run; nothing else is made up.
    private func markAdopted(_ container: Container) {
        desired.clock.mark(usedSpare: container.groupName != container.name)
        guard let cloned = container.startedBootNanoseconds else { return }
        desired.clock.mark(.cloned, nanoseconds: cloned)
        // One that is taken over for the second time may have been given the stamp's time for want of a better one.
        guard let started = observation.startedAt?.boot, started.nanoseconds != Int64(clamping: cloned) else { return }
        desired.clock.mark(.executed, at: started)
    }

    /// It ended while no daemon looked: its record and its groups tell how.
    func takeEnded(_ evidence: ExitEvidence, _ name: String) async {
        let groups = services.groups
        do { group = try await services.work.run { try groups.open(name) } } catch {
            // How it ended is known; what it used is not, and its groups are swept at the next start.
            logger.error("the groups of an ended job cannot be opened", metadata: ["attempt": "\(id)", "error": "\(error)"])
        }
        // It was read when its run directory was looked at.
        mark(.seen)
        if evidence.summary != nil { mark(.recorded) }
        await takeTimeOnDisk()
        await concluded(evidence)
    }

    /// Adds the time since the freeze to the time paused.
    func endPause(at now: BootTime) {
        guard let since = observation.pausedSince else { return }
        observation.pausedFor = observation.pausedFor + (now - since)
        observation.pausedSince = nil
    }
}
