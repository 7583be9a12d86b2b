import Cgroups
import Containers
import JobModel
import LinuxSys
import Logging

extension Supervisor {
    /// Arms the time limit and the warning before it, on the boot clock; both stand still while the job is frozen.
    func armLimits() {
        disarmLimits()
        guard observation.state != .paused, standstill == nil, let started = observation.startedAt else { return }
        let end = started.boot + desired.job.timeLimit + observation.pausedFor
        limitTimer = services.reactor.at(bootNanoseconds: UInt64(max(0, end.nanoseconds))) { [weak self] in
            Task { await self?.limitReached() }
        }
        guard let warning = desired.job.spec.warning, !observation.warned else { return }
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
        for timer in [graceTimer, memorySignalTimer] { timer.map { services.reactor.cancel($0) } }
        memorySignalTimer = nil
        for token in memoryTokens.takeAll() { services.reactor.cancel(token) }
    }

    private func limitReached() async {
        guard !isFinished, observation.state != .paused, standstill == nil, desired.record.stop == nil else { return }
        await observer.requestStop(id, .timedOut)
    }

    private func warn() async {
        guard !isFinished, !observation.warned, standstill == nil, let warning = desired.job.spec.warning,
            let number = SignalName.number(warning.signal)
        else { return }
        // Noted before it is sent: most programs die of a second one, but hardly any of none.
        observation.warned = true
        await report()
        try? container?.signal(number)
        await observer.noticed(id, .warningSignal, "\(warning.signal), \(warning.before) before the time limit")
    }

    // MARK: Memory

    /// Begins to watch a little after the start: a job that is shorter costs the kernel no registration, and what it reached is told at its end.
    func watchMemory() {
        let told = (Set(observation.thresholdsTold), observation.killsTold)
        let marks = services.settings.memoryThresholds
        guard let watch = try? group?.watchMemory(limit: desired.job.demand.memory, percentages: marks, told: told) else { return }
        memoryWatch = watch
        memoryTokens.keep(
            services.reactor.at(bootNanoseconds: UInt64(services.clock.now().boot.nanoseconds) + 200_000_000) { [weak self] in
                Task { await self?.armMemoryWatch(watch) }
            })
    }

    private func armMemoryWatch(_ watch: MemoryWatch) async {
        do {
            let armed = try await services.work.run { try watch.arm() }
            guard !isFinished, memoryWatch != nil else { return }
            for (descriptor, readiness) in armed {
                let token = try services.reactor.watch(descriptor, readiness.union(.edge)) { [weak self] _ in
                    Task { await self?.memoryChanged(watch) }
                    return true
                }
                memoryTokens.keep(token)
            }
            if let period = watch.pollMilliseconds { pollMemory(watch, UInt64(period)) }
        } catch {
            if !isFinished { logger.notice("memory events are not to be had", metadata: ["attempt": "\(id)", "error": "\(error)"]) }
        }
        await memoryChanged(watch)
    }

    private func pollMemory(_ watch: MemoryWatch, _ milliseconds: UInt64) {
        let at = UInt64(services.clock.now().boot.nanoseconds) + milliseconds * 1_000_000
        let token = services.reactor.at(bootNanoseconds: at) { [weak self] in
            Task {
                await self?.memoryChanged(watch)
                await self?.pollMemoryAgain(watch, milliseconds)
            }
        }
        memoryTokens.follow(with: token)
    }

    private func pollMemoryAgain(_ watch: MemoryWatch, _ milliseconds: UInt64) {
        if !isFinished { pollMemory(watch, milliseconds) }
    }

    private func memoryChanged(_ watch: MemoryWatch) async {
        guard !isFinished, let events = try? await services.work.run({ try watch.events() }), !events.isEmpty else { return }
        await tell(events)
        if !isFinished { await report() }
    }

    /// What the counters say at the end, for what was too short to be seen.
    func tellLastMemoryEvents(_ usage: Usage) async {
        guard let watch = memoryWatch else { return }
        memoryWatch = nil
        await tell(watch.events(peak: usage.memoryPeak?.count ?? 0, kills: usage.outOfMemoryKills ?? 0))
    }

    private func tell(_ events: [MemoryEvent]) async {
        for event in events {
            switch event {
            case .reached(let percent):
                observation.thresholdsTold.append(percent)
                await observer.noticed(id, .memoryThreshold, "\(percent) % of \(desired.job.demand.memory)")
            case .outOfMemory(let kills):
                observation.killsTold = kills
                await observer.noticed(id, .outOfMemory, "\(kills) processes killed by the kernel")
            }
        }
    }
}

/// Tokens of the reactor that are given back together: watches and timers that last, and one timer that each follows the last.
struct WatchTokens {
    private var lasting: [UInt64] = []
    private var timer: UInt64?

    mutating func keep(_ token: UInt64) { lasting.append(token) }

    /// The one before has fired.
    mutating func follow(with token: UInt64) { timer = token }

    mutating func takeAll() -> [UInt64] {
        defer { self = WatchTokens() }
        return lasting + [timer].compactMap { $0 }
    }
}
