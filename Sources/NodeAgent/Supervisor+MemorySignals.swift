import Cgroups
import Containers
import JobModel
import LinuxSys
import Logging

/// Which shares of the memory limit were crossed: each is told once on the way up, and again only after the memory in use was clearly below it.
struct MemoryMarks {
    /// Shares whose signal was sent.
    var sent: [Int]

    /// Five points below the mark, half of a small one: a job that wavers about its mark is not signalled over and over.
    static func release(_ percent: Int) -> Int { percent >= 10 ? percent - 5 : percent / 2 }

    private static func share(_ percent: Int, of limit: Bytes) -> UInt64 { UInt64(percent) * (limit.count / 100) }

    /// The least that has to be in use before anything is to be done; nil: what falls is to be looked at too.
    func floor(_ signals: [MemorySignal], limit: Bytes) -> Bytes? {
        guard sent.isEmpty else { return nil }
        return signals.map { Bytes(Self.share($0.percent, of: limit)) }.min()
    }

    /// Takes in how much is in use, and gives the signals that are due, the lowest mark first.
    mutating func crossed(_ signals: [MemorySignal], inUse: Bytes, limit: Bytes) -> [MemorySignal] {
        sent.removeAll { inUse.count < Self.share(Self.release($0), of: limit) }
        let due = signals.sorted { $0.percent < $1.percent }
            .filter { inUse.count >= Self.share($0.percent, of: limit) && !sent.contains($0.percent) }
        sent += due.map(\.percent)
        return due
    }
}

extension Supervisor {
    /// How often the memory in use is looked at, for jobs that want a signal: the kernel tells of page cache too, which no one means, and v2 of
    /// nothing. Two small files are read.
    private static let memorySignalPeriod: UInt64 = 250_000_000

    /// Begins, or goes on after a restart of the daemon: what was signalled stands in the observation.
    func watchMemorySignals() {
        guard desired.job.spec.memorySignals?.isEmpty == false, group != nil else { return }
        let at = UInt64(services.clock.now().boot.nanoseconds) + Self.memorySignalPeriod
        memorySignalTimer = services.reactor.at(bootNanoseconds: at) { [weak self] in Task { await self?.lookAtMemory() } }
    }

    private func lookAtMemory() async {
        memorySignalTimer = nil
        guard !isFinished, !isConcluding, container != nil, let group else { return }
        // A frozen job would get it with its thaw, when it may be true no longer.
        if observation.state == .running { await signalMemory(group) }
        if !isFinished, !isConcluding, container != nil, memorySignalTimer == nil { watchMemorySignals() }
    }

    private func signalMemory(_ group: AttemptGroup) async {
        let signals = desired.job.spec.memorySignals ?? []
        let limit = desired.job.demand.memory
        var marks = MemoryMarks(sent: observation.memorySignalled)
        let floor = marks.floor(signals, limit: limit)
        let inUse = try? await services.work.run { () throws(CgroupError) -> Bytes? in
            if let floor, try group.memoryInUse() < floor { return nil }
            return try group.workingSet()
        }
        guard let inUse = inUse ?? nil, !isFinished, observation.state == .running else { return }
        let due = marks.crossed(signals, inUse: inUse, limit: limit)
        guard marks.sent != observation.memorySignalled else { return }
        // Noted before they are sent: most programs die of a second one, but hardly any of none.
        observation.memorySignalled = marks.sent
        await report()
        for signal in due {
            guard let number = SignalName.number(signal.signal) else { continue }
            try? container?.signal(number)
            await observer.noticed(id, .memorySignal, "\(signal.signal), \(inUse) in use, \(signal.percent) % of \(limit)")
        }
    }
}
