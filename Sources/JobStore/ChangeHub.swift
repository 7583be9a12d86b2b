internal import Synchronization

/// Keeps the newest changes and hands them to who follows. Batches are published in the order of their revisions.
package final class ChangeHub: Sendable {
    fileprivate struct State {
        var kept: [(batch: ChangeBatch, bytes: Int)] = []
        /// Where `kept` begins; the front is cut off only now and then.
        var head = 0
        var bytes = 0
        /// Everything after this revision is kept.
        var floor: Revision
        var followers: [UInt64: AsyncThrowingStream<ChangeBatch, any Error>.Continuation] = [:]
        var nextFollower: UInt64 = 0
        var isClosed = false
    }

    private let state: Mutex<State>
    private let keptBatches: Int
    private let keptBytes: Int
    private let maximumLag: Int

    package init(after revision: Revision, keptBatches: Int, keptBytes: Int = 2 << 20, maximumLag: Int) {
        state = Mutex(State(floor: revision))
        self.keptBatches = keptBatches
        self.keptBytes = keptBytes
        self.maximumLag = maximumLag
    }

    /// Hands a batch to all followers; `bytes` is what its values take when encoded.
    package func publish(_ batch: ChangeBatch, bytes: Int) {
        state.withLock { state in
            state.kept.append((batch, bytes))
            state.bytes += bytes
            while state.kept.count - state.head > keptBatches || state.bytes > keptBytes { state.dropFirst() }
            for (id, follower) in state.followers { send(batch, to: follower, id, &state) }
        }
    }

    /// Delivers a batch again, as a store may after a reconnection.
    package func repeatBatch(_ batch: ChangeBatch) {
        state.withLock { state in
            for (id, follower) in state.followers { send(batch, to: follower, id, &state) }
        }
    }

    /// Forgets all that is kept and ends all followers.
    package func compact() {
        state.withLock { state in
            while state.head < state.kept.count { state.dropFirst() }
            state.end(throwing: StoreError.compacted(oldest: state.floor.next))
        }
    }

    /// Ends all followers, without an error.
    package func close() {
        state.withLock { state in
            state.isClosed = true
            state.end()
        }
    }

    package func follow(after revision: Revision) -> AsyncThrowingStream<ChangeBatch, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: ChangeBatch.self, bufferingPolicy: .bufferingOldest(maximumLag))
        state.withLock { state in
            guard !state.isClosed else { return continuation.finish() }
            guard revision >= state.floor else { return continuation.finish(throwing: StoreError.compacted(oldest: state.floor.next)) }
            let id = state.nextFollower
            state.nextFollower += 1
            state.followers[id] = continuation
            continuation.onTermination = { [weak self] _ in self?.forget(id) }
            for (batch, _) in state.kept[state.head...] where batch.revision > revision { send(batch, to: continuation, id, &state) }
        }
        return stream
    }

    private func forget(_ id: UInt64) { _ = state.withLock { $0.followers.removeValue(forKey: id) } }

    /// A reader that is too far behind starts again from a snapshot; it must not fill the memory.
    private func send(
        _ batch: ChangeBatch, to follower: AsyncThrowingStream<ChangeBatch, any Error>.Continuation, _ id: UInt64, _ state: inout State
    ) {
        guard case .dropped = follower.yield(batch) else { return }
        state.followers[id] = nil
        // `finish` calls it at once, and it takes the lock that is held here.
        follower.onTermination = nil
        follower.finish(throwing: StoreError.compacted(oldest: batch.revision))
    }
}

extension ChangeHub.State {
    fileprivate mutating func end(throwing error: (any Error)? = nil) {
        for follower in followers.values {
            // `finish` calls it at once, and it takes the lock that is held here.
            follower.onTermination = nil
            follower.finish(throwing: error)
        }
        followers = [:]
    }

    fileprivate mutating func dropFirst() {
        let (batch, size) = kept[head]
        bytes -= size
        floor = max(floor, batch.revision)
        head += 1
        if head >= 1024 || head == kept.count {
            kept.removeFirst(head)
            head = 0
        }
    }
}
