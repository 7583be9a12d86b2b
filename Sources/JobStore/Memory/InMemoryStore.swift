public import JobModel

/// A store that lasts as long as its object, for tests of what stands on a store. It keeps every rule of `JobStore` and, on request, does
/// to its users what a cluster's store may do.
public actor InMemoryStore: MachineStore {
    var entries: [StoreKey: Versioned<StoreEntry>] = [:]
    var requests: [RequestKey: RequestOutcome] = [:]
    var staged: [StagingID: [StoreEntry]] = [:]
    var revision = Revision.zero
    var term = Term(0)
    var faults: StoreFaults
    var generator: SeededGenerator
    /// Batches that arrive late.
    var waiting: [ChangeBatch] = []
    let hub: ChangeHub

    var attempts: [LedgerAttempt] = []
    var attemptIDs: Set<AttemptID> = []
    var ended: [JobID: LedgerJob] = [:]
    var recorded: [Event] = []
    var node: [NodeTable: [String: [UInt8]]] = [:]
    /// How often it was asked for jobs that have ended.
    public internal(set) var ledgerQueries = 0

    public init(faults: StoreFaults = StoreFaults(seed: 0), keptChanges: Int = 4096) {
        self.faults = faults
        generator = SeededGenerator(seed: faults.seed)
        hub = ChangeHub(after: .zero, keptBatches: keptChanges, maximumLag: 100_000)
    }

    public func lead() -> Term {
        term = Term(term.value + 1)
        return term
    }

    public func commit(_ transaction: StoreTransaction) throws(CommitError) -> CommitReceipt {
        let prepared = try PreparedTransaction(transaction)
        let entries = try admitted(transaction)
        if !transaction.expecting.isEmpty, generator.chance(faults.conflict) {
            // A conflict without a cause: with the revisions that were expected, so that a user who believes them tries again.
            throw .conflict(transaction.expecting)
        }
        let isUnknown = generator.chance(faults.unknown)
        if isUnknown, generator.chance(0.5) { throw .unknown("the reply was lost") }
        let receipt = apply(prepared, staged: entries)
        if isUnknown { throw .unknown("the reply was lost") }
        return receipt
    }

    /// Checks all that the store may refuse, and gives the staged entries.
    private func admitted(_ transaction: StoreTransaction) throws(CommitError) -> [StoreEntry] {
        if let key = transaction.requestKey, let outcome = requests[key] { throw .repeated(outcome) }
        if let held = transaction.term, held != term { throw .refused(.fenced(held: held, current: term)) }
        var found: [StoreKey: Revision] = [:]
        for (key, expected) in transaction.expecting {
            let current = entries[key]?.revision ?? .zero
            if current != expected { found[key] = current }
        }
        guard found.isEmpty else { throw .conflict(found) }
        let newest = UInt64(recorded.count)
        if let expected = transaction.eventsAfter, expected != newest { throw .eventConflict(newest: newest) }
        guard let id = transaction.staged else { return [] }
        guard let entries = staged[id] else { throw .refused(.notStaged(id)) }
        return entries
    }

    private func apply(_ prepared: PreparedTransaction, staged stagedEntries: [StoreEntry]) -> CommitReceipt {
        let transaction = prepared.transaction
        if prepared.changesKeys { revision = revision.next }
        var changes = stagedEntries.map { StoreChange.put($0) } + transaction.changes
        for index in changes.indices { changes[index] = apply(changes[index]) }
        if let id = transaction.staged { staged[id] = nil }
        if let key = transaction.requestKey {
            requests[key] = RequestOutcome(revision: revision, jobs: PreparedTransaction.jobs(in: changes))
        }
        for entry in transaction.ledger { append(entry) }
        for change in transaction.node { apply(change) }
        let firstEvent = record(transaction.events)
        if prepared.changesKeys { publish(changes) }
        return CommitReceipt(revision: revision, firstEvent: firstEvent)
    }

    /// Gives the change as it took effect: a counter does not go down.
    private func apply(_ change: StoreChange) -> StoreChange {
        switch change {
        case .remove(let key):
            entries[key] = nil
            return change
        case .put(.counter(let name, let value)):
            var highest = value
            if case .counter(_, let current) = entries[change.key]?.value { highest = max(current, value) }
            entries[change.key] = Versioned(.counter(name, highest), revision)
            return .put(.counter(name, highest))
        case .put(let entry):
            entries[entry.key] = Versioned(entry, revision)
            return change
        }
    }

    public func stage(_ entries: [StoreEntry], as id: StagingID) throws(CommitError) {
        _ = try prepareStaging(entries)
        let keys = Set(entries.map(\.key))
        staged[id] = (staged[id] ?? []).filter { !keys.contains($0.key) } + entries
    }

    public func discard(_ id: StagingID) { staged[id] = nil }

    public func outcome(of key: RequestKey) -> RequestOutcome? { requests[key] }

    public func entry(_ key: StoreKey) -> Versioned<StoreEntry>? { entries[key] }

    public func snapshot() -> StoreSnapshot { StoreSnapshot(revision: revision, entries: Array(entries.values)) }

    public nonisolated func changes(after revision: Revision) -> AsyncThrowingStream<ChangeBatch, any Error> { hub.follow(after: revision) }
}
