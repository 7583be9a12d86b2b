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
        let jobs = try await read { db in try selection.jobs(db) } + selection.forgotten.sorted()
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
        let bound = try await read { db in
            let newest = try Int64.fetchOne(db, sql: "SELECT max(sequence) FROM events") ?? 0
            // By the sequence of the oldest that stays: the wall clock may have jumped, and the rest must have no gaps.
            let stays = try Int64.fetchOne(
                db, sql: "SELECT sequence FROM events WHERE at >= ? ORDER BY sequence LIMIT 1", arguments: [time.milliseconds])
            return max(newest - Int64(count), (stays ?? newest + 1) - 1)
        }
        return try await deleteInSteps { db in
            try db.execute(
                sql: """
                    DELETE FROM events WHERE sequence IN
                        (SELECT sequence FROM events WHERE sequence <= ? ORDER BY sequence LIMIT \(Self.purgeStep))
                    """, arguments: [bound])
        }
    }

    /// Forgets request keys from before `time`, but those of `living` jobs; gives how many went.
    public func pruneRequests(before time: WallTime, keeping living: Set<RequestKey> = []) async throws(StoreError) -> Int {
        let old = try await read { db in
            try String.fetchAll(db, sql: "SELECT key FROM requests WHERE at < ?", arguments: [time.milliseconds])
        }
        return try await delete(old.filter { !living.contains(RequestKey($0)) }, "DELETE FROM requests WHERE key = ?")
    }

    /// Forgets what ended jobs were and where their tasks ended, of those that ended before `time` and that no living job waits for; what they
    /// used stays in the ledger. Gives how many went.
    public func pruneJobs(endedBefore time: WallTime, keeping awaited: Set<JobID>) async throws(StoreError) -> Int {
        let old = try await read { db in
            try Int64.fetchAll(db, sql: "SELECT job FROM ledger_jobs WHERE ended < ?", arguments: [time.milliseconds])
        }
        return try await delete(old.filter { !awaited.contains(JobID(column: $0)) }, "DELETE FROM ledger_jobs WHERE job = ?")
    }

    /// Runs the statement for every key, in steps that keep no commit waiting; gives how many keys there were.
    private func delete(_ keys: [some DatabaseValueConvertible & Sendable], _ statement: String) async throws(StoreError) -> Int {
        for start in stride(from: 0, to: keys.count, by: Self.purgeStep) {
            let step = Array(keys[start..<min(start + Self.purgeStep, keys.count)])
            try await write { db in for key in step { try db.execute(sql: statement, arguments: [key]) } }
        }
        return keys.count
    }

    /// When the newest attempt ended that is not among the `count` newest; nil while there are no more.
    public func endOfAttempt(beyond count: Int) async throws(StoreError) -> WallTime? {
        try await read { db in
            let sql = "SELECT ended FROM ledger_attempts ORDER BY ended DESC LIMIT 1 OFFSET ?"
            return try Int64.fetchOne(db, sql: sql, arguments: [count]).map { WallTime(milliseconds: $0) }
        }
    }

    /// Removes what was used by attempts that ended before `time`, but those of `living` jobs; gives how many went.
    public func pruneAttempts(endedBefore time: WallTime, keeping living: Set<JobID>) async throws(StoreError) -> Int {
        let old = try await read { db in
            try Int64.fetchAll(db, sql: "SELECT DISTINCT job FROM ledger_attempts WHERE ended < ?", arguments: [time.milliseconds])
        }
        let jobs = old.filter { !living.contains(JobID(column: $0)) }
        var (position, removed) = (0, 0)
        while position < jobs.count {
            let start = position
            let reached = Mutex((position: position, removed: 0))
            try await write { db in
                let end = try Self.deleteAttempts(of: jobs, from: start, endedBefore: time, db)
                reached.withLock { $0 = end }
            }
            position = reached.withLock { $0.position }
            removed += reached.withLock { $0.removed }
        }
        return removed
    }

    /// Takes at most `purgeStep` attempts, job by job; the first job that may still have some, and how many went.
    private static func deleteAttempts(
        of jobs: [Int64], from start: Int, endedBefore time: WallTime, _ db: GRDB.Database
    ) throws -> (position: Int, removed: Int) {
        var (position, removed) = (start, 0)
        while position < jobs.count, removed < purgeStep {
            let room = purgeStep - removed
            try db.execute(
                sql: """
                    DELETE FROM ledger_attempts WHERE job = ?1 AND (slot, number) IN
                        (SELECT slot, number FROM ledger_attempts WHERE job = ?1 AND ended < ?2 LIMIT ?3)
                    """, arguments: [jobs[position], time.milliseconds, room])
            removed += db.changesCount
            if db.changesCount < room { position += 1 }
        }
        return (position, removed)
    }

    /// Gives the pages of what was pruned back to the file system.
    public func reclaim() async throws(StoreError) { try await shrink() }

    /// Repeats a deletion that takes at most some rows, each time in a transaction of its own, until it takes none.
    private func deleteInSteps(_ body: @escaping @Sendable (GRDB.Database) throws -> Void) async throws(StoreError) -> Int {
        var total = 0
        while true {
            let removed = Mutex(0)
            try await write { db in
                try body(db)
                let count = db.changesCount
                removed.withLock { $0 = count }
            }
            let count = removed.withLock { $0 }
            total += count
            if count == 0 { return total }
        }
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
            // A WAL that is part of the reserve keeps its blocks.
            let kind = reserve == nil ? "TRUNCATE" : "RESTART"
            try await committer.exclusively { db in _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(\(kind))") }
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
