internal import CLinuxSys
import Glibc

/// What a descriptor is ready for (epoll_ctl(2)).
public struct Readiness: OptionSet, Sendable, Hashable {
    /// The kernel's bits.
    public let rawValue: UInt32
    /// Bits of the kernel.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Something can be read, or a pidfd's process ended.
    public static let readable = Readiness(rawValue: 0x001)
    /// A priority event, such as a change of a cgroup's `events` file.
    public static let priority = Readiness(rawValue: 0x002)
    /// Something can be written.
    public static let writable = Readiness(rawValue: 0x004)
    /// An error; always reported.
    public static let error = Readiness(rawValue: 0x008)
    /// The other end is gone; always reported.
    public static let hangUp = Readiness(rawValue: 0x010)
    /// The other end will send no more.
    public static let peerClosed = Readiness(rawValue: 0x2000)
    /// Reports changes only, not the state.
    public static let edge = Readiness(rawValue: 1 << 31)
    /// One report, then nothing until `change`.
    public static let once = Readiness(rawValue: 1 << 30)
}

/// Waits for many descriptors (epoll(7)). Waiting blocks the thread; give it one of its own.
public final class Poller: Sendable {
    private let epoll: Descriptor

    /// A poller that watches nothing.
    public init() throws(SystemError) {
        epoll = Descriptor(adopting: Int32(try check(berth_sys_epoll_create(Int32(BERTH_O_CLOEXEC)), "epoll_create")))
    }

    /// Watches a descriptor; `token` comes back with its events.
    public func add(_ descriptor: Descriptor, _ readiness: Readiness, token: UInt64) throws(SystemError) {
        _ = try check(berth_sys_epoll_control(epoll.rawValue, 1, descriptor.rawValue, readiness.rawValue, token), "epoll_ctl add")
    }

    /// Changes what is watched for.
    public func change(_ descriptor: Descriptor, _ readiness: Readiness, token: UInt64) throws(SystemError) {
        _ = try check(berth_sys_epoll_control(epoll.rawValue, 3, descriptor.rawValue, readiness.rawValue, token), "epoll_ctl change")
    }

    /// Stops watching; do it before the descriptor closes if it has duplicates.
    public func remove(_ descriptor: Descriptor) throws(SystemError) {
        _ = try check(berth_sys_epoll_control(epoll.rawValue, 2, descriptor.rawValue, 0, 0), "epoll_ctl remove")
    }

    /// Waits for events, at most 64 a call; nil waits for ever, empty means the time passed or a signal came.
    public func wait(milliseconds: Int32?) throws(SystemError) -> [(token: UInt64, readiness: Readiness)] {
        var events = [UInt32](repeating: 0, count: 64)
        var tokens = [UInt64](repeating: 0, count: 64)
        let found = berth_sys_epoll_wait(epoll.rawValue, &events, &tokens, 64, milliseconds ?? -1)
        if found == -Int(EINTR) { return [] }
        return (0..<(try check(found, "epoll_wait"))).map { (tokens[$0], Readiness(rawValue: events[$0])) }
    }
}

/// Waits for one descriptor (poll(2)); empty when the time passed. Blocks the thread.
public func poll(_ descriptor: Descriptor, for readiness: Readiness, milliseconds: Int32?) throws(SystemError) -> Readiness {
    var request = pollfd(fd: descriptor.rawValue, events: Int16(truncatingIfNeeded: readiness.rawValue), revents: 0)
    while true {
        let result = Glibc.poll(&request, 1, milliseconds ?? -1)
        if result >= 0 { return Readiness(rawValue: UInt32(UInt16(bitPattern: request.revents))) }
        let number = Glibc.errno
        // A signal starts the wait anew; callers give short times.
        if number != EINTR { throw SystemError("poll", descriptor.description, errno: number) }
    }
}
