import Foundation
import GRDB
import JobModel
import JobStore
import Testing

@testable import Database

@Suite struct MigrationTests {
    private static let second = SchemaStep(
        version: 2,
        statements: ["ALTER TABLE events ADD COLUMN extra TEXT", "CREATE TABLE later (x INTEGER)", "INSERT INTO later VALUES (7)"])

    private func open(_ directory: TemporaryDirectory, _ steps: [SchemaStep]) throws -> SQLiteStore {
        try SQLiteStore(directory: directory.path, options: SQLiteStore.Options(now: { WallTime(milliseconds: 1234) }), steps: steps)
    }

    @Test func aMigrationMakesABackupFirst() async throws {
        let directory = try TemporaryDirectory()
        var store = try open(directory, Schema.steps)
        _ = try await store.commit(Fixture.submission(1))
        store.close()

        store = try open(directory, Schema.steps + [Self.second])
        #expect(try await store.snapshot().entries.count == 2)
        #expect(try await store.pool.read { db in try Int.fetchOne(db, sql: "SELECT x FROM later") } == 7)
        store.close()

        #expect(try directory.mode("berth.db.v1.1234.backup") == 0o600)
        // The backup is a whole database of the version before: put in place, it opens.
        let restored = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: directory.path + "/berth.db.v1.1234.backup", toPath: restored.database)
        let old = try open(restored, Schema.steps)
        defer { old.close() }
        #expect(try await old.ledgerAttempts(of: JobID(1), after: nil, limit: 9) == [Fixture.attempt(1)])
        #expect(try await old.pool.read { db in try Schema.version(db) } == 1)
    }

    @Test func aNewerSchemaIsRefused() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory, Schema.steps + [Self.second])
        _ = try await store.commit(Fixture.submission(1))
        store.close()
        let before = directory.bytes("berth.db")
        let error = #expect(throws: OpeningError.newerSchema(path: directory.database, found: 2, accepted: 1)) {
            try open(directory, Schema.steps)
        }
        let line = "\(try #require(error))"
        #expect(line.contains("version 2") && line.contains("up to 1") && !line.contains("\n"))
        #expect(directory.bytes("berth.db") == before)
        try open(directory, Schema.steps + [Self.second]).close()
    }

    @Test func aFailedMigrationChangesNothing() async throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory, Schema.steps)
        _ = try await store.commit(Fixture.submission(1))
        store.close()
        let broken = SchemaStep(version: 2, statements: ["CREATE TABLE later (x INTEGER)", "CREATE TABLE events (again)"])
        let error = #expect(throws: OpeningError.self) { try open(directory, Schema.steps + [broken]) }
        guard case .migrationFailed(_, let from, let to, _, let backup)? = error, (from, to) == (1, 2) else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(FileManager.default.fileExists(atPath: backup))
        let again = try open(directory, Schema.steps)
        defer { again.close() }
        #expect(try await again.snapshot().entries.count == 2)
        #expect(try await again.pool.read { db in try db.tableExists("later") } == false)
    }
}
