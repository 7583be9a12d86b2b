internal import FoundationEssentials
internal import GRDB
internal import JobModel
internal import JobStore

extension WriteSession {
    func commit(_ prepared: PreparedTransaction, at now: WallTime) throws(CommitError) -> CommitReceipt {
        let transaction = prepared.transaction
        try checkRequest(transaction.requestKey)
        try checkRevisions(prepared)
        if prepared.changesKeys { counters.revision += 1 }
        return try storing {
            var changes = try reveal(transaction.staged)
            for change in prepared.changes { changes.append(try apply(change)) }
            if let key = transaction.requestKey { try record(key, jobs: PreparedTransaction.jobs(in: changes), at: now) }
            try append(transaction.ledger)
            for change in transaction.node { try apply(change) }
            let firstEvent = try append(transaction.events)
            if prepared.changesKeys { publish(changes, bytes: prepared.changes.reduce(0) { $0 + ($1.value?.count ?? 0) }) }
            return CommitReceipt(revision: revision, firstEvent: firstEvent)
        }
    }

    func stage(_ changes: [PreparedTransaction.Change], as id: StagingID) throws(CommitError) -> CommitReceipt {
        try storing {
            for change in changes {
                try execute(
                    "INSERT OR REPLACE INTO staged (staging, key, value) VALUES (?, ?, ?)",
                    [id.value, Data(change.key), Data(change.value ?? [])])
            }
            return CommitReceipt(revision: revision)
        }
    }

    private func checkRequest(_ key: RequestKey?) throws(CommitError) {
        guard let key else { return }
        if let outcome = try storing({ try RequestOutcome.fetch(db, key) }) { throw .repeated(outcome) }
    }

    private func checkRevisions(_ prepared: PreparedTransaction) throws(CommitError) {
        var found: [StoreKey: Revision] = [:]
        for (key, packed, expected) in prepared.expecting {
            let current = try storing { try currentRevision(packed) }
            if current != expected { found[key] = current }
        }
        guard found.isEmpty else { throw .conflict(found) }
        if let expected = prepared.transaction.eventsAfter, expected != counters.event { throw .eventConflict(newest: counters.event) }
    }

    private func currentRevision(_ key: [UInt8]) throws -> Revision {
        let statement = try db.cachedStatement(sql: "SELECT revision FROM entries WHERE key = ?")
        return try Int64.fetchOne(statement, arguments: [Data(key)]).map { Revision(UInt64(bitPattern: $0)) } ?? .zero
    }

    /// Makes staged entries visible and gives them.
    private func reveal(_ id: StagingID?) throws -> [StoreChange] {
        guard let id else { return [] }
        let rows = try Row.fetchAll(db, sql: "SELECT key, value FROM staged WHERE staging = ? ORDER BY id", arguments: [id.value])
        guard !rows.isEmpty else { throw CommitError.refused(.notStaged(id)) }
        try execute("DELETE FROM staged WHERE staging = ?", [id.value])
        return try rows.map { row in
            let key = try StoreKey(packed: Array(row[0] as Data))
            let entry = try StoreEntry(key: key, packedValue: Array(row[1] as Data))
            return try apply(PreparedTransaction.Change(.put(entry)))
        }
    }

    /// Gives the change as it took effect: a counter does not go down.
    private func apply(_ change: PreparedTransaction.Change) throws -> StoreChange {
        guard let value = change.value else {
            try execute("DELETE FROM entries WHERE key = ?", [Data(change.key)])
            return change.change
        }
        if case .put(.counter(let name, let wanted)) = change.change, let current = try counter(change), current > wanted {
            try put(change.key, StoreEntry.counter(name, current).packedValue)
            return .put(.counter(name, current))
        }
        try put(change.key, value)
        return change.change
    }

    private func put(_ key: [UInt8], _ value: [UInt8]) throws {
        try execute(
            "INSERT OR REPLACE INTO entries (key, revision, value) VALUES (?, ?, ?)",
            [Data(key), Int64(bitPattern: counters.revision), Data(value)])
    }

    private func counter(_ change: PreparedTransaction.Change) throws -> UInt64? {
        let statement = try db.cachedStatement(sql: "SELECT value FROM entries WHERE key = ?")
        guard let bytes = try Data.fetchOne(statement, arguments: [Data(change.key)]) else { return nil }
        guard case .counter(_, let value) = try StoreEntry(key: change.change.key, packedValue: Array(bytes)) else { return nil }
        return value
    }

    private func record(_ key: RequestKey, jobs: [JobID], at now: WallTime) throws {
        try execute(
            "INSERT INTO requests (key, revision, jobs, at) VALUES (?, ?, ?, ?)",
            [key.value, Int64(bitPattern: counters.revision), jobs.map(\.description).joined(separator: ","), now.milliseconds])
    }
}

extension RequestOutcome {
    static func fetch(_ db: GRDB.Database, _ key: RequestKey) throws -> RequestOutcome? {
        let statement = try db.cachedStatement(sql: "SELECT revision, jobs FROM requests WHERE key = ?")
        guard let row = try Row.fetchOne(statement, arguments: [key.value]) else { return nil }
        let jobs = (row[1] as String).split(separator: ",").compactMap { JobID(String($0)) }
        return RequestOutcome(revision: Revision(UInt64(bitPattern: row[0] as Int64)), jobs: jobs)
    }
}
