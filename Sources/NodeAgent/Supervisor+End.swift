import Cgroups
import Containers
import Images
import JobModel
import LinuxSys
import Logging

extension Supervisor {
    func watchEnd(of container: Container) {
        do {
            monitorToken = try services.reactor.watch(container.monitor.descriptor, .readable) { [weak self] _ in
                Task { await self?.monitorEnded() }
                return false
            }
        } catch {
            logger.error("PID 1 cannot be watched", metadata: ["attempt": "\(id)", "error": "\(error)"])
            Task { await monitorEnded() }
        }
        // Its namespaces are taken down meanwhile.
        container.whenRecorded { [weak self] in Task { await self?.monitorEnded() } }
    }

    private func monitorEnded() async {
        guard let container, !isFinished, !isConcluding else { return }
        let seen = services.clock.now().boot
        let evidence = container.exitRecord()
        if evidence.isMissing, (try? container.hasBegun()) == false {
            // It waited for the go of a daemon that is gone.
            self.container = nil
            disarm()
            observation.startedAt = nil
            observation.state = .starting
            return kick()
        }
        if evidence.isMissing, (try? container.isDumped()) == true {
            self.container = nil
            disarm()
            return kick()
        }
        isConcluding = true
        desired.clock.mark(.seen, at: seen)
        if evidence.summary != nil { mark(.recorded) }
        if let monitorToken { services.reactor.cancel(monitorToken) }
        await concluded(evidence)
    }

    /// PID 1 has ended, with a record or without.
    func concluded(_ evidence: ExitEvidence) async {
        disarm()
        let summary = evidence.summary
        let usage = await endProcesses(summary)
        observation.usage = usage
        mark(.counted)
        if let summary {
            desired.clock.mark(.executed, nanoseconds: summary.startBootNanoseconds)
            desired.clock.mark(.exited, nanoseconds: summary.endBootNanoseconds)
        }
        await tellLastMemoryEvents(usage)
        let outcome = self.outcome(evidence, usage)
        let now = services.clock.stamp()
        var ended = now
        if let summary, summary.endBootNanoseconds > 0 { ended.boot = BootTime(nanoseconds: Int64(clamping: summary.endBootNanoseconds)) }
        ended.wall = now.wall + (ended.boot - now.boot)
        if let summary, summary.startBootNanoseconds > 0 {
            let boot = BootTime(nanoseconds: Int64(clamping: summary.startBootNanoseconds))
            observation.startedAt = Stamp(wall: observation.startedAt?.wall ?? now.wall + (boot - now.boot), boot: boot, bootID: now.bootID)
        }
        await finish(outcome, at: ended)
    }

    /// The attempt ends as decided, else as the kernel and PID 1 say.
    private func outcome(_ evidence: ExitEvidence, _ usage: Usage) -> AttemptOutcome {
        if let stop = desired.record.stop { return stop.outcome }
        let kills = usage.outOfMemoryKills ?? 0
        if case .unknownFormat(let found, let latest) = evidence {
            observation.note =
                "the exit record is of format \(found), this berthd reads up to \(latest): a later version of Berth started the job, "
                + "and how it ended is not known"
            // A kill says nothing of a job whose main process may have ended well.
            return .monitorLost
        }
        guard let summary = evidence.summary else { return kills > 0 ? .outOfMemory : .monitorLost }
        if let failure = summary.startFailure {
            return .startFailed(operation: failure.operation, errno: failure.errno)
        }
        if let code = summary.exitCode, code == 0 { return .succeeded }
        if kills > 0 { return .outOfMemory }
        if let signal = summary.signal { return .killed(signal: signal) }
        return .failed(code: summary.exitCode ?? 255)
    }

    /// Nothing of the attempt survives; then its counters stand still and are read.
    private func endProcesses(_ summary: ExitSummary?) async -> Usage {
        let (services, id, group) = (services, id, group)
        // On one thread: whoever waits for the job's end waits for this.
        let read: @Sendable () -> Counted = {
            Counted(usage: group?.usage() ?? Usage(), scratch: try? services.scratch.blocking { try $0.usage(of: id) })
        }
        // With its record written PID 1 has reaped all of them, and is about to end itself.
        var counted = try? await services.work.run { try summary != nil && group?.isPopulated(.job) == false ? read() : nil }
        if counted == nil {
            if let group { await killEverything(group) }
            counted = try? await services.work.run { read() }
        }
        var usage = counted?.usage ?? Usage()
        if let scratch = counted?.scratch { usage.takeScratch(scratch) }
        guard let summary else { return usage }
        usage.takeBlocks(read: summary.blocksIn, written: summary.blocksOut)
        usage.logBytes = summary.logBytesKept
        usage.logDroppedBytes = summary.logBytesDropped
        usage.minorFaults = usage.minorFaults ?? summary.minorFaults
        usage.majorFaults = usage.majorFaults ?? summary.majorFaults
        usage.voluntarySwitches = summary.voluntarySwitches
        usage.involuntarySwitches = summary.involuntarySwitches
        if summary.isUsagePartial { usage.switchesPartial = true }
        if summary.startFailure == nil { usage.reapedCpuMicroseconds = summary.userMicroseconds + summary.systemMicroseconds }
        return usage
    }

    private struct Counted: Sendable {
        var usage: Usage
        var scratch: ScratchUsage?
    }

    func finish(_ outcome: AttemptOutcome, at ended: Stamp? = nil) async {
        guard !isFinished else { return }
        disarm()
        let ended = ended ?? services.clock.stamp()
        endPause(at: ended.boot)
        observation.endedAt = ended
        observation.outcome = outcome
        observation.state = .finished
        await report()
    }

    func killEverything(_ group: AttemptGroup) async {
        do { try await kill(.everything, of: group) } catch {
            logger.error("processes of a finished attempt are left", metadata: ["attempt": "\(id)", "error": "\(error)"])
        }
    }

    /// - Throws: when some are left, naming one.
    private func kill(_ scope: KillScope, of group: AttemptGroup) async throws {
        let limit: UInt64 = 10_000
        let areGone = try await services.work.untilTrue(withinMilliseconds: limit) { try group.killed(scope, within: $0) }
        if !areGone { throw try await services.work.run { group.leftover(scope, afterMilliseconds: limit) } }
    }

    /// Everything but the log goes; only after the end is in the ledger.
    func release() async {
        dropPrepared()
        let (services, runtime, logger, id, name, group) = (services, services.runtime, logger, id, containerName(id), group)
        self.group = nil
        // One that fails is no reason to leave the others; the next daemon removes what is left.
        let steps: [(String, @Sendable () throws -> Void)] = [
            ("scratch", { try services.scratch.blocking { try $0.remove(id) } }),
            ("image lease", { try services.images.blocking { try $0.release(id) } }),
            ("groups", { group?.removeInBackground(after: 3) }),
            ("run directory", { try runtime.forget(name) }),
        ]
        try? await services.work.run {
            for (what, step) in steps {
                do { try step() } catch {
                    logger.warning("something of an ended attempt is left", metadata: ["attempt": "\(id)", "what": "\(what)", "error": "\(error)"])
                }
            }
        }
        services.spares.refillIfQuiet(runtime)
    }

    // MARK: Stop

    /// Carries out a stop that was decided and committed. A frozen job gets no signal it could not take; it is killed as it is.
    func stop() async {
        guard let container, let reason = desired.record.stop else { return }
        let grace = desired.record.grace ?? desired.job.spec.gracePeriod ?? .seconds(10)
        if isKilling { return }
        // A signal has to find it awake.
        await endInspection("it is to end")
        if isKilling || isFinished { return }
        let isFrozen = observation.state == .paused
        if isFrozen || grace <= .zero || reason == .outOfMemory { return await kill() }
        if let signalled = observation.stopSignalledAt { return armGrace(grace, since: signalled) }
        observation.state = .stopping
        do { try container.signal(stopSignal) } catch {
            logger.notice("stop signal not delivered", metadata: ["attempt": "\(id)", "error": "\(error)"])
        }
        let now = services.clock.now().boot
        observation.stopSignalledAt = now
        armGrace(grace, since: now)
        await report()
    }

    /// The job has its grace period once, also when a restart of the daemon or another request comes in between.
    private func armGrace(_ grace: TimeSpan, since signalled: BootTime) {
        if let graceTimer { services.reactor.cancel(graceTimer) }
        let at = UInt64(max(1, signalled.nanoseconds + grace.nanoseconds))
        graceTimer = services.reactor.at(bootNanoseconds: at) { [weak self] in Task { await self?.kill() } }
    }

    private func kill() async {
        guard !isFinished, !isKilling else { return }
        isKilling = true
        if observation.state != .stopping {
            observation.state = .stopping
            await report()
        }
        // Without its groups it ends with PID 1: the whole pid namespace does.
        guard let group else { return killMonitorAlone() }
        do {
            try await kill(.job, of: group)
        } catch {
            logger.error("job could not be killed", metadata: ["attempt": "\(id)", "error": "\(error)"])
        }
        // PID 1 reaps and writes the record; one that does not within 5 s is killed too, and the attempt ends as decided.
        let at = UInt64(services.clock.now().boot.nanoseconds) + 5_000_000_000
        services.reactor.at(bootNanoseconds: at) { [weak self] in Task { await self?.killMonitor() } }
    }

    private func killMonitorAlone() {
        do { try container?.monitor.signal(9) } catch {
            logger.error("PID 1 could not be killed", metadata: ["attempt": "\(id)", "error": "\(error)"])
        }
    }

    private func killMonitor() async {
        guard !isFinished, let group else { return }
        await killEverything(group)
    }
}
