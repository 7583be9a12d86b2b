import Cgroups
import Containers
import JobModel
import LinuxSys
import Logging
import Synchronization

/// PID 1s cloned ahead for the users whose jobs started last: a start that finds one need not make namespaces, groups and kernel file systems.
///
/// Each is used once and by one user. They are made while nothing else starts, and end with the daemon.
final class SparePool: Sendable {
    struct Ready: Sendable {
        let container: SpareContainer
        let group: AttemptGroup
    }

    fileprivate struct State {
        /// The oldest first.
        var ready: [Ready] = []
        var making: [ContainerBase: Int] = [:]
        /// When each start that is under way began, on the boot clock.
        var starting: [AttemptID: UInt64] = [:]
        /// What started last and is to be made anew, once the machine has nothing better to do.
        var wanted: ContainerBase?
        var isDue = false
        /// A start stands in the way, and in a while it is looked again.
        var looksAgain = false
        var number = 0
        /// Being made, or being removed because that failed.
        var underWay = 0
        /// Waits until nothing is.
        var idle: [CheckedContinuation<Void, Never>] = []
        /// Grows with each launcher that dies: what one of them was asked for comes too late.
        var generation = 0
        var isClosed = false
        /// The last one could not be made.
        var fails = false

        func count(_ base: ContainerBase) -> Int { ready.count { $0.container.base == base } + (making[base] ?? 0) }
    }

    /// A start that takes longer waits for something, such as its submitter's server, and is in nobody's way.
    private static let nanosecondsOfAStart: UInt64 = 1_000_000_000
    /// Ready for one base, and as many again for others.
    private let size: Int
    /// Makes names differ from those of another daemon's time.
    private let token: String
    private let groups: GroupParent
    private let work: WorkQueue
    private let reactor: Reactor
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameter size: how many wait for one user; 0 for none.
    init(size: Int, token: String, groups: GroupParent, work: WorkQueue, reactor: Reactor, logger: Logger) {
        self.size = size
        self.token = token
        self.groups = groups
        self.work = work
        self.reactor = reactor
        self.logger = logger
    }

    /// Takes one that has this base; nil when none is ready.
    func take(_ base: ContainerBase, _ runtime: ContainerRuntime) -> Ready? {
        while true {
            let found = state.withLock { state -> Ready? in
                state.ready.firstIndex { $0.container.base == base }.map { state.ready.remove(at: $0) }
            }
            guard let found else { return nil }
            if runtime.holds(found.container) { return found }
            remove(found, runtime)
        }
    }

    /// A start begins; `started` has to follow.
    func starting(_ attempt: AttemptID) { state.withLock { $0.starting[attempt] = bootNanoseconds() } }

    /// A start is over. Another of the same base is likely, so what it took is made anew: a moment later, because a short job ends now.
    func started(_ attempt: AttemptID, _ base: ContainerBase?, _ runtime: ContainerRuntime) {
        let mustWait = state.withLock { state in
            state.starting[attempt] = nil
            guard let base, Self.serves(base), !state.isClosed else { return false }
            state.wanted = base
            defer { state.isDue = true }
            return !state.isDue
        }
        guard mustWait else { return }
        reactor.at(bootNanoseconds: bootNanoseconds() + 10_000_000) { [self] in
            state.withLock { $0.isDue = false }
            refillIfQuiet(runtime)
        }
    }

    /// Makes what is wanted unless something starts; what starts then asks again, and if it hangs this does.
    func refillIfQuiet(_ runtime: ContainerRuntime) {
        let now = bootNanoseconds()
        let (base, mustWait) = state.withLock { state -> (ContainerBase?, Bool) in
            guard let wanted = state.wanted else { return (nil, false) }
            guard state.starting.values.allSatisfy({ now >= $0 + Self.nanosecondsOfAStart }) else {
                defer { state.looksAgain = true }
                return (nil, !state.looksAgain)
            }
            state.wanted = nil
            return (wanted, false)
        }
        if let base { refill(base, runtime) }
        guard mustWait else { return }
        reactor.at(bootNanoseconds: now + Self.nanosecondsOfAStart) { [self] in
            state.withLock { $0.looksAgain = false }
            refillIfQuiet(runtime)
        }
    }

    /// Devices and the machine's network are asked for too seldom.
    static func serves(_ base: ContainerBase) -> Bool { base.network == .none && base.devices.isEmpty }

    private func refill(_ base: ContainerBase, _ runtime: ContainerRuntime) {
        // One that somebody killed would keep its place until a start came upon it.
        for dead in state.withLock({ $0.takeDead(runtime) }) { remove(dead, runtime) }
        let (name, evicted, generation) = state.withLock { state -> (String?, Ready?, Int) in
            guard !state.isClosed, state.count(base) < size else { return (nil, nil, 0) }
            let isFull = state.ready.count + state.making.values.reduce(0, +) >= 2 * size
            let evicted = isFull ? state.ready.firstIndex { $0.container.base != base }.map { state.ready.remove(at: $0) } : nil
            state.making[base, default: 0] += 1
            state.number += 1
            state.underWay += 1
            return ("spare-\(token)-\(state.number)", evicted, state.generation)
        }
        if let evicted { remove(evicted, runtime) }
        guard let name else { return }
        Task {
            await make(name, base, runtime, generation)
            let idle = state.withLock { state in
                state.underWay -= 1
                return state.underWay == 0 ? state.takeIdle() : []
            }
            for continuation in idle { continuation.resume() }
        }
    }

    private func make(_ name: String, _ base: ContainerBase, _ runtime: ContainerRuntime, _ generation: Int) async {
        var group: AttemptGroup?
        do {
            let groups = groups
            let (made, entry) = try await work.run {
                let group = try groups.prepare(name)
                do {
                    let entry = try group.entry(devices: DeviceRule.containerDefault)
                    if let uid = base.map.outside(user: 0), let gid = base.map.outside(group: 0) { try group.allowEntry(uid: uid, gid: gid) }
                    return (group, entry)
                } catch {
                    group.removeInBackground()
                    throw error
                }
            }
            group = made
            let ready = Ready(container: try await runtime.prepare(base, groups: entry), group: made)
            let isWanted = state.withLock { state in
                state.finish(base)
                state.fails = false
                guard !state.isClosed, state.generation == generation else { return false }
                state.ready.append(ready)
                // One after the other, so that a start is never behind several.
                if state.count(base) < size { state.wanted = state.wanted ?? base }
                return true
            }
            if isWanted { refillIfQuiet(runtime) } else { remove(ready, runtime) }
        } catch {
            // Each start asks for more of them, so the first failure tells, and the others only to who looks closely.
            let level = state.withLock { state -> Logger.Level in
                state.finish(base)
                // The launcher's death is told elsewhere.
                if state.isClosed || state.generation != generation { return .debug }
                defer { state.fails = true }
                return state.fails ? .debug : .notice
            }
            group?.removeInBackground()
            logger.log(level: level, "no PID 1 could be cloned ahead: starts take longer", metadata: ["error": "\(error)"])
        }
    }

    /// Ends all of them, as those of a launcher that died. More may be made.
    func clear(_ runtime: ContainerRuntime) {
        let all = state.withLock { state in
            defer { state.ready = [] }
            state.generation += 1
            return state.ready
        }
        for ready in all { remove(ready, runtime) }
    }

    /// Ends all of them, and those that are being made; no more are.
    func close(_ runtime: ContainerRuntime) {
        state.withLock { $0.isClosed = true }
        clear(runtime)
    }

    /// Returns once none is being made: its groups are where they are found, or are being removed.
    func waitUntilIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.underWay > 0 { state.idle.append(continuation) }
                return state.underWay == 0
            }
            if isIdle { continuation.resume() }
        }
    }

    private func remove(_ ready: Ready, _ runtime: ContainerRuntime) {
        runtime.discard(ready.container)
        ready.group.removeInBackground()
    }
}

extension SparePool.State {
    fileprivate mutating func takeIdle() -> [CheckedContinuation<Void, Never>] {
        defer { idle = [] }
        return idle
    }

    fileprivate mutating func takeDead(_ runtime: ContainerRuntime) -> [SparePool.Ready] {
        let all = ready.map { ($0, lives: runtime.holds($0.container)) }
        ready = all.filter(\.lives).map(\.0)
        return all.filter { !$0.lives }.map(\.0)
    }

    fileprivate mutating func finish(_ base: ContainerBase) {
        making[base, default: 1] -= 1
        if making[base] == 0 { making[base] = nil }
    }
}
