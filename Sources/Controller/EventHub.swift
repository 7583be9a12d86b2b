public import JobModel
import Synchronization

/// Hands events to whoever follows them. A follower that reads too slowly loses its stream and resumes from the store by sequence.
public final class EventHub: Sendable {
    private struct State {
        var next = 0
        var followers: [Int: AsyncStream<Event>.Continuation] = [:]
    }

    private static let buffer = 4096
    private let state = Mutex(State())

    init() {}

    /// Every event from now on.
    public func follow() -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingOldest(Self.buffer))
        let id = state.withLock { state in
            state.next += 1
            state.followers[state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { _ = $0.followers.removeValue(forKey: id) } }
        return stream
    }

    var followerCount: Int { state.withLock { $0.followers.count } }

    func publish(_ events: [Event]) {
        let followers = state.withLock { $0.followers }
        for (id, continuation) in followers {
            for event in events {
                guard case .dropped = continuation.yield(event) else { continue }
                // The gap must not go unseen.
                continuation.finish()
                state.withLock { _ = $0.followers.removeValue(forKey: id) }
                break
            }
        }
    }

    /// Ends all streams, at shutdown.
    func finish() {
        let followers = state.withLock { state in
            defer { state.followers = [:] }
            return state.followers
        }
        for continuation in followers.values { continuation.finish() }
    }
}
