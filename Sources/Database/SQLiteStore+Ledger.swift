internal import FoundationEssentials
internal import GRDB
public import JobModel
public import JobStore

extension SQLiteStore {
    public func ledgerJob(_ id: JobID) async throws(StoreError) -> LedgerJob? {
        try await read { db in
            let statement = try db.cachedStatement(sql: "SELECT body FROM ledger_jobs WHERE job = ?")
            return try Data.fetchOne(statement, arguments: [id.column]).map { try LedgerJob(packed: Array($0)) }
        }
    }

    public func ledgerJobs(matching filter: LedgerFilter, before: JobID?, limit: Int) async throws(StoreError) -> [LedgerJob] {
        var clause = LedgerClause(filter, withOutcomes: false)
        if let before { clause.require("job < ?", before.column) }
        let query = clause.query("SELECT body FROM ledger_jobs", order: "job DESC", limit: limit)
        return try await read { db in try query.fetch(db) { try LedgerJob(packed: $0) } }
    }

    public func ledgerAttempts(of job: JobID, after: AttemptID?, limit: Int) async throws(StoreError) -> [LedgerAttempt] {
        var clause = LedgerClause(LedgerFilter(), withOutcomes: false)
        clause.require("job = ?", job.column)
        if let after { clause.require("(slot, number) > (?, ?)", Int64(after.task.slot), Int64(after.number)) }
        let query = clause.query("SELECT body FROM ledger_attempts", order: "slot, number", limit: limit)
        return try await read { db in try query.fetch(db) { try LedgerAttempt(packed: $0) } }
    }

    public func newestLedgerAttempts(of job: JobID, limit: Int) async throws(StoreError) -> (attempts: [LedgerAttempt], count: Int) {
        var clause = LedgerClause(LedgerFilter(), withOutcomes: false)
        clause.require("job = ?", job.column)
        let query = clause.query("SELECT body FROM ledger_attempts", order: "ended DESC, slot DESC, number DESC", limit: limit)
        return try await read { db in
            let newest = try query.fetch(db) { try LedgerAttempt(packed: $0) }
            let statement = try db.cachedStatement(sql: "SELECT count(*) FROM ledger_attempts WHERE job = ?")
            return (newest.sorted { $0.id < $1.id }, try Int.fetchOne(statement, arguments: [job.column]) ?? 0)
        }
    }

    public func foldAttempts<Result: Sendable>(
        matching filter: LedgerFilter, into initial: Result, _ body: @escaping @Sendable (inout Result, LedgerAttempt) -> Void
    ) async throws(StoreError) -> Result {
        let query = LedgerClause(filter, withOutcomes: true).query(
            "SELECT body FROM ledger_attempts", order: "job, slot, number", limit: nil)
        return try await read { db in
            var result = initial
            try query.forEach(db) { body(&result, try LedgerAttempt(packed: $0)) }
            return result
        }
    }

    public func foldJobs<Result: Sendable>(
        matching filter: LedgerFilter, into initial: Result, _ body: @escaping @Sendable (inout Result, LedgerJob) -> Void
    ) async throws(StoreError) -> Result {
        let query = LedgerClause(filter, withOutcomes: false).query("SELECT body FROM ledger_jobs", order: "job", limit: nil)
        return try await read { db in
            var result = initial
            try query.forEach(db) { body(&result, try LedgerJob(packed: $0)) }
            return result
        }
    }

    public func events(after sequence: UInt64, limit: Int) async throws(StoreError) -> EventPage {
        try await read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT sequence, body FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?",
                arguments: [Int64(clamping: sequence), limit])
            let events = try rows.map { row in
                var event = try Event(packed: Array(row[1] as Data))
                event.sequence = UInt64(bitPattern: row[0] as Int64)
                return event
            }
            let oldest = try Int64.fetchOne(db, sql: "SELECT min(sequence) FROM events") ?? 0
            return EventPage(events: events, oldest: UInt64(bitPattern: oldest), newest: try StoreCounters.read(db).event)
        }
    }
}
