import Cgroups
import JobModel
import Logging

extension Supervisor {
    /// The one switch: frozen while a pause stands or the attempt has no cores (contract §2).
    func freezeOrThaw() async {
        guard let group else { return }
        if desired.frozen, observation.state != .paused, !freezeGivenUp {
            await freeze(group)
        } else if !desired.frozen, observation.state == .paused {
            await thaw(group)
        }
    }

    private func freeze(_ group: AttemptGroup) async {
        observation.state = .pausing
        observation.freezeFailed = false
        observation.note = nil
        await report()
        let limit = UInt64(services.settings.freezeTimeout.milliseconds)
        do {
            try await services.work.run { try group.freeze(deadlineMilliseconds: limit) }
            guard !isFinished else { return }
            observation.pausedSince = services.clock.now().boot
            observation.state = .paused
            disarmLimits()
        } catch {
            guard !isFinished else { return }
            freezeGivenUp = true
            observation.freezeFailed = true
            observation.note = "\(error)"
            observation.state = .running
        }
        await report()
        kick()
    }

    private func thaw(_ group: AttemptGroup) async {
        observation.state = .resuming
        await report()
        do {
            try await services.work.run { try group.thaw() }
        } catch {
            logger.error("thaw failed", metadata: ["attempt": "\(id)", "error": "\(error)"])
            observation.note = "\(error)"
        }
        guard !isFinished else { return }
        endPause(at: services.clock.now().boot)
        observation.state = .running
        armLimits()
        await report()
        kick()
    }
}
