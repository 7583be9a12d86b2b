internal import GRDB

/// The numbers that only grow, as of the last durable transaction.
struct StoreCounters: Sendable {
    var revision: UInt64 = 0
    var event: UInt64 = 0
    var term: UInt64 = 0

    static func read(_ db: GRDB.Database) throws -> StoreCounters {
        var counters = StoreCounters()
        for row in try Row.fetchAll(db, sql: "SELECT name, value FROM meta") {
            let value = UInt64(bitPattern: row[1] as Int64)
            switch row[0] as String {
            case "revision": counters.revision = value
            case "event": counters.event = value
            case "term": counters.term = value
            default: break
            }
        }
        return counters
    }

    /// Begins a new term and drops what was staged and never became visible.
    static func begin(_ db: GRDB.Database) throws -> StoreCounters {
        try db.execute(sql: "UPDATE meta SET value = value + 1 WHERE name = 'term'")
        try db.execute(sql: "DELETE FROM staged")
        return try read(db)
    }
}
