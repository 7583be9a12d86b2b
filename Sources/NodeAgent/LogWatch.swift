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

    /// Calls `changed` on the reactor's thread whenever one of the files was written, until the subscription is given back.
    func add(_ files: [Descriptor], _ changed: @escaping @Sendable () -> Void) throws(SystemError) -> Subscription {
        let watcher = try running()
        var watches: Set<Int32> = []
        let token = state.withLock { state in
            state.next += 1
            return state.next
        }
        do throws(SystemError) {
            for file in files {
                try state.withLock { state throws(SystemError) in
                    let watch = try watcher.add(file, .modified)
                    state.listeners[watch, default: [:]][token] = changed
                    watches.insert(watch)
                }
            }
        } catch {
            remove(token, watches)
            throw error
        }
        return Subscription(owner: self, token: token, watches: watches)
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

    private func remove(_ token: UInt64, _ watches: Set<Int32>) {
        // What a listener holds may hold a subscription: it is let go of outside the lock.
        let dropped = state.withLock { state in
            var dropped: [@Sendable () -> Void] = []
            for watch in watches {
                if let listener = state.listeners[watch]?.removeValue(forKey: token) { dropped.append(listener) }
                guard state.listeners[watch]?.isEmpty == true else { continue }
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
        private let watches: Set<Int32>

        init(owner: LogWatch, token: UInt64, watches: Set<Int32>) {
            self.owner = owner
            self.token = token
            self.watches = watches
        }

        deinit { owner.remove(token, watches) }
    }
}
