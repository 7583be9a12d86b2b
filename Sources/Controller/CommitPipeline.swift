import OrderedCollections
import JobModel
import JobStore
import Logging
import NodeAgent

/// Changes that become durable together, in the order they were decided.
///
/// While one transaction is on its way to the disk the next gathers what is decided meanwhile: one change is committed at once when idle,
/// many share a transaction under load.
struct CommitBatch: Sendable {
    var changes: OrderedDictionary<StoreKey, StoreChange> = [:]
    var ledger: [LedgerEntry] = []
    var events: [Event] = []
    /// By what it is, since a later value replaces an earlier one.
    var node: [String: NodeChange] = [:]
    var requestKey: RequestKey?
    /// Called when it is durable; on the controller.
    var actions: [@Sendable (isolated Controller) -> Void] = []
    var waiters: [CheckedContinuation<Void, any Error>] = []

    /// Whether another decision fits: a later value of a key replaces the earlier one, and request keys do not mix.
    func takes(_ other: Decision) -> Bool {
        if requestKey != nil, other.requestKey != nil { return false }
        let added = other.changes.count { changes[$0.key] == nil }
        return changes.count + added <= StoreTransaction.maximumKeys
    }

    mutating func add(_ decision: Decision) {
        for change in decision.changes { changes[change.key] = change }
        ledger += decision.ledger
        events += decision.events
        node.merge(decision.node) { $1 }
        requestKey = requestKey ?? decision.requestKey
    }

    var transaction: StoreTransaction {
        StoreTransaction(changes: Array(changes.values), requestKey: requestKey, ledger: ledger, events: events, node: Array(node.values))
    }
}

/// What one request or observation changes, all or nothing.
struct Decision: Sendable {
    var changes: [StoreChange] = []
    var ledger: [LedgerEntry] = []
    var events: [Event] = []
    var node: [String: NodeChange] = [:]
    var requestKey: RequestKey?

    mutating func put(_ entry: StoreEntry) { changes.append(.put(entry)) }
    mutating func remove(_ key: StoreKey) { changes.append(.remove(key)) }
}

/// The store takes nothing at the moment.
struct BrokenStore: Error, CustomStringConvertible {
    var reason: String
    var description: String { "the state directory takes no changes at the moment: \(reason)" }
}

extension Controller {
    /// Puts a decision in line; it is in force in memory already. `then` runs once it is durable.
    ///
    /// - Parameter mayWait: for a few milliseconds, so that it shares a transaction with what comes next: nobody waits for it, and a daemon
    ///   that is killed finds it out anew.
    func commit(_ decision: Decision, mayWait: Bool = false, then action: (@Sendable (isolated Controller) -> Void)? = nil) {
        if queue.isEmpty || !queue[queue.count - 1].takes(decision) { queue.append(CommitBatch()) }
        queue[queue.count - 1].add(decision)
        if let action { queue[queue.count - 1].actions.append(action) }
        if mayWait { flushSoon() } else { flushIfIdle() }
    }

    private static let longestWait = Duration.milliseconds(10)

    private func flushSoon() {
        guard !isCommitting, !isFlushDue else { return }
        isFlushDue = true
        Task {
            try? await Task.sleep(for: Self.longestWait)
            isFlushDue = false
            if !queue.isEmpty { flushIfIdle() }
        }
    }

    /// Waits until everything decided so far is durable.
    func durable() async throws {
        guard !queue.isEmpty || isCommitting else { return }
        // It may take all the same later; nobody is kept waiting for that.
        if let storageFailure { throw BrokenStore(reason: storageFailure) }
        try await withCheckedThrowingContinuation { continuation in
            if queue.isEmpty { queue.append(CommitBatch()) }
            queue[queue.count - 1].waiters.append(continuation)
            flushIfIdle()
        }
    }

    private func flushIfIdle() {
        guard !isCommitting else { return }
        isCommitting = true
        Task {
            // What is planned because of this decision shares its transaction.
            await Task.yield()
            await flush()
        }
    }

    private func flush() async {
        while !queue.isEmpty {
            var batch = queue.removeFirst()
            committing = batch.waiters
            batch.waiters = []
            if let first = await commitUntilDurable(batch.transaction) {
                for index in batch.events.indices { batch.events[index].sequence = first + UInt64(index) }
                lastEvent = max(lastEvent, first + UInt64(batch.events.count) - 1)
            }
            if !batch.events.isEmpty { hub.publish(batch.events) }
            for case .put(.attempt(let record)) in batch.changes.values { attempts[record.id]?.durable = record }
            for action in batch.actions { action(self) }
            for waiter in committing { waiter.resume() }
            committing = []
        }
        isCommitting = false
    }

    /// Those who wait are told that the outcome is not known; the commit is tried on.
    private func giveUpWaiting(_ reason: String) {
        storageFailure = reason
        replan()
        let waiters = committing + queue.flatMap(\.waiters)
        committing = []
        for index in queue.indices { queue[index].waiters = [] }
        for waiter in waiters { waiter.resume(throwing: BrokenStore(reason: reason)) }
    }

    /// Successive failures, over about 0.3 s, after which the store counts as broken.
    private static let failuresOfABrokenStore = 6

    /// Memory is ahead of the disk and has one writer, so a commit is repeated until the disk takes it; a store that stays broken gets nothing new.
    ///
    /// One whose reply was lost may have been done. Its keys and the ledger take the same again without a change; events would be doubled, so
    /// they are committed only behind the newest that is known: nobody else writes any. The sequence of the first; nil without events.
    private func commitUntilDurable(_ transaction: StoreTransaction) async -> UInt64? {
        var transaction = transaction
        if transaction.changes.isEmpty, transaction.ledger.isEmpty, transaction.events.isEmpty, transaction.node.isEmpty { return nil }
        transaction.term = term
        transaction.eventsAfter = transaction.events.isEmpty ? nil : lastEvent
        var delay = 5
        var failures = 0
        while true {
            let began = clock.now().boot
            do {
                let receipt = try await store.submit(transaction, staging: StagingID("controller"))
                metrics.committed(in: clock.now().boot - began)
                storageFailure = nil
                return receipt.firstEvent
            } catch .repeated {
                storageFailure = nil
                return transaction.eventsAfter.map { $0 + 1 }
            } catch .eventConflict(let newest) where newest == lastEvent + UInt64(transaction.events.count) {
                // An earlier try was done.
                storageFailure = nil
                return lastEvent + 1
            } catch {
                if case .eventConflict(let newest) = error {
                    logger.error("events in the store that this daemon did not write", metadata: ["error": "\(error)"])
                    lastEvent = newest
                    transaction.eventsAfter = newest
                }
                // A lost reply or a conflict passes with the next try; only a store that goes on refusing is a reason to refuse new work.
                failures += 1
                metrics.commitFailed()
                if failures == Self.failuresOfABrokenStore {
                    logger.error("commit failed, trying again until it succeeds", metadata: ["error": "\(error)"])
                }
                if failures >= Self.failuresOfABrokenStore { giveUpWaiting("\(error)") }
                try? await Task.sleep(for: .milliseconds(delay))
                delay = min(delay * 2, 2000)
            }
        }
    }
}
