import Synchronization

/// Keeps clients from filling the daemon's log: so many lines in a span of time, the rest is not told.
final class LogBudget: Sendable {
    private struct State {
        var until: ContinuousClock.Instant
        var left: Int
    }

    private let lines: Int
    private let span: Duration
    private let state: Mutex<State>

    init(lines: Int, in span: Duration) {
        self.lines = lines
        self.span = span
        state = Mutex(State(until: .now + span, left: lines))
    }

    /// Whether one more may be written now.
    func take(at now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            if now >= state.until { state = State(until: now + span, left: lines) }
            guard state.left > 0 else { return false }
            state.left -= 1
            return true
        }
    }
}
