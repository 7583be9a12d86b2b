public import JobModel
public import JobStore

/// All durable state of one machine in one SQLite file: the job store, the ledger, events, and the node's own state.
public final class SQLiteStore: Sendable {
    /// The wall clock, in milliseconds since 1970.
    public static let wallClock: @Sendable () -> WallTime = { WallTime(milliseconds: 0) }

    /// Opens the database in a directory (made with mode 0700 when missing), or makes it; migrates it after a backup. Blocks: call it at start.
    public static func open(directory: String, options: Options = Options()) throws(DatabaseError) -> SQLiteStore {
        throw .cannotOpen(path: directory, reason: "being written")
    }

    /// Ends what is under way, writes the WAL back and gives up the lock. Later calls are refused. Blocks.
    public func close() {}

    /// Removes ended jobs from the ledger and makes the file smaller.
    public func purge(_ selection: PurgeSelection) async throws(StoreError) -> PurgeResult { throw .unreadable("being written") }

    /// Keeps the newest `count` events and drops those from before `time`; gives how many went.
    public func pruneEvents(keeping count: Int, since time: WallTime) async throws(StoreError) -> Int { throw .unreadable("being written") }

    /// Forgets request keys from before `time`; gives how many went.
    public func pruneRequests(before time: WallTime) async throws(StoreError) -> Int { throw .unreadable("being written") }
}
