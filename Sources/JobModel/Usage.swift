/// What an attempt used, read from the kernel before its groups go. Nil: the kernel could not count it here; never a zero in its place.
public struct Usage: Hashable, Sendable, Codable {
    public var cpuUserMicroseconds: UInt64?
    public var cpuSystemMicroseconds: UInt64?
    public var throttledMicroseconds: UInt64?
    public var throttledPeriods: UInt64?
    public var memoryPeak: Bytes?
    public var outOfMemoryKills: UInt64?
    public var pidsPeak: UInt64?
    public var readBytes: UInt64?
    public var writtenBytes: UInt64?
    public var readOperations: UInt64?
    public var writeOperations: UInt64?
    /// True where buffered write-back was not attributed (v1).
    public var ioPartial: Bool?
    public var logBytes: UInt64?
    public var logDroppedBytes: UInt64?
    /// From wait4(2) by PID 1, in microseconds and counts.
    public var minorFaults: UInt64?
    public var majorFaults: UInt64?
    public var voluntarySwitches: UInt64?
    public var involuntarySwitches: UInt64?

    public init() {}

    public var cpuMicroseconds: UInt64? { cpuUserMicroseconds.flatMap { user in cpuSystemMicroseconds.map { user + $0 } } }
}
