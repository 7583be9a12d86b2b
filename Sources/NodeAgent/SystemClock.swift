public import JobModel
public import LinuxSys

/// The machine's own clocks.
public struct SystemClock: AgentClock {
    public let bootID: String

    public init() throws(SystemError) { bootID = try LinuxSys.bootID() }

    public func now() -> Instant {
        Instant(
            boot: BootTime(nanoseconds: Int64(bootNanoseconds())), wall: WallTime(milliseconds: Int64(wallNanoseconds() / 1_000_000)))
    }
}
