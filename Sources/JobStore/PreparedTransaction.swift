package import JobModel

/// A transaction checked for its own faults and encoded, before it meets the store.
package struct PreparedTransaction: Sendable {
    /// A change with its packed forms; `value` is nil for a removal.
    package struct Change: Sendable {
        package let change: StoreChange
        package let key: [UInt8]
        package let value: [UInt8]?
    }

    package let transaction: StoreTransaction
    package let changes: [Change]
    package let expecting: [(key: StoreKey, packed: [UInt8], revision: Revision)]

    package init(_ transaction: StoreTransaction) throws(CommitError) {
        let keys = max(transaction.changes.count, transaction.expecting.count)
        guard keys <= StoreTransaction.maximumKeys else { throw .refused(.tooManyKeys(keys)) }
        var seen = Set<StoreKey>()
        for change in transaction.changes {
            guard seen.insert(change.key).inserted else { throw .refused(.malformed("\(change.key) is changed twice")) }
            if case .remove(.counter(let name)) = change { throw .refused(.malformed("counter \(name) only grows, it cannot be removed")) }
        }
        changes = transaction.changes.map(Change.init)
        let bytes = changes.reduce(0) { $0 + ($1.value?.count ?? 0) }
        guard bytes <= StoreTransaction.maximumBytes else { throw .refused(.tooLarge(bytes: bytes)) }
        expecting = transaction.expecting.map { ($0.key, $0.key.packed, $0.value) }
        self.transaction = transaction
    }

    /// The jobs that these entries and changes make, in the order of their numbers.
    package static func jobs(in changes: some Sequence<StoreChange>) -> [JobID] {
        changes.compactMap { if case .put(.job(let record)) = $0 { record.id } else { nil } }.sorted()
    }

    /// Whether the store's revision grows by it.
    package var changesKeys: Bool { !changes.isEmpty || transaction.staged != nil || transaction.requestKey != nil }
}

extension PreparedTransaction.Change {
    package init(_ change: StoreChange) {
        self.change = change
        key = change.key.packed
        switch change {
        case .put(let entry): value = entry.packedValue
        case .remove: value = nil
        }
    }
}

/// Entries checked and encoded for staging.
package func prepareStaging(_ entries: [StoreEntry]) throws(CommitError) -> [PreparedTransaction.Change] {
    try PreparedTransaction(StoreTransaction(changes: entries.map { .put($0) })).changes
}

extension StoreChange {
    /// Bytes of the encoded value; a removal has none.
    var encodedSize: Int {
        if case .put(let entry) = self { entry.packedValue.count } else { 0 }
    }
}
