public import LinuxSys
import Synchronization

extension Reactor {
    /// Waits until a descriptor can be read, or its other end is gone. Returns at once when the task is cancelled: look at that before waiting again.
    public func untilReadable(_ descriptor: Descriptor) async throws(SystemError) { try await until(.readable, descriptor) }

    /// Waits until a descriptor can be written, or its other end is gone; a cancellation ends it as with `untilReadable`.
    public func untilWritable(_ descriptor: Descriptor) async throws(SystemError) { try await until(.writable, descriptor) }

    private func until(_ readiness: Readiness, _ descriptor: Descriptor) async throws(SystemError) {
        let waiting = Waiting()
        let failure: SystemError? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting.begin(continuation)
                do throws(SystemError) {
                    // The caller may wait for the same descriptor at once: the poller must have let it go before.
                    let token = try watchOnce(descriptor, readiness) { waiting.end(nil) }
                    if !waiting.goesOn(as: token) {
                        cancel(token)
                        waiting.end(nil)
                    }
                } catch {
                    waiting.end(error)
                }
            }
        } onCancel: {
            guard let token = waiting.cancel() else { return }
            cancel(token)
            waiting.end(nil)
        }
        if let failure { throw failure }
    }
}

/// One who waits for a descriptor; it is ready, or the task is cancelled, whichever comes first.
private final class Waiting: Sendable {
    private struct State {
        var continuation: CheckedContinuation<SystemError?, Never>?
        var token: UInt64?
        var isCancelled = false
    }

    private let state = Mutex(State())

    func begin(_ continuation: CheckedContinuation<SystemError?, Never>) { state.withLock { $0.continuation = continuation } }

    /// False when it was cancelled before there was a watch.
    func goesOn(as token: UInt64) -> Bool {
        state.withLock { state in
            state.token = token
            return !state.isCancelled
        }
    }

    /// The watch to end, if there is one already.
    func cancel() -> UInt64? {
        state.withLock { state in
            state.isCancelled = true
            return state.token
        }
    }

    /// The first time only.
    func end(_ failure: SystemError?) {
        let continuation = state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(returning: failure)
    }
}
