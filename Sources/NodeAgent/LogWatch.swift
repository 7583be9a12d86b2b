import Containers
import LinuxSys
import Synchronization

/// Tells who follows a log that it was written to. One inotify instance serves all followers, because a user may have only 128 of them
/// (inotify(7), max_user_instances), and root's are shared with the rest of the machine.
final class LogWatch: Sendable {
    private struct State {
        var next: UInt64 = 1
        var watcher: FileWatcher?
        /// By the kernel's watch, which is one for each file however often it was added.
        var listeners: [Int32: [UInt64: @Sendable () -> Void]] = [:]
    }

    private let reactor: Reactor
    private let state = Mutex(State())

    init(reactor: Reactor) { self.reactor = reactor }

    /// Calls `changed` on the reactor's thread whenever the file was written, until the subscription is given back.
    func add(_ file: Descriptor, _ changed: @escaping @Sendable () -> Void) throws(SystemError) -> Subscription {
        let watcher = try running()
        return try state.withLock { state throws(SystemError) in
            let watch = try watcher.add(file, .modified)
            state.next += 1
            state.listeners[watch, default: [:]][state.next] = changed
            return Subscription(owner: self, token: state.next, watch: watch)
        }
    }

    private func running() throws(SystemError) -> FileWatcher {
        try state.withLock { state throws(SystemError) in
            if let watcher = state.watcher { return watcher }
            let watcher = try FileWatcher()
            try reactor.watch(watcher.descriptor, .readable) { [weak self] _ in
                guard let self else { return false }
                tell(watcher)
                return true
            }
            state.watcher = watcher
            return watcher
        }
    }

    private func tell(_ watcher: FileWatcher) {
        let events = (try? watcher.read()) ?? []
        let called = state.withLock { state in
            // Events were lost: anyone may have missed one.
            if events.contains(where: { $0.mask.contains(.overflow) }) { return state.listeners.values.flatMap { Array($0.values) } }
            return Set(events.map(\.watch)).flatMap { state.listeners[$0].map { Array($0.values) } ?? [] }
        }
        for listener in called { listener() }
    }

    private func remove(_ token: UInt64, _ watch: Int32) {
        // What a listener holds may hold a subscription: it is let go of outside the lock.
        let dropped = state.withLock { state in
            let dropped = state.listeners[watch]?.removeValue(forKey: token)
            if state.listeners[watch]?.isEmpty == true {
                state.listeners[watch] = nil
                // A file that was removed has taken its watch along.
                try? state.watcher?.remove(watch)
            }
            return dropped
        }
        _ = dropped
    }

    /// Ends with its last reference.
    final class Subscription: Sendable {
        private let owner: LogWatch
        private let token: UInt64
        private let watch: Int32

        init(owner: LogWatch, token: UInt64, watch: Int32) {
            self.owner = owner
            self.token = token
            self.watch = watch
        }

        deinit { owner.remove(token, watch) }
    }
}
