internal import GRDB
public import JobModel
public import JobStore
internal import LinuxSys

/// All durable state of one machine in one SQLite file: the job store, the ledger, events, and the node's own state.
///
///     commit ─┐                   ┌ savepoint: changes, request key, ledger, events, node state
///     commit ─┼─► one transaction ┼ savepoint
///     commit ─┘   (one fsync)     └ savepoint ──► each caller resumes after the one fsync
public final class SQLiteStore: MachineStore {
    /// The wall clock, in milliseconds since 1970.
    public static let wallClock: @Sendable () -> WallTime = { WallTime(milliseconds: Int64(wallNanoseconds() / 1_000_000)) }

    let file: DatabaseFile
    let pool: DatabasePool
    let committer: GroupCommitter
    let hub: ChangeHub
    let options: Options
    private let term: Term
    /// Nil when none is wanted, or can be.
    public let reserve: DiskReserve?

    /// Opens the database in a directory (made with mode 0700 when missing), or makes it; migrates it after a backup. Blocks: call it at start.
    public static func open(directory: String, options: Options = Options()) throws(DatabaseError) -> SQLiteStore {
        try SQLiteStore(directory: directory, options: options, steps: Schema.steps)
    }

    /// For tests of migrations, with the steps of other versions.
    package init(directory: String, options: Options, steps: [SchemaStep]) throws(DatabaseError) {
        file = try DatabaseFile(directory: directory)
        self.options = options
        if options.reserve > .zero { DiskReserve.makeRoom(for: file, wanted: options.reserve) }
        pool = try DatabaseOpening(file: file, steps: steps, now: options.now()).open()
        do {
            let counters = try pool.write { db in try StoreCounters.begin(db) }
            term = Term(counters.term)
            hub = ChangeHub(after: Revision(counters.revision), keptBatches: options.keptChanges, maximumLag: options.maximumLag)
            reserve = try DiskReserve(of: file, wanted: options.reserve)
            if let reserve {
                // SQLite's own default is 1,000.
                try pool.writeWithoutTransaction { db in
                    try db.execute(sql: "PRAGMA wal_autocheckpoint = \(min(1000, reserve.logPages))")
                    reserve.hold(db)
                }
            }
            committer = GroupCommitter(pool: pool, hub: hub, counters: counters, maximumGroup: options.maximumGroup, reserve: reserve)
        } catch { throw .cannotOpen(path: file.path, reason: "\(error)") }
        // The WAL's name, too, has to survive a loss of power.
        try file.synchronizeDirectory()
    }

    /// Where the database lies.
    public var path: String { file.path }

    /// Ends what is under way, writes the WAL back and gives up the lock. Later calls are refused. Blocks.
    public func close() {
        committer.close()
        hub.close()
        // The pool closes its writer first, and a reader that is last does not write the WAL back.
        pool.invalidateReadOnlyConnections()
        _ = try? pool.writeWithoutTransaction { db in try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try? pool.close()
        reserve?.close()
        // A process that is just being started may still have a copy of the descriptor.
        try? file.lock.unlock()
        file.lock.close()
    }

    /// How many commits were made durable since the opening, and in how many transactions.
    public var statistics: (commits: Int, transactions: Int) { committer.statistics }

    /// The term of this opening.
    public func lead() async throws(StoreError) -> Term { term }

    public func changes(after revision: Revision) -> AsyncThrowingStream<ChangeBatch, any Error> { hub.follow(after: revision) }

    public func commit(_ transaction: StoreTransaction) async throws(CommitError) -> CommitReceipt {
        if let held = transaction.term, held != term { throw .refused(.fenced(held: held, current: term)) }
        let prepared = try PreparedTransaction(transaction)
        let now = options.now()
        return try await committer.submit { session throws(CommitError) in try session.commit(prepared, at: now) }
    }

    public func stage(_ entries: [StoreEntry], as id: StagingID) async throws(CommitError) {
        let changes = try prepareStaging(entries)
        _ = try await committer.submit { session throws(CommitError) in try session.stage(changes, as: id) }
    }

    public func discard(_ id: StagingID) async throws(StoreError) {
        try await write { db in try db.execute(sql: "DELETE FROM staged WHERE staging = ?", arguments: [id.value]) }
    }

    /// A write beside the store's keys, in a savepoint of the next transaction.
    func write(_ body: @escaping @Sendable (GRDB.Database) throws -> Void) async throws(StoreError) {
        do {
            _ = try await committer.submit { session throws(CommitError) in try session.perform(body) }
        } catch { throw .unreadable("\(error)") }
    }
}
