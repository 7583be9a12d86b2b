import Foundation
import GRDB
import JobModel
import JobStore
import Testing

@testable import Database

@Suite struct OpeningTests {
    @Test func aNewDatabaseIsDurableAndPrivate() async throws {
        let directory = try TemporaryDirectory()
        let inner = directory.path + "/state"
        let store = try SQLiteStore.open(directory: inner)
        defer { store.close() }
        _ = try await store.commit(Fixture.submission(1))
        #expect(try directory.mode("state") == 0o700)
        for name in ["berth.db", "berth.db-wal", "berth.db-shm", "berth.db.lock"] {
            #expect(try directory.mode("state/" + name) == 0o600, "\(name)")
        }
        // Of the connection that commits: FULL is 2.
        let pragmas = try await store.pool.writeWithoutTransaction { db in
            try ["synchronous", "journal_mode", "auto_vacuum", "application_id", "user_version"].map {
                try String.fetchOne(db, sql: "PRAGMA \($0)")
            }
        }
        #expect(pragmas == ["2", "wal", "2", "\(Schema.applicationID)", "1"])
    }

    @Test func stateComesBack() async throws {
        let directory = try TemporaryDirectory()
        let first = try SQLiteStore.open(directory: directory.path)
        let term = try await first.lead()
        _ = try await first.commit(StoreTransaction(changes: [.put(.counter(.jobs, 41))]))
        var submission = Fixture.submission(41)
        submission.requestKey = RequestKey("key")
        submission.node = [.put(.slots, key: "1000", value: [7])]
        let receipt = try await first.commit(submission)
        try await first.stage([.job(Fixture.job(42))], as: StagingID("left"))
        first.close()
        #expect((directory.bytes("berth.db-wal") ?? Data()).isEmpty)
        await #expect(throws: CommitError.refused(.storage("the store is closed"))) { try await first.commit(Fixture.submission(43)) }

        let store = try SQLiteStore.open(directory: directory.path)
        defer { store.close() }
        let state = StoreState(try await store.snapshot())
        #expect(state.revision == receipt.revision)
        #expect(state.jobs[JobID(41)]?.value == Fixture.job(41))
        #expect(state.counters[.jobs]?.value == 41)
        #expect(try await store.outcome(of: RequestKey("key"))?.jobs == [JobID(41)])
        #expect(try await store.nodeEntry(.slots, key: "1000") == [7])
        #expect(try await store.lead() > term)
        // What was staged by the former process is gone, and its changes are no longer to be had.
        await #expect(throws: CommitError.refused(.notStaged(StagingID("left")))) {
            try await store.commit(StoreTransaction(staged: StagingID("left")))
        }
        await #expect(throws: StoreError.compacted(oldest: receipt.revision.next)) {
            for try await _ in store.changes(after: .zero) {}
        }
        let next = try await store.commit(Fixture.submission(44))
        #expect(next.revision == receipt.revision.next)
        #expect(next.firstEvent == 2)
    }

    @Test func aSecondDaemonIsRefused() throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore.open(directory: directory.path)
        #expect(throws: OpeningError.inUse(path: directory.database)) { try SQLiteStore.open(directory: directory.path) }
        store.close()
        try SQLiteStore.open(directory: directory.path).close()
    }

    @Test func aFileOfAnotherProgramIsRefused() throws {
        let directory = try TemporaryDirectory()
        try DatabaseQueue(path: directory.database).write { db in try db.execute(sql: "CREATE TABLE t (x)") }
        let before = directory.bytes("berth.db")
        #expect(throws: OpeningError.foreign(path: directory.database, found: "an SQLite file of application 0")) {
            try SQLiteStore.open(directory: directory.path)
        }
        #expect(directory.bytes("berth.db") == before)
    }

    @Test func aMissingParentIsNamed() throws {
        let error = #expect(throws: OpeningError.self) { try SQLiteStore.open(directory: "/nonexistent/berth") }
        #expect("\(try #require(error))".contains("/nonexistent/berth"))
    }
}
