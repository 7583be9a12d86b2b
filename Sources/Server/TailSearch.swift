import API
import JobLog
import JobModel
import Synchronization

/// Finds where the last lines of a log begin, in the frames that a reader of it gets.
final class TailSearch: Sendable {
    private struct State {
        var attempt: UInt32?
        var last: LastLines
    }

    private let lines: Int
    private let state: Mutex<State>

    init(lines: Int) {
        self.lines = lines
        state = Mutex(State(last: LastLines(lines)))
    }

    /// The next frame of the log; a later attempt's output takes the place of an earlier one's.
    func take(_ frame: Frame) {
        switch frame {
        case .started(let text): state.withLock { $0 = State(attempt: AttemptID(text)?.number, last: LastLines(lines)) }
        case .stdout(let chunk), .stderr(let chunk): state.withLock { $0.last.take(chunk.bytes, endingAt: chunk.position) }
        default: break
        }
    }

    /// The attempt that was read last, and the position at which its last lines begin; nil before any output.
    var start: (attempt: UInt32, position: UInt64)? {
        state.withLock { state in
            guard let attempt = state.attempt, let start = state.last.start else { return nil }
            return (attempt, start)
        }
    }

    /// How many places are kept.
    var kept: Int { state.withLock { $0.last.kept } }
}
