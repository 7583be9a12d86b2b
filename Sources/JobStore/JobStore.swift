public import JobModel

/// The shared state: a table of typed keys and versioned values with one revision.
///
/// Written for etcd's terms (128 operations a transaction, 1.5 MiB a request, compaction), so that a cluster's store can stand in for
/// SQLite's. Each implementation passes the one conformance suite in `Tests/JobStoreTests`.
///
///     leader ──commit(term)──►┌─────────┐──changes(after:)──► scheduler's view
///     agent ──observations───►│  store  │──snapshot()──────► a new view
///                             └─────────┘
public protocol JobStore: Sendable {
    /// Becomes the leader and gives its term; a constant while a single machine's store is open.
    func lead() async throws(StoreError) -> Term

    /// Makes all of the transaction durable and visible, or nothing of it.
    func commit(_ transaction: StoreTransaction) async throws(CommitError) -> CommitReceipt

    /// Keeps entries, at most `maximumKeys` a call, out of sight until a transaction names the set. Staging a key again replaces it. What was
    /// never named is dropped at the next opening.
    func stage(_ entries: [StoreEntry], as id: StagingID) async throws(CommitError)

    /// Drops a set of staged entries; nothing happens when there is none.
    func discard(_ id: StagingID) async throws(StoreError)

    /// What the commit with this request key came to; nil when it was not committed (and, once asked for after an unknown end, a retry may be
    /// made with the same key, which ends as `repeated` should the first still arrive).
    func outcome(of key: RequestKey) async throws(StoreError) -> RequestOutcome?

    /// One value; nil when there is none.
    func entry(_ key: StoreKey) async throws(StoreError) -> Versioned<StoreEntry>?

    /// Everything at one revision, in no particular order.
    func snapshot() async throws(StoreError) -> StoreSnapshot

    /// What was committed after a revision, from then on, in order. A revision may come in several parts, and anything may come again; feed it to
    /// `StoreState.apply`. Ends with `StoreError.compacted` when the changes are no longer kept or the reader falls too far behind.
    func changes(after revision: Revision) -> AsyncThrowingStream<ChangeBatch, any Error>
}

extension JobStore {
    /// Commits any number of entries at once: what is beyond `maximumKeys` (or a megabyte) is staged first, under `staging`.
    public func submit(_ transaction: StoreTransaction, staging id: StagingID) async throws(CommitError) -> CommitReceipt {
        var transaction = transaction
        var parts: [[StoreEntry]] = []
        for part in StagingPlan(transaction.changes).staged { parts.append(part) }
        guard !parts.isEmpty else { return try await commit(transaction) }
        for part in parts { try await stage(part, as: id) }
        transaction.changes = StagingPlan(transaction.changes).direct
        transaction.staged = id
        do {
            return try await commit(transaction)
        } catch {
            if case .unknown = error {} else { try? await discard(id) }
            throw error
        }
    }
}
