public import JobModel
import LinuxSys

/// The clocks of the node; injectable, so that tests can step the wall clock or play another boot.
public protocol AgentClock: Sendable {
    var bootID: String { get }
    func now() -> Instant
    /// Returns once the boot clock shows `time`, or throws when its task is cancelled.
    func sleep(until time: BootTime) async throws
}

extension AgentClock {
    public func sleep(until time: BootTime) async throws {
        // The continuous clock is the boot clock here, so that a suspended machine's time counts too.
        let left: TimeSpan = time - now().boot
        try await Task.sleep(for: Duration.milliseconds(left.milliseconds), clock: .continuous)
    }

    /// Both clocks with the boot they belong to, as the store keeps them.
    public func stamp() -> Stamp {
        let now = now()
        return Stamp(wall: now.wall, boot: now.boot, bootID: bootID)
    }
}
