import JobModel
import NodeAgent
import Synchronization

/// Clocks that stand still until a test moves them.
final class ManualClock: AgentClock {
    private struct Sleeper {
        var until: BootTime
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Instant
        var next = 0
        var sleepers: [Int: Sleeper] = [:]
    }

    let bootID: String
    private let state: Mutex<State>

    init(bootID: String = "manual", boot: Int64 = 1_000_000_000, wall: Int64 = 1_800_000_000_000) {
        self.bootID = bootID
        state = Mutex(State(now: Instant(boot: BootTime(nanoseconds: boot), wall: WallTime(milliseconds: wall))))
    }

    func now() -> Instant { state.withLock { $0.now } }

    /// How many wait for the clock to go on.
    var sleeping: Int { state.withLock { $0.sleepers.count } }

    /// The wall clock is set; the boot clock does not know.
    func step(by span: TimeSpan) { state.withLock { $0.now = Instant(boot: $0.now.boot, wall: $0.now.wall + span) } }

    func advance(by span: TimeSpan) {
        let due = state.withLock { state in
            state.now = Instant(boot: state.now.boot + span, wall: state.now.wall + span)
            let due = state.sleepers.filter { $0.value.until <= state.now.boot }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    func sleep(until time: BootTime) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isDue = state.withLock { state in
                    if Task.isCancelled || state.now.boot >= time { return true }
                    state.sleepers[id] = Sleeper(until: time, continuation: continuation)
                    return false
                }
                if isDue { continuation.resume(with: Task.isCancelled ? .failure(CancellationError()) : .success(())) }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
        }
    }
}
