import Cgroups
import Containers
import JobModel
import LinuxSys
import Logging

extension Supervisor {
    /// Arms the time limit and the warning before it, on the boot clock; both stand still while the job is frozen.
    func armLimits() {
        disarmLimits()
        guard observation.state != .paused, let started = observation.startedAt else { return }
        let end = started.boot + desired.job.timeLimit + observation.pausedFor
        limitTimer = services.reactor.at(bootNanoseconds: UInt64(max(0, end.nanoseconds))) { [weak self] in
            Task { await self?.limitReached() }
        }
        guard let warning = desired.job.spec.warning, !warned else { return }
        let at = end.nanoseconds - warning.before.nanoseconds
        warningTimer = services.reactor.at(bootNanoseconds: UInt64(max(0, at))) { [weak self] in Task { await self?.warn() } }
    }

    func disarmLimits() {
        for timer in [limitTimer, warningTimer] { timer.map { services.reactor.cancel($0) } }
        limitTimer = nil
        warningTimer = nil
    }

    func disarm() {
        disarmLimits()
        if let graceTimer { services.reactor.cancel(graceTimer) }
        for watch in memoryWatches { services.reactor.cancel(watch) }
        memoryWatches = []
    }

    private func limitReached() async {
        guard !isFinished, observation.state != .paused, desired.record.stop == nil else { return }
        await observer.requestStop(id, .timedOut)
    }

    private func warn() async {
        guard !isFinished, !warned, let warning = desired.job.spec.warning, let number = SignalName.number(warning.signal) else { return }
        warned = true
        try? container?.signal(number)
        await observer.noticed(id, .warningSignal, "\(warning.signal), \(warning.before) before the time limit")
    }

    // MARK: Memory

    func watchMemory() {
        guard let group else { return }
        let percentages = services.settings.memoryThresholds
        do {
            let watch = try group.watchMemory(limit: desired.job.demand.memory, percentages: percentages)
            for (descriptor, readiness) in watch.descriptors {
                let token = try services.reactor.watch(descriptor, readiness.union(.edge)) { [weak self] _ in
                    Task { await self?.memoryChanged(watch) }
                    return true
                }
                memoryWatches.append(token)
            }
            if let period = watch.pollMilliseconds { pollMemory(watch, UInt64(period)) }
        } catch {
            logger.notice("memory events are not to be had", metadata: ["attempt": "\(id)", "error": "\(error)"])
        }
    }

    private func pollMemory(_ watch: MemoryWatch, _ milliseconds: UInt64) {
        let at = UInt64(services.clock.now().boot.nanoseconds) + milliseconds * 1_000_000
        let token = services.reactor.at(bootNanoseconds: at) { [weak self] in
            Task {
                await self?.memoryChanged(watch)
                await self?.pollMemoryAgain(watch, milliseconds)
            }
        }
        memoryWatches = memoryWatches.suffix(8) + [token]
    }

    private func pollMemoryAgain(_ watch: MemoryWatch, _ milliseconds: UInt64) {
        if !isFinished { pollMemory(watch, milliseconds) }
    }

    private func memoryChanged(_ watch: MemoryWatch) async {
        guard !isFinished, let events = try? await services.work.run({ try watch.events() }) else { return }
        for event in events {
            switch event {
            case .reached(let percent): await observer.noticed(id, .memoryThreshold, "\(percent) % of \(desired.job.demand.memory)")
            case .outOfMemory(let kills): await observer.noticed(id, .outOfMemory, "\(kills) processes killed by the kernel")
            }
        }
    }
}
