internal import GRDB
internal import JobStore

/// One durable transaction of several commits, each in a savepoint of its own: one that fails takes none of the others with it.
struct GroupTransaction {
    struct Outcome {
        var results: [Result<CommitReceipt, CommitError>]
        var counters: StoreCounters
        var batches: [(ChangeBatch, Int)]
    }

    private let works: [GroupCommitter.Work]
    private let counters: StoreCounters

    init(_ works: [GroupCommitter.Work], _ counters: StoreCounters) {
        self.works = works
        self.counters = counters
    }

    func run(in pool: DatabasePool) -> Outcome {
        var outcome = Outcome(results: [], counters: counters, batches: [])
        var isCommitting = false
        do {
            try pool.writeWithoutTransaction { db in
                try db.inTransaction(.immediate) {
                    let session = WriteSession(db, counters)
                    for work in works { outcome.results.append(try session.run(work)) }
                    try session.saveCounters()
                    outcome.counters = session.counters
                    outcome.batches = session.batches
                    isCommitting = true
                    return .commit
                }
            }
            return outcome
        } catch {
            return failed(error, isCommitting: isCommitting, in: pool)
        }
    }

    private static func reason(_ error: any Error, _ pool: DatabasePool) -> String {
        DatabaseFile.writeFailure(beside: pool.path).map { "\($0) (\(error))" } ?? "\(pool.path): \(error)"
    }

    /// The whole transaction was rolled back. When the commit itself failed it may yet come back: its frames may be in the WAL, and be found
    /// there after a crash.
    private func failed(_ error: any Error, isCommitting: Bool, in pool: DatabasePool) -> Outcome {
        // What a disk says is asked anew; an error of another kind speaks for itself.
        let reason = error is GRDB.DatabaseError ? Self.reason(error, pool) : "\(error)"
        let code = (error as? GRDB.DatabaseError)?.resultCode
        let isUnknown = isCommitting && code != .SQLITE_FULL && code != .SQLITE_BUSY
        let result = CommitReceiptResult.failure(isUnknown ? .unknown(reason) : .refused(.storage(reason)))
        let current = (try? pool.read { db in try StoreCounters.read(db) }) ?? counters
        return Outcome(results: works.map { _ in result }, counters: current, batches: [])
    }
}

typealias CommitReceiptResult = Result<CommitReceipt, CommitError>
