internal import FoundationEssentials
internal import GRDB
public import JobModel
public import JobStore

extension SQLiteStore {
    public func outcome(of key: RequestKey) async throws(StoreError) -> RequestOutcome? {
        try await read { db in try RequestOutcome.fetch(db, key) }
    }

    public func entry(_ key: StoreKey) async throws(StoreError) -> Versioned<StoreEntry>? {
        try await read { db in
            let statement = try db.cachedStatement(sql: "SELECT revision, value FROM entries WHERE key = ?")
            guard let row = try Row.fetchOne(statement, arguments: [Data(key.packed)]) else { return nil }
            return Versioned(
                try StoreEntry(key: key, packedValue: Array(row[1] as Data)), Revision(UInt64(bitPattern: row[0] as Int64)))
        }
    }

    public func snapshot() async throws(StoreError) -> StoreSnapshot {
        try await read { db in
            var snapshot = StoreSnapshot(revision: Revision(try StoreCounters.read(db).revision), entries: [])
            let rows = try Row.fetchCursor(db, sql: "SELECT key, revision, value FROM entries")
            while let row = try rows.next() {
                let key = try StoreKey(packed: Array(row[0] as Data))
                let entry = try StoreEntry(key: key, packedValue: Array(row[2] as Data))
                snapshot.entries.append(Versioned(entry, Revision(UInt64(bitPattern: row[1] as Int64))))
            }
            return snapshot
        }
    }

    public func nodeEntries(_ table: NodeTable) async throws(StoreError) -> [String: [UInt8]] {
        try await read { db in
            var entries: [String: [UInt8]] = [:]
            let rows = try Row.fetchCursor(db, sql: "SELECT key, value FROM node WHERE name = ?", arguments: [table.rawValue])
            while let row = try rows.next() { entries[row[0]] = Array(row[1] as Data) }
            return entries
        }
    }

    public func nodeEntry(_ table: NodeTable, key: String) async throws(StoreError) -> [UInt8]? {
        try await read { db in
            let statement = try db.cachedStatement(sql: "SELECT value FROM node WHERE name = ? AND key = ?")
            return try Data.fetchOne(statement, arguments: [table.rawValue, key]).map { Array($0) }
        }
    }

    /// A read at one point in time, on a thread of the pool.
    func read<T: Sendable>(_ body: @escaping @Sendable (GRDB.Database) throws -> T) async throws(StoreError) -> T {
        do { return try await pool.read(body) } catch { throw .unreadable("read \(path): \(error)") }
    }
}
