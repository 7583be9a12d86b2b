/// What ^C means in `run`: the first goes to the job, a second within 2 s cancels (contract §6). Before the job runs there is nobody to get
/// the first, so that it cancels at once; once it was cancelled, a further one leaves.
struct InterruptRule {
    enum Action: Hashable { case forward, cancel, leave }

    static let windowMilliseconds: UInt64 = 2000
    private var last: UInt64?
    private var wasCancelled = false

    /// `now` is any clock that only goes forward, in milliseconds.
    mutating func interrupt(at now: UInt64, hasStarted: Bool) -> Action {
        if wasCancelled { return .leave }
        let isSecond = last.map { now - $0 <= Self.windowMilliseconds } ?? false
        last = now
        guard isSecond || !hasStarted else { return .forward }
        wasCancelled = true
        return .cancel
    }

    /// What another signal that asks for the end means: the job gets it, and before the start it is as ^C.
    mutating func end(hasStarted: Bool) -> Action {
        if wasCancelled { return .leave }
        guard !hasStarted else { return .forward }
        wasCancelled = true
        return .cancel
    }
}
