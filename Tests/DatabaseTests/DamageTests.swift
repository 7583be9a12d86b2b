import Foundation
import GRDB
import JobModel
import JobStore
import Testing

@testable import Database

@Suite struct DamageTests {
    /// A database of some pages; gives their size.
    private func fill(_ directory: TemporaryDirectory) async throws -> Int {
        let store = try SQLiteStore.open(directory: directory.path)
        defer { store.close() }
        for part in UInt64(0)..<10 {
            let jobs = (part * 40 + 1)...(part * 40 + 40)
            _ = try await store.commit(
                StoreTransaction(changes: jobs.map { .put(.job(Fixture.job($0))) }, ledger: jobs.map { .attempt(Fixture.attempt($0)) }))
        }
        return try await store.pool.read { db in try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0 }
    }

    private func overwrite(_ directory: TemporaryDirectory, at offset: Int, _ bytes: Data) throws {
        let file = try #require(FileHandle(forUpdatingAtPath: directory.database))
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: bytes)
    }

    @Test func aDamagedPageIsNamedAndTheFileLeftAsItIs() async throws {
        let directory = try TemporaryDirectory()
        let pageSize = try await fill(directory)
        let root = try await DatabaseQueue(path: directory.database).read { db in
            try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'ledger_attempts'")
        }
        let page = try #require(root)
        try overwrite(directory, at: pageSize * (page - 1), Data(repeating: 0x5A, count: 512))
        try Data("old".utf8).write(to: URL(fileURLWithPath: directory.path + "/berth.db.v0.99.backup"))
        try Data("new".utf8).write(to: URL(fileURLWithPath: directory.path + "/berth.db.v1.100.backup"))
        let before = directory.bytes("berth.db")
        for _ in 0..<2 {
            let error = #expect(throws: OpeningError.self) { try SQLiteStore.open(directory: directory.path) }
            let line = "\(try #require(error))"
            #expect(line.contains(directory.database) && line.contains("Page \(page)"), "\(line)")
            // How to restore, from the newest backup first.
            #expect(line.contains("copy \(directory.path)/berth.db.v1.100.backup") && line.contains("sqlite3 aside/berth.db .dump"), "\(line)")
            #expect(!line.contains("\n"))
            #expect(directory.bytes("berth.db") == before)
        }
    }

    @Test func aDamagedHeaderIsNamed() async throws {
        let directory = try TemporaryDirectory()
        _ = try await fill(directory)
        try overwrite(directory, at: 0, Data(repeating: 0, count: 16))
        let before = directory.bytes("berth.db")
        let error = #expect(throws: OpeningError.self) { try SQLiteStore.open(directory: directory.path) }
        guard case .damaged? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(directory.bytes("berth.db") == before)
    }

    @Test func theWALOfARefusedFileIsKept() async throws {
        let source = try TemporaryDirectory()
        let copy = try TemporaryDirectory()
        let store = try SQLiteStore.open(directory: source.path)
        defer { store.close() }
        for number in UInt64(1)...50 { _ = try await store.commit(Fixture.submission(number)) }
        for name in ["berth.db", "berth.db-wal"] {
            try FileManager.default.copyItem(atPath: source.path + "/" + name, toPath: copy.path + "/" + name)
        }
        let wal = copy.bytes("berth.db-wal")
        #expect((wal?.count ?? 0) > 10_000)
        let newer = [SchemaStep(version: 0, statements: [])]
        #expect(throws: OpeningError.self) { try SQLiteStore(directory: copy.path, options: .init(), steps: newer) }
        #expect(copy.bytes("berth.db-wal") == wal)
        let opened = try SQLiteStore.open(directory: copy.path)
        defer { opened.close() }
        #expect(try await opened.snapshot().revision == Revision(50))
    }
}
