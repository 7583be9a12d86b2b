import Dispatch
import LinuxSys
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

    /// Waits for what the kernel may take long over, such as the end of a process in uninterruptible sleep, in short looks: others need the
    /// queue's threads meanwhile. False when the time has passed.
    ///
    /// - Parameters:
    ///   - first: done once, on the same thread as the first look.
    ///   - glance: milliseconds of the first look; what usually comes within them is seen at once.
    ///   - look: blocks for the milliseconds it is given at most.
    func untilTrue(
        withinMilliseconds limit: UInt64, glance: UInt64 = 5, first: @escaping @Sendable () throws -> Void = {},
        _ look: @escaping @Sendable (UInt64) throws -> Bool
    ) async throws -> Bool {
        let deadline = bootNanoseconds() + limit * 1_000_000
        if try await run({
            try first()
            return try look(min(glance, limit))
        }) {
            return true
        }
        var pause: UInt64 = 5
        while bootNanoseconds() < deadline {
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(pause * 2, 100)
            if try await run({ try look(1) }) { return true }
        }
        return false
    }

    /// Returns once all that was given so far is done.
    func drain() async {
        await withCheckedContinuation { continuation in queue.async(flags: .barrier) { continuation.resume() } }
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
