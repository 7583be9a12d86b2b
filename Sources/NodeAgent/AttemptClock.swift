import Containers
public import JobModel
import Synchronization

/// Where controller and agent write down when an attempt passes a step; in memory only, and gone with the daemon.
public final class AttemptClock: Sendable {
    private let state = Mutex(AttemptTimes())

    public init() {}

    public var times: AttemptTimes { state.withLock { $0 } }

    public func mark(_ stage: TimingStage, at time: BootTime) { state.withLock { $0[stage] = time } }

    /// - Parameter nanoseconds: of the boot clock; 0: the step was not taken.
    func mark(_ stage: TimingStage, nanoseconds: UInt64) {
        guard nanoseconds > 0 else { return }
        mark(stage, at: BootTime(nanoseconds: Int64(clamping: nanoseconds)))
    }

    func beginStart() { state.withLock { $0.beginStart() } }

    func mark(usedSpare: Bool) { state.withLock { $0.usedSpare = usedSpare } }

    func mark(_ times: HoldTimes) {
        mark(.sent, nanoseconds: times.sent)
        mark(.received, nanoseconds: times.received)
        mark(.opened, nanoseconds: times.opened)
        mark(.cloned, nanoseconds: times.cloned)
        mark(.joined, nanoseconds: times.joined)
        mark(.forked, nanoseconds: times.forked)
        mark(.mounted, nanoseconds: times.mounted)
        mark(.ready, nanoseconds: times.ready)
    }
}
