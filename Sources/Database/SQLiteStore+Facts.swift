internal import FoundationEssentials
internal import GRDB
internal import GRDBSQLite
public import JobModel
public import JobStore

extension SQLiteStore {
    public func newestAttempts(
        matching filter: LedgerFilter, limit: Int, where isMeant: @escaping @Sendable (LedgerAttempt) -> Bool
    ) async throws(StoreError) -> [LedgerAttempt] {
        let query = LedgerClause(filter, withOutcomes: true).query(
            "SELECT body FROM ledger_attempts", order: "job DESC, slot DESC, number DESC", limit: nil)
        return try await read { db in
            var found: [LedgerAttempt] = []
            let rows = try Data.fetchCursor(db, sql: query.sql, arguments: StatementArguments(query.arguments))
            while found.count < limit, let bytes = try rows.next() {
                let attempt = try LedgerAttempt(packed: Array(bytes))
                if isMeant(attempt) { found.append(attempt) }
            }
            return found.reversed()
        }
    }

    /// A row costs less than a microsecond: nothing is copied that reports do not need.
    public func foldFacts<Result: Sendable>(
        matching filter: LedgerFilter, into initial: Result, _ add: @escaping @Sendable (inout Result, AttemptFacts) -> Void
    ) async throws(StoreError) -> Result {
        // A span of time has its index, which is of use only where it leaves little; the order of the table is that of the ids.
        let query = LedgerClause(filter, withOutcomes: true).query(
            "SELECT body FROM ledger_attempts", order: "job DESC, slot DESC, number DESC", limit: nil)
        return try await read { db in
            var result = initial
            var reader = FactsReader(name: filter.name)
            var facts = AttemptFacts()
            let statement = try db.makeStatement(sql: query.sql)
            let rows = try Row.fetchCursor(statement, arguments: StatementArguments(query.arguments))
            while try rows.next() != nil {
                // Where it lies until the next step: an object around it would be made and freed for each.
                guard let body = sqlite3_column_blob(statement.sqliteStatement, 0) else { continue }
                let bytes = UnsafeRawBufferPointer(start: body, count: Int(sqlite3_column_bytes(statement.sqliteStatement, 0)))
                if try reader.read(bytes, into: &facts) { add(&result, facts) }
            }
            return result
        }
    }

    public func ledgerJobs(
        matching filter: LedgerFilter, unless isKnown: @escaping @Sendable (JobID) -> Bool
    ) async throws(StoreError) -> [LedgerJob] {
        let query = LedgerClause(filter, withOutcomes: false).query("SELECT job FROM ledger_jobs", order: nil, limit: nil)
        return try await read { db in
            var wanted: [Int64] = []
            let numbers = try Int64.fetchCursor(db, sql: query.sql, arguments: StatementArguments(query.arguments))
            while let number = try numbers.next() { if !isKnown(JobID(column: number)) { wanted.append(number) } }
            let statement = try db.cachedStatement(sql: "SELECT body FROM ledger_jobs WHERE job = ?")
            return try wanted.sorted().compactMap { job in
                try Data.fetchOne(statement, arguments: [job]).map { try LedgerJob(packed: Array($0)) }
            }
        }
    }
}
