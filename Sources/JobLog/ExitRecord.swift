/// How an attempt ended, as PID 1 saw it; written with one `write` into a preallocated file.
public struct ExitRecord: Equatable, Sendable {
    /// What became of the job's process.
    public enum Outcome: Equatable, Sendable {
        /// Its wait status (wait(2)).
        case ended(waitStatus: Int32)
        /// The launch failed: raw values of `LaunchFailure`.
        case startFailed(stage: UInt8, index: UInt16, errno: Int32)
    }

    /// The format this code writes, and the latest one it reads. Another number is for what an earlier reader would take for something else;
    /// what it may leave out goes into unused bytes under the same number, and is 0 in earlier records.
    public static let version: UInt16 = 1
    /// Of its own and earlier versions: jobs outlive an upgrade.
    public static var readable: ClosedRange<UInt16> { 1...version }
    /// Bytes of the encoding, in every format; each begins with magic number and version and ends with a checksum.
    public static let size = 256

    /// Bytes of `failure` at most.
    public static let failureSize = 119

    /// How it ended.
    public var outcome: Outcome
    /// What of a failed launch was tried on what, such as `mount proc on /proc`; a longer one loses its middle.
    public var failure: [UInt8] = []
    /// CLOCK_BOOTTIME at the exec; 0 when there was none.
    public var startBootNanoseconds: UInt64 = 0
    /// CLOCK_BOOTTIME when the main process was reaped.
    public var endBootNanoseconds: UInt64 = 0
    /// Of all processes PID 1 reaped.
    public var usage = ProcessUsage()
    /// Some of the processes were in a dump, and the kernel's counters of what restored them begin anew: `usage` is the least that was used.
    public var isUsagePartial = false
    /// Bytes printed by the job that are in the log or its files.
    public var logBytesKept: UInt64 = 0
    /// Bytes printed by the job that are not.
    public var logBytesDropped: UInt64 = 0

    /// A record without times and usage.
    public init(outcome: Outcome) {
        self.outcome = outcome
    }
}

/// Resource usage of all reaped processes of a job (getrusage(2), RUSAGE_CHILDREN).
public struct ProcessUsage: Equatable, Sendable {
    /// Cpu time in user mode.
    public var userMicroseconds: UInt64 = 0
    /// Cpu time in the kernel.
    public var systemMicroseconds: UInt64 = 0
    /// Largest resident size of one process.
    public var maximumResidentKilobytes: UInt64 = 0
    /// Page faults without input.
    public var minorFaults: UInt64 = 0
    /// Page faults with input.
    public var majorFaults: UInt64 = 0
    /// Context switches by waiting.
    public var voluntarySwitches: UInt64 = 0
    /// Context switches by preemption.
    public var involuntarySwitches: UInt64 = 0
    /// Blocks of 512 bytes read from disks.
    public var blocksIn: UInt64 = 0
    /// Blocks of 512 bytes written to disks.
    public var blocksOut: UInt64 = 0

    /// Nothing used.
    public init() {}
}

/// The launcher's proof that PID 1 of an attempt was cloned.
public struct ClonedStamp: Equatable, Sendable {
    /// Bytes of the encoding, in every format; each begins with the magic number, has the version at its place and ends with a checksum.
    public static let size = 112
    /// The format this code writes, and the latest one it reads.
    public static let version: UInt16 = 1
    /// Of its own and earlier versions.
    public static var readable: ClosedRange<UInt16> { 1...version }
    /// Bytes of `groupName` at most.
    public static let groupNameSize = 72
    /// The host's pid of PID 1.
    public var pid: Int32
    /// Field 22 of /proc/PID/stat: clock ticks since boot. With the pid it names one process for ever.
    public var startTicks: UInt64
    /// CLOCK_BOOTTIME of the stamp: PID 1 may have been cloned long before its job was known.
    public var bootNanoseconds: UInt64
    /// The name of the attempt's groups.
    public var groupName: [UInt8]

    /// A stamp of one process.
    public init(pid: Int32, startTicks: UInt64, bootNanoseconds: UInt64, groupName: [UInt8]) {
        self.pid = pid
        self.startTicks = startTicks
        self.bootNanoseconds = bootNanoseconds
        self.groupName = groupName
    }
}
