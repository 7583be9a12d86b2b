internal import FoundationEssentials
internal import GRDB
internal import JobModel
internal import JobStore

/// The writes of one group, on the writer's thread. Never leaves it.
final class WriteSession {
    let db: GRDB.Database
    var counters: StoreCounters
    private let before: StoreCounters
    /// What the group changes, with the bytes of the encoded values.
    private(set) var batches: [(ChangeBatch, Int)] = []

    init(_ db: GRDB.Database, _ counters: StoreCounters) {
        self.db = db
        self.counters = counters
        before = counters
    }

    var revision: Revision { Revision(counters.revision) }

    /// Runs one commit in a savepoint. An error of the database that ended the whole transaction is thrown on.
    func run(_ work: GroupCommitter.Work) throws -> CommitReceiptResult {
        let (oldCounters, oldBatches) = (counters, batches.count)
        try execute("SAVEPOINT berth")
        do throws(CommitError) {
            let receipt = try work(self)
            try storing { try execute("RELEASE berth") }
            return .success(receipt)
        } catch {
            (counters, batches) = (oldCounters, Array(batches.prefix(oldBatches)))
            // Full disks and the like roll everything back: then nothing of the group stands.
            guard db.isInsideTransaction else { throw error }
            try execute("ROLLBACK TO berth")
            try execute("RELEASE berth")
            return .failure(error)
        }
    }

    func saveCounters() throws {
        if counters.revision != before.revision { try save("revision", counters.revision) }
        if counters.event != before.event { try save("event", counters.event) }
    }

    private func save(_ name: String, _ value: UInt64) throws {
        try execute("UPDATE meta SET value = ? WHERE name = ?", [Int64(bitPattern: value), name])
    }

    func perform(_ body: (GRDB.Database) throws -> Void) throws(CommitError) -> CommitReceipt {
        try storing { try body(db) }
        return CommitReceipt(revision: revision)
    }

    func publish(_ changes: [StoreChange], bytes: Int) {
        let size = StoreTransaction.maximumKeys
        let starts = Array(stride(from: 0, to: max(changes.count, 1), by: size))
        for (part, start) in starts.enumerated() {
            let batch = ChangeBatch(
                revision: revision, part: part, isLast: part == starts.count - 1, changes: Array(changes.dropFirst(start).prefix(size)))
            batches.append((batch, bytes / starts.count))
        }
    }

    func execute(_ sql: String, _ arguments: StatementArguments = []) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// Errors of the database become those of a commit.
    func storing<T>(_ body: () throws -> T) throws(CommitError) -> T {
        do { return try body() } catch let error as CommitError { throw error } catch { throw .refused(.storage("\(error)")) }
    }
}
