internal import CLinuxSys
import Glibc

extension Descriptor {
    /// A counter that can be waited for (eventfd(2)); non-blocking.
    public static func eventCounter(_ value: UInt32 = 0) throws(SystemError) -> Descriptor {
        Descriptor(adopting: Int32(try check(berth_sys_eventfd(value, Int32(BERTH_O_CLOEXEC | BERTH_O_NONBLOCK)), "eventfd")))
    }

    /// Adds to an event counter or wakes who waits for it.
    public func signalEvent(_ count: UInt64 = 1) throws(SystemError) {
        try write(withUnsafeBytes(of: count) { Array($0) })
    }

    /// Takes an event counter's or a timer's count and sets it to 0; 0 if nothing happened.
    public func takeEvents() throws(SystemError) -> UInt64 {
        do throws(SystemError) {
            let bytes = try read(upTo: 8)
            return bytes.count == 8 ? bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } : 0
        } catch {
            if error.wouldBlock { return 0 }
            throw error
        }
    }

    /// A timer on the boot clock, which goes on while the machine sleeps (timerfd_create(2)); non-blocking, disarmed.
    public static func bootTimer() throws(SystemError) -> Descriptor {
        let flags = Int32(BERTH_O_CLOEXEC | BERTH_O_NONBLOCK)
        return Descriptor(adopting: Int32(try check(berth_sys_timerfd(CLOCK_BOOTTIME, flags), "timerfd_create")))
    }

    /// Arms a timer for an instant of the boot clock in nanoseconds; 0 disarms. An instant that passed fires at once.
    public func armTimer(atBootNanoseconds instant: UInt64, intervalNanoseconds: UInt64 = 0) throws(SystemError) {
        let result = berth_sys_timerfd_set(rawValue, 1, Int64(clamping: instant), Int64(clamping: intervalNanoseconds))
        _ = try check(result, "timerfd_settime")
    }
}

/// What happened to a watched directory or file (inotify(7)).
public struct FileEvent: Sendable, Hashable {
    /// Which watch.
    public var watch: Int32
    /// What, in the kernel's bits (`FileEventMask`).
    public var mask: FileEventMask
    /// The name within a watched directory; empty for the watched file itself.
    public var name: String
}

/// Kinds of file events.
public struct FileEventMask: OptionSet, Sendable, Hashable {
    /// The kernel's bits.
    public let rawValue: UInt32
    /// Bits of the kernel.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Content changed.
    public static let modified = FileEventMask(rawValue: 0x2)
    /// Closed after writing.
    public static let closedAfterWrite = FileEventMask(rawValue: 0x8)
    /// A name came by rename.
    public static let movedIn = FileEventMask(rawValue: 0x80)
    /// A name went by rename.
    public static let movedOut = FileEventMask(rawValue: 0x40)
    /// A name was made.
    public static let created = FileEventMask(rawValue: 0x100)
    /// A name was removed.
    public static let deleted = FileEventMask(rawValue: 0x200)
    /// The watched thing itself was removed.
    public static let deletedSelf = FileEventMask(rawValue: 0x400)
    /// Events were lost: look at everything anew.
    public static let overflow = FileEventMask(rawValue: 0x4000)
    /// The watch is gone.
    public static let ignored = FileEventMask(rawValue: 0x8000)
}

/// Watches files and directories for changes; `descriptor` becomes readable (inotify(7)).
public final class FileWatcher: Sendable {
    /// Readable when events wait; for a `Poller`.
    public let descriptor: Descriptor

    /// A watcher without watches; non-blocking.
    public init() throws(SystemError) {
        let flags = Int32(BERTH_O_CLOEXEC | BERTH_O_NONBLOCK)
        descriptor = Descriptor(adopting: Int32(try check(berth_sys_inotify_init(flags), "inotify_init")))
    }

    /// Watches a path; the same inode gives the same number.
    public func add(_ path: String, _ mask: FileEventMask) throws(SystemError) -> Int32 {
        Int32(try check(berth_sys_inotify_add(descriptor.rawValue, path, mask.rawValue), "watch", path))
    }

    /// Watches what an open descriptor refers to.
    public func add(_ file: Descriptor, _ mask: FileEventMask) throws(SystemError) -> Int32 { try add(file.procPath, mask) }

    /// Ends a watch.
    public func remove(_ watch: Int32) throws(SystemError) {
        _ = try check(berth_sys_inotify_remove(descriptor.rawValue, watch), "end watch \(watch)")
    }

    /// The events that wait, in order; empty if none.
    public func read() throws(SystemError) -> [FileEvent] {
        var bytes: [UInt8] = []
        do throws(SystemError) { bytes = try descriptor.read(upTo: 65_536) } catch { if !error.wouldBlock { throw error } }
        var events: [FileEvent] = []
        var at = 0
        // struct inotify_event: watch (4), mask (4), cookie (4), name length (4), name with zero bytes.
        while at + 16 <= bytes.count {
            func word(_ offset: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[at + offset + $1]) << UInt32(8 * $1) } }
            let length = Int(word(12))
            let name = bytes[(at + 16)..<min(at + 16 + length, bytes.count)].prefix { $0 != 0 }
            events.append(
                FileEvent(
                    watch: Int32(bitPattern: word(0)), mask: FileEventMask(rawValue: word(4)), name: String(decoding: name, as: UTF8.self)))
            at += 16 + length
        }
        return events
    }
}
