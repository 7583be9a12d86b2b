internal import Dispatch
internal import GRDB
internal import JobStore
internal import Synchronization

/// Makes writes durable in groups: those that arrive while a transaction is under way share the next one; one that arrives alone begins at once.
final class GroupCommitter: Sendable {
    typealias Work = @Sendable (WriteSession) throws(CommitError) -> CommitReceipt

    struct Write: Sendable {
        let work: Work
        let done: @Sendable (Result<CommitReceipt, CommitError>) -> Void
    }

    private struct State {
        var waiting: [Write] = []
        var isDraining = false
        var isClosed = false
        var commits = 0
        var transactions = 0
        var counters: StoreCounters
    }

    private let pool: DatabasePool
    private let hub: ChangeHub
    private let maximumGroup: Int
    private let reserve: DiskReserve?
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "berth.database.commit", qos: .userInitiated)

    init(pool: DatabasePool, hub: ChangeHub, counters: StoreCounters, maximumGroup: Int, reserve: DiskReserve? = nil) {
        self.pool = pool
        self.hub = hub
        self.maximumGroup = maximumGroup
        self.reserve = reserve
        state = Mutex(State(counters: counters))
    }

    var statistics: (commits: Int, transactions: Int) { state.withLock { ($0.commits, $0.transactions) } }

    /// Returns when the write is durable; the thread of the caller does not wait.
    func submit(_ work: @escaping Work) async throws(CommitError) -> CommitReceipt {
        let result = await withCheckedContinuation { continuation in
            enqueue(Write(work: work) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    /// Runs between transactions, for statements that allow none.
    func exclusively(_ body: @escaping @Sendable (GRDB.Database) throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            queue.async { [pool, reserve] in
                let result = Result { try pool.writeWithoutTransaction(body) }
                reserve?.follow(in: pool)
                continuation.resume(with: result)
            }
        }
    }

    /// Waits for all that was submitted; refuses the rest.
    func close() {
        state.withLock { $0.isClosed = true }
        queue.sync {}
    }

    private func enqueue(_ write: Write) {
        let (isClosed, begins) = state.withLock { state in
            guard !state.isClosed else { return (true, false) }
            state.waiting.append(write)
            defer { state.isDraining = true }
            return (false, !state.isDraining)
        }
        if isClosed { write.done(.failure(.refused(.storage("the store is closed")))) }
        if begins { queue.async { self.drain() } }
    }

    private func drain() {
        while true {
            let (group, counters) = state.withLock { state in
                let group = Array(state.waiting.prefix(maximumGroup))
                state.waiting.removeFirst(group.count)
                if group.isEmpty { state.isDraining = false }
                return (group, state.counters)
            }
            if group.isEmpty { return }
            commit(group, counters)
        }
    }

    private func commit(_ group: [Write], _ counters: StoreCounters) {
        let outcome = GroupTransaction(group.map(\.work), counters).run(in: pool)
        let done = outcome.results.count { if case .success = $0 { true } else { false } }
        state.withLock { state in
            state.counters = outcome.counters
            state.commits += done
            state.transactions += 1
        }
        for (batch, bytes) in outcome.batches { hub.publish(batch, bytes: bytes) }
        for (write, result) in zip(group, outcome.results) { write.done(result) }
        reserve?.follow(in: pool)
    }
}
