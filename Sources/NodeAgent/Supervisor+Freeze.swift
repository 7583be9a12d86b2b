import Cgroups
import JobModel
import Logging

extension Supervisor {
    /// The one switch: frozen while a pause stands or the attempt has no cores (contract §2).
    ///
    /// - Parameter mayRun: its cores are in force; without them it stays frozen, because others may have those it had.
    func freezeOrThaw(mayRun: Bool) async {
        let isNew = observation.freezeGeneration != desired.freezeGeneration
        observation.freezeGeneration = desired.freezeGeneration
        if desired.frozen, observation.state != .paused, !freezeGivenUp {
            guard let group else { return await freezeFailed("freeze: its control groups are gone") }
            await freeze(group)
        } else if !desired.frozen, observation.state == .paused, mayRun, let group {
            await thaw(group)
        } else if isNew {
            // It is as wanted already: only the answer is missing.
            await report()
        }
    }

    private func freeze(_ group: AttemptGroup) async {
        observation.state = .pausing
        observation.freezeFailed = false
        observation.note = nil
        await report()
        let limit = UInt64(services.settings.freezeTimeout.milliseconds)
        // A thaw that comes after the freeze would undo it.
        await lettingGo?.value
        do {
            // A thousand processes take some 7 ms.
            let isFrozen = try await services.work.untilTrue(withinMilliseconds: limit, glance: 25, first: { try group.requestFreeze() }) {
                try group.isFrozen(within: $0)
            }
            if !isFrozen { throw try await services.work.run { group.giveUpFreezing(afterMilliseconds: limit) } }
            guard !isFinished else { return }
            observation.pausedSince = services.clock.now().boot
            observation.state = .paused
            disarmLimits()
        } catch {
            // One that only could not be looked at may stand.
            if error is CgroupError { _ = try? await services.work.run { try group.requestThaw() } }
            guard !isFinished else { return }
            return await freezeFailed("\(error)")
        }
        await report()
        kick()
    }

    private func freezeFailed(_ why: String) async {
        freezeGivenUp = true
        observation.freezeFailed = true
        observation.note = why
        observation.state = .running
        await report()
        kick()
    }

    private func thaw(_ group: AttemptGroup) async {
        await endInspection("it was resumed")
        if !thawIsLate {
            observation.state = .resuming
            await report()
        }
        do {
            let isThawed = try await services.work.untilTrue(
                withinMilliseconds: AttemptGroup.thawMilliseconds, first: { try group.requestThaw() }
            ) { try group.isThawed(within: $0) }
            if !isThawed { throw group.stillFrozen() }
        } catch {
            guard !isFinished else { return }
            return await thawFailed(error)
        }
        guard !isFinished else { return }
        thawIsLate = false
        observation.note = nil
        endPause(at: services.clock.now().boot)
        observation.state = .running
        armLimits()
        await report()
        kick()
    }

    /// It stands still, so it is not told as running; tried again until it goes or the attempt is stopped.
    private func thawFailed(_ error: any Error) async {
        if !thawIsLate { logger.error("thaw failed", metadata: ["attempt": "\(id)", "error": "\(error)"]) }
        thawIsLate = true
        observation.state = .paused
        observation.note = "\(error)"
        await report()
        lookAgainLater()
    }
}
