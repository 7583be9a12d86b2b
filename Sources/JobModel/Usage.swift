/// What an attempt used, read from the kernel before its groups go. Nil: the kernel could not count it here; never a zero in its place.
public struct Usage: Hashable, Sendable, Codable {
    public var cpuUserMicroseconds: UInt64?
    public var cpuSystemMicroseconds: UInt64?
    public var throttledMicroseconds: UInt64?
    public var throttledPeriods: UInt64?
    public var memoryPeak: Bytes?
    public var outOfMemoryKills: UInt64?
    public var pidsPeak: UInt64?
    /// By size, of jobs that asked for some.
    public var hugePages: [HugePageUsage]?
    public var readBytes: UInt64?
    public var writtenBytes: UInt64?
    public var readOperations: UInt64?
    public var writeOperations: UInt64?
    /// True where buffered write-back was not attributed (v1).
    public var ioPartial: Bool?
    public var logBytes: UInt64?
    public var logDroppedBytes: UInt64?
    /// Of the group; where it does not count them, and for the switches always, of what PID 1 reaped (wait4(2)).
    public var minorFaults: UInt64?
    public var majorFaults: UInt64?
    public var voluntarySwitches: UInt64?
    public var involuntarySwitches: UInt64?
    /// True where both are the least that it can have been: the job was on disk meanwhile, and the kernel tells of no other's ended threads.
    public var switchesPartial: Bool?
    /// How often the attempt was refused memory at its limit, so that the kernel had to free some first (v1 `memory.failcnt`, v2 `max`).
    public var memoryFailures: UInt64?
    /// How often freeing did not help (v2 `oom`); v1 counts only the processes that were killed.
    public var outOfMemoryEvents: UInt64?
    /// The most swap in use at once (v2 `memory.swap.peak`).
    public var swapPeak: Bytes?
    /// True where `swapPeak` is the least that it can have been: v1 tells the peak of memory and swap together.
    public var swapPartial: Bool?
    /// What went to and from each device that was touched; the sums count a device below another once.
    public var devices: [DeviceUsage]?
    /// What the scratch held at the end.
    public var scratchBytes: Bytes?
    /// Files and directories in it.
    public var scratchFiles: UInt64?
    /// True where the file system counts only what it has committed (btrfs).
    public var scratchPartial: Bool?
    /// CPU time of the processes that PID 1 reaped: without the start, which the groups count too.
    public var reapedCpuMicroseconds: UInt64?

    public init() {}

    public var cpuMicroseconds: UInt64? { cpuUserMicroseconds.flatMap { user in cpuSystemMicroseconds.map { user &+ $0 } } }
}

/// Bytes and operations of one block device.
public struct DeviceUsage: Hashable, Sendable, Codable {
    /// Such as `8:0`.
    public var device: String
    /// Such as `sda`, as the kernel called it then.
    public var name: String?
    public var readBytes: UInt64
    public var writtenBytes: UInt64
    public var readOperations: UInt64
    public var writeOperations: UInt64

    public init(
        device: String, name: String? = nil, readBytes: UInt64 = 0, writtenBytes: UInt64 = 0, readOperations: UInt64 = 0,
        writeOperations: UInt64 = 0
    ) {
        self.device = device
        self.name = name
        self.readBytes = readBytes
        self.writtenBytes = writtenBytes
        self.readOperations = readOperations
        self.writeOperations = writeOperations
    }
}
