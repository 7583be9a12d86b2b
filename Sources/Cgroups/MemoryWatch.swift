public import JobModel
public import LinuxSys
internal import Synchronization

/// Something about an attempt's memory that its owner may want to know.
public enum MemoryEvent: Sendable, Hashable {
    /// Use reached this part of the limit, in percent.
    case reached(percent: Int)
    /// The kernel ended processes for lack of memory; how many in all.
    case outOfMemory(kills: UInt64)
}

/// Watches an attempt's memory: v1 by eventfd thresholds, v2 by polling and `memory.events`.
///
/// Put what `arm()` gives into a `Poller`, call `events()` when one is ready, and every `pollMilliseconds` if that is not nil. What was
/// reached before, or between two looks, is told by the next `events()`, because the kernel keeps the peak.
public final class MemoryWatch: Sendable {
    /// How often to call `events()` although nothing was ready; nil for never.
    public let pollMilliseconds: Int32?
    private let group: GroupDirectory
    private let thresholds: [(percent: Int, bytes: UInt64)]
    private let state: Mutex<State>

    private struct State {
        var reached: Set<Int> = []
        var kills: UInt64 = 0
        var armed: [(descriptor: Descriptor, readiness: Readiness)] = []
    }

    init(_ group: GroupDirectory, limit: Bytes, percentages: [Int], told: (percentages: Set<Int>, kills: UInt64)) {
        self.group = group
        thresholds = percentages.sorted().map { (percent: $0, bytes: limit.count / 100 * UInt64($0)) }
        pollMilliseconds = group.version == .v2 ? 1_000 : nil
        state = Mutex(State(reached: told.percentages, kills: told.kills))
    }

    /// What to wait for, each with the readiness that means news. Registers them with the kernel, which on v1 waits for a grace period of RCU
    /// for each threshold: 10 to 25 ms, so it is no part of a start.
    public func arm() throws(CgroupError) -> [(descriptor: Descriptor, readiness: Readiness)] {
        var made: [(descriptor: Descriptor, readiness: Readiness)] = []
        switch group.version {
        case .v2: made.append((try group.open("memory.events", .readOnly), .priority))
        case .v1:
            for mark in thresholds { made.append((try Self.register(group, "memory.usage_in_bytes", " \(mark.bytes)"), .readable)) }
            made.append((try Self.register(group, "memory.oom_control", ""), .readable))
        }
        let armed = made
        state.withLock { $0.armed = armed }
        return armed
    }

    /// What is new since the last call; each percentage is told once.
    public func events() throws(CgroupError) -> [MemoryEvent] {
        // Level-triggered readiness ends when the counter or file has been read.
        for (descriptor, readiness) in state.withLock({ $0.armed }) {
            if readiness == .readable { _ = try? descriptor.takeEvents() } else { _ = try? descriptor.read(upTo: 4096, at: 0) }
        }
        return events(peak: try Self.highest(group), kills: try Self.kills(group))
    }

    /// The same by counters that were read already: of a group that is about to go.
    public func events(peak: UInt64, kills: UInt64) -> [MemoryEvent] {
        state.withLock { state in
            var news: [MemoryEvent] = []
            for mark in thresholds where peak >= mark.bytes && state.reached.insert(mark.percent).inserted {
                news.append(.reached(percent: mark.percent))
            }
            if kills > state.kills {
                state.kills = kills
                news.append(.outOfMemory(kills: kills))
            }
            return news
        }
    }

    /// The group's peak: a peak between two looks is news too. Groups are used once, so it starts at zero.
    private static func highest(_ group: GroupDirectory) throws(CgroupError) -> UInt64 {
        switch group.version {
        case .v2: try group.has("memory.peak") ? group.readNumber("memory.peak") : group.readNumber("memory.current")
        case .v1: try group.readNumber("memory.max_usage_in_bytes")
        }
    }

    private static func kills(_ group: GroupDirectory) throws(CgroupError) -> UInt64 {
        try group.readTable(group.version == .v2 ? "memory.events" : "memory.oom_control")["oom_kill"] ?? 0
    }

    /// Asks v1 to count up an eventfd (cgroup-v1/memory.rst, "Memory thresholds" and "OOM Control").
    private static func register(_ group: GroupDirectory, _ file: String, _ argument: String) throws(CgroupError) -> Descriptor {
        let watched = try group.open(file, .readOnly)
        let event: Descriptor
        do throws(SystemError) { event = try Descriptor.eventCounter() } catch {
            throw CgroupError("watch \(file)", group.path, cause: error)
        }
        try group.write("cgroup.event_control", "\(event.rawValue) \(watched.rawValue)\(argument)")
        return event
    }
}

extension AttemptGroup {
    /// Watches the attempt's memory for parts of a limit being reached and for kills by the kernel.
    ///
    /// - Parameter told: percentages and number of kills that an earlier watch told already.
    public func watchMemory(
        limit: Bytes, percentages: [Int] = [80, 95], told: (percentages: Set<Int>, kills: UInt64) = ([], 0)
    ) throws(CgroupError) -> MemoryWatch {
        MemoryWatch(try holding(.memory), limit: limit, percentages: percentages, told: told)
    }
}
