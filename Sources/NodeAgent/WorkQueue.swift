import Dispatch
import Synchronization

/// Threads for calls that block (mounts, quotas, account look-ups), so that none of them stands on an actor's executor.
public final class WorkQueue: Sendable {
    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let queue: DispatchQueue
    private let width: Int
    private let state = Mutex(State())

    /// - Parameter width: how many run at once; the rest wait in order.
    public init(_ label: String, width: Int) {
        queue = DispatchQueue(label: "berth." + label, attributes: .concurrent)
        self.width = width
    }

    /// Runs `body` on a thread of the queue.
    public func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            add { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Runs `body` on a thread of the queue; nobody waits for it.
    public func add(_ body: @escaping @Sendable () -> Void) {
        let starts = state.withLock { state in
            if state.running < width {
                state.running += 1
                return true
            }
            state.waiting.append(body)
            return false
        }
        if starts { queue.async { self.work(body) } }
    }

    private func work(_ first: @Sendable () -> Void) {
        first()
        while let next = takeNext() { next() }
    }

    private func takeNext() -> (@Sendable () -> Void)? {
        state.withLock { state in
            if state.waiting.isEmpty {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
