import JobLog
import LaunchProgram
public import LinuxSys

/// A started container, held by its PID 1's pidfd and its run directory: also after a restart of the daemon.
public struct Container: Sendable {
    public let name: String
    /// PID 1: the monitor. Its descriptor is readable once it ended.
    public let monitor: ProcessHandle
    public let runDirectory: Descriptor
    /// The name of its groups.
    public let groupName: String
    /// CLOCK_BOOTTIME of the job's exec, in nanoseconds; for an adopted one of the moment before.
    public let startedBootNanoseconds: UInt64?
    /// What PID 1 answers; nil for an adopted one.
    let exchange: Exchange?

    /// Calls `handler` once PID 1 has written the record, which is sooner than its end can be seen; not for an adopted one. It must not block.
    public func whenRecorded(_ handler: @escaping @Sendable () -> Void) { exchange?.whenExited(handler) }

    /// Sends a control message; false when PID 1 does not listen any more.
    private func control(_ message: ControlMessage) throws(SystemError) {
        // Non-blocking: ENXIO once PID 1 has ended, and a full FIFO must not hold the daemon up.
        let fifo = try runDirectory.open(at: RunFile.control.string, [.writeOnly, .nonBlocking, .noFollow])
        try fifo.write(message.encoded())
    }

    /// Sends a signal to the job's main process, or to all of them.
    public func signal(_ number: Int32, toAll: Bool = false) throws(SystemError) {
        let value = UInt8(clamping: number)
        try control(toAll ? .signalAll(value) : .signalMain(value))
    }

    public func resize(rows: UInt16, columns: UInt16) throws(SystemError) {
        try control(.resize(LaunchTerminalSize(rows: rows, columns: columns)))
    }

    /// Ends the job's standard input.
    public func closeInput() throws(SystemError) { try control(.closeInput) }

    /// The job's standard input, for a job that a client feeds; non-blocking.
    public func input() throws(SystemError) -> Descriptor {
        try runDirectory.open(at: RunFile.input.string, [.writeOnly, .nonBlocking, .noFollow])
    }

    /// A duplicate of the master of the job's terminal, taken from PID 1 (pidfd_getfd(2)), so that it also works after a restart; non-blocking.
    public func terminalInput() throws(SystemError) -> Descriptor {
        for name in (try? Descriptor.open("/proc/\(monitor.pid)/fd", [.readOnly, .directory]).names()) ?? [] {
            guard let number = Int32(name), let target = try? readLink("/proc/\(monitor.pid)/fd/\(number)"), target.hasSuffix("/ptmx") else {
                continue
            }
            let master = try monitor.copyDescriptor(number)
            try master.setNonBlocking()
            return master
        }
        throw SystemError("find the terminal of", name, errno: 25)
    }

    /// Whether PID 1 got as far as the job; what never began can be started anew.
    public func hasBegun() throws(SystemError) -> Bool { try Self.hasBegun(runDirectory) }

    /// PID 1 marks the record before it lets the job go.
    static func hasBegun(_ runDirectory: Descriptor) throws(SystemError) -> Bool {
        do throws(SystemError) {
            return try runDirectory.open(at: RunFile.record.string, [.readOnly, .noFollow]).readFully(1, at: 0).first ?? 0 != 0
        } catch {
            // Cut off before it was made.
            if error.isNotFound { return false }
            throw error
        }
    }

    /// Whether PID 1 was dumped, so that its end is not the job's: a restored one goes on.
    public func isDumped() throws(SystemError) -> Bool { try Self.isDumped(runDirectory) }

    static func isDumped(_ runDirectory: Descriptor) throws(SystemError) -> Bool {
        do throws(SystemError) {
            _ = try runDirectory.open(at: RunFile.dumped.string, [.path, .noFollow])
            return true
        } catch {
            if error.isNotFound { return false }
            throw error
        }
    }

    /// How the job ended, as PID 1 wrote it.
    public func exitRecord() -> ExitEvidence { ExitEvidence(runDirectory: runDirectory) }
}

/// What a run directory says of the end.
public enum ExitEvidence: Sendable {
    /// The record is missing or torn: PID 1 did not get so far.
    case missing
    case record(ExitSummary)
    /// There is one of a later format, which is not guessed at.
    case unknownFormat(found: UInt16, latest: UInt16)

    public var summary: ExitSummary? { if case .record(let summary) = self { summary } else { nil } }
    public var isMissing: Bool { if case .missing = self { true } else { false } }

    init(runDirectory: Descriptor) {
        self = .missing
        guard let file = try? runDirectory.open(at: RunFile.record.string, [.readOnly, .noFollow]),
            let bytes = try? file.readFully(ExitRecord.size, at: 0)
        else { return }
        do throws(JobLogError) { self = .record(ExitSummary(try ExitRecord(decoding: bytes))) } catch {
            if case .unknownFormat(let found, let latest) = error { self = .unknownFormat(found: found, latest: latest) }
        }
    }
}

/// The exit record in the daemon's terms.
public struct ExitSummary: Sendable {
    /// Exit code, when it exited.
    public var exitCode: Int32?
    /// Signal, when it was killed by one.
    public var signal: Int32?
    /// When it never ran: what failed, as a daemon that looked was told.
    public var startFailure: LaunchError?
    public var startBootNanoseconds: UInt64
    public var endBootNanoseconds: UInt64
    public var minorFaults: UInt64
    public var majorFaults: UInt64
    public var voluntarySwitches: UInt64
    public var involuntarySwitches: UInt64
    /// Of 512 bytes, read from and written to disks by all processes that PID 1 reaped.
    public var blocksIn: UInt64
    public var blocksOut: UInt64
    public var userMicroseconds: UInt64
    public var systemMicroseconds: UInt64
    public var logBytesKept: UInt64
    public var logBytesDropped: UInt64
    /// It was in a dump: the context switches are the least there were.
    public var isUsagePartial: Bool

    init(_ record: ExitRecord) {
        switch record.outcome {
        case .ended(let status):
            // wait(2): low seven bits are the signal, the next byte the code.
            let number = status & 0x7f
            if number == 0 { exitCode = (status >> 8) & 0xff } else { signal = number }
        case .startFailed(let stage, let index, let number):
            // Records of an earlier version do not say what was tried.
            let detail = record.failure.isEmpty ? ByteString("operation \(index) of launch stage \(stage)") : ByteString(bytes: record.failure)
            startFailure = LaunchError(
                LaunchFailure(stage: LaunchFailure.Stage(rawValue: stage) ?? .monitor, index: index, errno: number, detail: detail))
        }
        startBootNanoseconds = record.startBootNanoseconds
        endBootNanoseconds = record.endBootNanoseconds
        minorFaults = record.usage.minorFaults
        majorFaults = record.usage.majorFaults
        voluntarySwitches = record.usage.voluntarySwitches
        involuntarySwitches = record.usage.involuntarySwitches
        blocksIn = record.usage.blocksIn
        blocksOut = record.usage.blocksOut
        userMicroseconds = record.usage.userMicroseconds
        systemMicroseconds = record.usage.systemMicroseconds
        logBytesKept = record.logBytesKept
        logBytesDropped = record.logBytesDropped
        isUsagePartial = record.isUsagePartial
    }
}
