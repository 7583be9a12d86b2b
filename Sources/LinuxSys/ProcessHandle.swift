internal import CLinuxSys
import Glibc

/// How a process ended (waitid(2)).
public enum ProcessEnd: Sendable, Hashable {
    /// It exited with this code.
    case exited(Int32)
    /// A signal ended it.
    case killed(signal: Int32, coreDumped: Bool)

    /// The code a shell would give: the exit code, or 128 + signal.
    public var shellStatus: Int32 {
        switch self {
        case .exited(let code): code
        case .killed(let signal, _): 128 + signal
        }
    }
}

/// A process held by a pidfd, so that its number cannot come to mean another (pidfd_open(2)).
public struct ProcessHandle: Sendable {
    /// Its number in our pid namespace.
    public let pid: Int32
    /// Readable once the process ended.
    public let descriptor: Descriptor

    /// Takes a pidfd that is known to belong to `pid`.
    public init(pid: Int32, descriptor: Descriptor) {
        self.pid = pid
        self.descriptor = descriptor
    }

    /// Opens the process that has the number now; ESRCH if none. Compare `startTime` with a stored one to know that it is the one meant.
    public init(pid: Int32) throws(SystemError) {
        self.pid = pid
        descriptor = Descriptor(adopting: Int32(try check(berth_sys_pidfd_open(pid, 0), "pidfd_open", "pid \(pid)")))
    }

    /// Opens the process only if it started at `startTime` (clock ticks since boot, `/proc/PID/stat`); nil if it is gone or another.
    public static func open(pid: Int32, startTime: UInt64) throws(SystemError) -> ProcessHandle? {
        do throws(SystemError) {
            let handle = try ProcessHandle(pid: pid)
            // The pidfd is open: as long as it is alive, the stat read now is its own.
            guard try ProcessStatus(pid: pid).startTime == startTime, handle.isAlive else { return nil }
            return handle
        } catch {
            if error.isNoSuchProcess || error.isNotFound { return nil }
            throw error
        }
    }

    /// Sends a signal (pidfd_send_signal(2)); ESRCH once it ended and was reaped.
    public func signal(_ number: Int32) throws(SystemError) {
        _ = try check(berth_sys_pidfd_send_signal(descriptor.rawValue, number), "signal \(number)", "pid \(pid)")
    }

    /// Whether it has not ended yet; a zombie has.
    public var isAlive: Bool {
        guard let ready = try? poll(descriptor, for: .readable, milliseconds: 0) else { return false }
        return ready.isEmpty
    }

    /// Waits until it ended; false when the time passed. For any process, not only children; the exit status stays with its parent.
    public func waitUntilEnded(milliseconds: Int32?) throws(SystemError) -> Bool {
        try !poll(descriptor, for: .readable, milliseconds: milliseconds).isEmpty
    }

    /// Waits for a child of ours and reaps it (waitid(2) with P_PIDFD); nil when `block` is off and it still runs.
    public func wait(block: Bool = true) throws(SystemError) -> ProcessEnd? {
        var pid: Int32 = 0
        var code: Int32 = 0
        var status: Int32 = 0
        let options = Int32(WEXITED) | (block ? 0 : Int32(WNOHANG))
        let result = uninterrupted { berth_sys_waitid(3, descriptor.rawValue, options, &pid, &code, &status) }
        _ = try check(result, "wait for", "pid \(self.pid)")
        if pid == 0 { return nil }
        // CLD_EXITED is 1, CLD_KILLED 2, CLD_DUMPED 3.
        return code == 1 ? .exited(status) : .killed(signal: status, coreDumped: code == 3)
    }

    /// A copy of one of its descriptors (pidfd_getfd(2)); needs the right to trace it.
    public func copyDescriptor(_ number: Int32) throws(SystemError) -> Descriptor {
        let result = berth_sys_pidfd_getfd(descriptor.rawValue, number)
        return Descriptor(adopting: Int32(try check(result, "pidfd_getfd \(number)", "pid \(pid)")))
    }
}
