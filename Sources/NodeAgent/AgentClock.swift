public import JobModel
import LinuxSys

/// The clocks of the node; injectable, so that tests can step the wall clock or play another boot.
public protocol AgentClock: Sendable {
    var bootID: String { get }
    func now() -> Instant
}

extension AgentClock {
    /// Both clocks with the boot they belong to, as the store keeps them.
    public func stamp() -> Stamp {
        let now = now()
        return Stamp(wall: now.wall, boot: now.boot, bootID: bootID)
    }
}
