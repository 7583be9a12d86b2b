import Foundation
public import LinuxSys
import Synchronization

/// One thread that waits for descriptors (pidfds, status pipes, log watches) and boot-clock timers and calls their handlers.
///
/// Handlers run on that thread and must not block; they hand over to an actor or a queue.
public final class Reactor: Sendable {
    /// What to do when a descriptor is ready; false ends the watch.
    public typealias Handler = @Sendable (Readiness) -> Bool

    private struct Watch: Sendable {
        let descriptor: Descriptor
        let handler: Handler
        /// Called once the handler has returned false and the descriptor may be watched anew.
        var ended: (@Sendable () -> Void)?
    }

    private struct Timer: Sendable {
        let token: UInt64
        let at: UInt64
        let handler: @Sendable () -> Void
    }

    private struct State {
        var next: UInt64 = 1
        var watches: [UInt64: Watch] = [:]
        /// Sorted, the latest first, so that the next one is taken from the end.
        var timers: [Timer] = []
        var stopped = false
    }

    private static let timerToken: UInt64 = 0
    private let poller: Poller
    private let clock: Descriptor
    private let state = Mutex(State())

    /// Starts the thread.
    public init() throws(SystemError) {
        poller = try Poller()
        clock = try Descriptor.bootTimer()
        try poller.add(clock, .readable, token: Self.timerToken)
        let thread = Thread { [self] in loop() }
        thread.name = "berth-reactor"
        thread.start()
    }

    /// Ends the thread; no handler is called any more.
    public func stop() {
        state.withLock { state in
            state.stopped = true
            state.watches = [:]
            state.timers = []
        }
        try? clock.armTimer(atBootNanoseconds: 1)
    }

    /// Watches a descriptor until its handler returns false or `cancel` is called. The descriptor is kept open meanwhile.
    @discardableResult
    public func watch(_ descriptor: Descriptor, _ readiness: Readiness, _ handler: @escaping Handler) throws(SystemError) -> UInt64 {
        try add(Watch(descriptor: descriptor, handler: handler), readiness)
    }

    /// Watches a descriptor until it is ready once; then it may be watched anew, and `ended` is called.
    func watchOnce(_ descriptor: Descriptor, _ readiness: Readiness, ended: @escaping @Sendable () -> Void) throws(SystemError) -> UInt64 {
        try add(Watch(descriptor: descriptor, handler: { _ in false }, ended: ended), readiness)
    }

    private func add(_ watch: Watch, _ readiness: Readiness) throws(SystemError) -> UInt64 {
        let token = state.withLock { state in
            state.next += 1
            state.watches[state.next] = watch
            return state.next
        }
        do throws(SystemError) {
            try poller.add(watch.descriptor, readiness, token: token)
        } catch {
            state.withLock { $0.watches[token] = nil }
            throw error
        }
        return token
    }

    /// Calls `handler` at an instant of the boot clock in nanoseconds.
    @discardableResult
    public func at(bootNanoseconds instant: UInt64, _ handler: @escaping @Sendable () -> Void) -> UInt64 {
        let (token, isNext) = state.withLock { state in
            state.next += 1
            let timer = Timer(token: state.next, at: instant, handler: handler)
            let place = state.timers.firstIndex { $0.at <= instant } ?? state.timers.endIndex
            state.timers.insert(timer, at: place)
            return (timer.token, place == state.timers.count - 1)
        }
        if isNext { arm() }
        return token
    }

    /// Ends a watch or a timer; its handler may be running at this moment.
    public func cancel(_ token: UInt64) {
        let watch = state.withLock { state in
            state.timers.removeAll { $0.token == token }
            return state.watches.removeValue(forKey: token)
        }
        if let watch { try? poller.remove(watch.descriptor) }
    }

    private func arm() {
        let next = state.withLock { $0.timers.last?.at ?? 0 }
        try? clock.armTimer(atBootNanoseconds: next)
    }

    private func loop() {
        while !state.withLock({ $0.stopped }) {
            guard let events = try? poller.wait(milliseconds: nil) else { return }
            for event in events {
                if event.token == Self.timerToken { fireTimers() } else { dispatch(event.token, event.readiness) }
            }
        }
    }

    private func dispatch(_ token: UInt64, _ readiness: Readiness) {
        guard let watch = state.withLock({ $0.watches[token] }) else { return }
        guard !watch.handler(readiness) else { return }
        cancel(token)
        watch.ended?()
    }

    private func fireTimers() {
        _ = try? clock.takeEvents()
        let now = bootNanoseconds()
        let due = state.withLock { state in
            var due: [Timer] = []
            while let last = state.timers.last, last.at <= now { due.append(state.timers.removeLast()) }
            return due
        }
        for timer in due { timer.handler() }
        arm()
    }
}
