internal import CLinuxSys
import Glibc
internal import Synchronization

/// An open file description's number, owned: closed when the last reference goes. Always close-on-exec.
///
/// The object can be shared between tasks; `close()` must not race with a use of `rawValue` elsewhere.
public final class Descriptor: Sendable {
    private let number: Atomic<Int32>
    private let isOwned: Bool

    /// Takes ownership of an open descriptor number.
    public init(adopting number: Int32) {
        self.number = Atomic(number)
        isOwned = true
    }

    /// Refers to a descriptor that somebody else closes, like 0, 1 and 2.
    public init(borrowing number: Int32) {
        self.number = Atomic(number)
        isOwned = false
    }

    deinit { close() }

    /// The kernel's number; -1 once closed or released.
    public var rawValue: Int32 { number.load(ordering: .acquiring) }

    /// Whether it was closed or released.
    public var isClosed: Bool { rawValue < 0 }

    /// Closes now instead of at the end of the last reference; a second call does nothing. Errors of close(2) are without meaning on Linux.
    public func close() {
        let old = number.exchange(-1, ordering: .acquiringAndReleasing)
        if isOwned, old >= 0 { _ = Glibc.close(old) }
    }

    /// Gives the number away without closing it; the caller closes it.
    public func release() -> Int32 { number.exchange(-1, ordering: .acquiringAndReleasing) }

    /// A second number for the same open file description (fcntl(2) F_DUPFD_CLOEXEC), not below `atLeast`.
    public func duplicate(atLeast lowest: Int32 = 0) throws(SystemError) -> Descriptor {
        Descriptor(adopting: Int32(try check(berth_sys_fcntl(rawValue, Int32(BERTH_F_DUPFD_CLOEXEC), Int(lowest)), "dup")))
    }

    /// The path that leads to this open file through procfs, for calls that take no descriptor.
    public var procPath: String { "/proc/self/fd/\(rawValue)" }

    /// Where the open file lies, without links; of one that was removed the kernel's own name for it (proc_pid_fd(5)).
    public func path() throws(SystemError) -> String { try LinuxSys.readLink(procPath) }

    /// What the kernel calls this open file (readlink of `procPath`); for messages only.
    public var displayPath: String { (try? LinuxSys.readLink(procPath)) ?? "descriptor \(rawValue)" }
}

extension Descriptor: CustomStringConvertible {
    /// `descriptor 7`.
    public var description: String { "descriptor \(rawValue)" }
}

/// The target of a symbolic link (readlink(2)), a link of procfs included.
public func readLink(_ path: String) throws(SystemError) -> String {
    try Descriptor.workingDirectory.readLink(path)
}
