import API
import JobModel
import Synchronization

/// Finds where the last lines of a log begin. It keeps nothing but where lines ended, at most one more than are wanted.
final class TailSearch: Sendable {
    private struct State {
        var attempt: UInt32?
        /// The places behind the newest line feeds, in a ring whose oldest one is at `next` once it is full.
        var ends: [UInt64] = []
        var next = 0
        /// Behind the last byte.
        var position: UInt64 = 0

        mutating func note(_ end: UInt64, most: Int) {
            if ends.count < most { return ends.append(end) }
            ends[next] = end
            next = (next + 1) % most
        }

        /// The newest but so many; nil when there are not as many.
        func end(before newer: Int) -> UInt64? {
            newer < ends.count ? ends[(next + ends.count - 1 - newer) % ends.count] : nil
        }
    }

    private let lines: Int
    private let state = Mutex(State())

    /// - Parameter lines: what follows the last line feed is a line too.
    init(lines: Int) { self.lines = lines }

    /// The next frame of the log; a later attempt's output takes the place of an earlier one's.
    func take(_ frame: Frame) {
        switch frame {
        case .started(let text): state.withLock { $0 = State(attempt: AttemptID(text)?.number) }
        case .stdout(let chunk), .stderr(let chunk): state.withLock { note(chunk, &$0) }
        default: break
        }
    }

    private func note(_ chunk: LogChunk, _ state: inout State) {
        state.position = chunk.position
        // A damaged log may tell any position.
        let first = chunk.position &- UInt64(chunk.bytes.count)
        for (index, byte) in chunk.bytes.enumerated() where byte == 0x0A { state.note(first &+ UInt64(index + 1), most: lines + 1) }
    }

    /// The attempt that was read last, and the position at which its last lines begin; nil before any output.
    var start: (attempt: UInt32, position: UInt64)? {
        state.withLock { state in
            guard let attempt = state.attempt, state.position > 0 else { return nil }
            if lines == 0 { return (attempt, state.position) }
            let isWhole = state.end(before: 0) == state.position
            return (attempt, state.end(before: isWhole ? lines : lines - 1) ?? 0)
        }
    }

    /// How many places are kept.
    var kept: Int { state.withLock { $0.ends.count } }
}
