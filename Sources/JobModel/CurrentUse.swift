/// What an attempt uses at the moment, read from its groups. Nil: the kernel does not say here.
public struct CurrentUse: Hashable, Sendable, Codable {
    /// On the daemon's boot clock: rates are differences of two readings.
    public var readAt: BootTime
    /// User and system time so far.
    public var cpuMicroseconds: UInt64?
    /// Without the file cache that the kernel could take back at once (`inactive_file`): what `kubectl top` and `docker stats` call used.
    public var memory: Bytes?
    /// With all of the file cache: what the limit counts.
    public var memoryCharged: Bytes?
    /// Processes and threads, PID 1 included.
    public var pids: UInt64?
    public var readBytes: UInt64?
    public var writtenBytes: UInt64?

    public init(readAt: BootTime) { self.readAt = readAt }
}
