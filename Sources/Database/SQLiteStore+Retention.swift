internal import GRDB
public import JobModel
public import JobStore
internal import Synchronization

extension SQLiteStore {
    /// How many attempts go in one transaction, so that commits wait only briefly.
    private static let purgeStep = 5000

    /// Removes ended jobs from the ledger and makes the file smaller.
    ///
    /// A job goes with its last attempt, so that a purge cut short is completed by the next one.
    public func purge(_ selection: PurgeSelection) async throws(StoreError) -> PurgeResult {
        let before = try await fileBytes()
        let jobs = try await read { db in try selection.jobs(db) }
        var attempts = 0
        for job in jobs { attempts += try await purge(job) }
        try await shrink()
        return PurgeResult(jobs: jobs.count, attempts: attempts, freedBytes: before - (try await fileBytes()))
    }

    private func purge(_ job: JobID) async throws(StoreError) -> Int {
        let removed = Mutex(0)
        var before = -1
        while removed.withLock({ $0 }) != before {
            before = removed.withLock { $0 }
            try await write { db in
                let slots = "SELECT slot FROM ledger_attempts WHERE job = ? ORDER BY slot LIMIT 1 OFFSET \(Self.purgeStep)"
                let end = try Int64.fetchOne(db, sql: slots, arguments: [job.column])
                try db.execute(
                    sql: "DELETE FROM ledger_attempts WHERE job = ? AND slot <= ?", arguments: [job.column, end ?? Int64.max])
                let count = db.changesCount
                removed.withLock { $0 += count }
                if end == nil { try db.execute(sql: "DELETE FROM ledger_jobs WHERE job = ?", arguments: [job.column]) }
            }
        }
        return removed.withLock { $0 }
    }

    /// Keeps the newest `count` events and drops those from before `time`; gives how many went.
    public func pruneEvents(keeping count: Int, since time: WallTime) async throws(StoreError) -> Int {
        try await delete { db in
            let newest = try Int64.fetchOne(db, sql: "SELECT max(sequence) FROM events") ?? 0
            // By the sequence of the oldest that stays: the wall clock may have jumped, and the rest must have no gaps.
            let stays = try Int64.fetchOne(
                db, sql: "SELECT min(sequence) FROM events WHERE at >= ?", arguments: [time.milliseconds])
            try db.execute(
                sql: "DELETE FROM events WHERE sequence <= ? OR sequence < ?",
                arguments: [newest - Int64(count), stays ?? newest + 1])
        }
    }

    /// Forgets request keys from before `time`; gives how many went.
    public func pruneRequests(before time: WallTime) async throws(StoreError) -> Int {
        try await delete { db in try db.execute(sql: "DELETE FROM requests WHERE at < ?", arguments: [time.milliseconds]) }
    }

    private func delete(_ body: @escaping @Sendable (GRDB.Database) throws -> Void) async throws(StoreError) -> Int {
        let removed = Mutex(0)
        try await write { db in
            try body(db)
            let count = db.changesCount
            removed.withLock { $0 = count }
        }
        return removed.withLock { $0 }
    }

    private func fileBytes() async throws(StoreError) -> Int64 {
        try await read { db in
            let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            return pages * (try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
        }
    }

    /// Gives free pages back to the file system, some at a time, and cuts the file and its WAL.
    private func shrink() async throws(StoreError) {
        do {
            let isDone = Mutex(false)
            while !isDone.withLock({ $0 }) {
                try await committer.exclusively { db in
                    _ = try Row.fetchAll(db, sql: "PRAGMA incremental_vacuum(2000)")
                    let rest = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
                    isDone.withLock { $0 = rest == 0 }
                }
            }
            try await committer.exclusively { db in _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        } catch { throw .unreadable("shrink \(path): \(error)") }
    }
}

extension PurgeSelection {
    /// The selected jobs, oldest end first. Only ended jobs have a row, so nothing that lives is ever among them.
    func jobs(_ db: GRDB.Database) throws -> [JobID] {
        var filter = LedgerFilter()
        filter.owner = owner
        filter.batch = batch
        filter.jobs = jobs
        filter.until = endedBefore
        let query = LedgerClause(filter, withOutcomes: false).query("SELECT job FROM ledger_jobs", order: "ended, job", limit: nil)
        let selected = try Int64.fetchAll(db, sql: query.sql, arguments: StatementArguments(query.arguments))
        return selected.dropLast(keepNewest ?? 0).map { JobID(column: $0) }
    }
}
