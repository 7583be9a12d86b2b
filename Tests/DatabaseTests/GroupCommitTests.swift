import Foundation
import GRDB
import JobModel
import JobStore
import Testing

@testable import Database

@Suite struct GroupCommitTests {
    @Test func manyCommitsShareATransactionAndOneIsCommittedAtOnce() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore.open(directory: directory.path)
        defer { store.close() }
        for number in UInt64(1)...20 { _ = try await store.commit(Fixture.submission(number)) }
        #expect(store.statistics == (20, 20))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in UInt64(21)...1020 { group.addTask { _ = try await store.commit(Fixture.submission(number)) } }
            try await group.waitForAll()
        }
        #expect(store.statistics.commits == 1020)
        #expect(store.statistics.transactions < 20 + 500, "\(store.statistics)")
        #expect(try await store.snapshot().revision == Revision(1020))
    }

    /// Half of the commits of each group fail, some before they wrote anything and some after; each takes all of its own with it and nothing
    /// of the others'.
    @Test func aFailedCommitTakesNoOtherWithIt() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore.open(directory: directory.path)
        defer { store.close() }
        _ = try await store.commit(StoreTransaction(changes: [.put(.counter(.jobs, 1))]))
        try await store.pool.writeWithoutTransaction { db in
            try db.execute(sql: "CREATE TRIGGER fault BEFORE INSERT ON events WHEN NEW.at = 666 BEGIN SELECT RAISE(ABORT, 'fault'); END")
        }
        let done = await withTaskGroup(of: (UInt64, Bool).self) { group in
            for number in UInt64(1)...400 {
                group.addTask {
                    var submission = Fixture.submission(number)
                    submission.requestKey = RequestKey("\(number)")
                    submission.node = [.put(.slots, key: "\(number)", value: [])]
                    if number % 4 == 0 { submission.expecting = [.counter(.jobs): Revision(99_999)] }
                    if number % 4 == 2 { submission.events.append(Fixture.event(number, at: 666)) }
                    return (number, (try? await store.commit(submission)) != nil)
                }
            }
            return await group.reduce(into: Set<UInt64>()) { if $1.1 { $0.insert($1.0) } }
        }
        #expect(done == Set((UInt64(1)...400).filter { $0 % 2 == 1 }))
        let state = StoreState(try await store.snapshot())
        #expect(Set(state.jobs.keys.map(\.value)) == done && Set(state.tasks.keys.map(\.value)) == done)
        #expect(state.revision == Revision(201))
        let attempts = try await store.foldAttempts(matching: LedgerFilter(), into: Set<UInt64>()) { $0.insert($1.id.task.job.value) }
        #expect(attempts == done)
        let events = try await store.events(after: 0, limit: 1000)
        #expect(Set(events.events.compactMap(\.job?.value)) == done)
        #expect(events.events.map(\.sequence) == Array(1...200))
        #expect(Set(try await store.nodeEntries(.slots).keys.compactMap { UInt64($0) }) == done)
        #expect(try await store.outcome(of: RequestKey("2")) == nil)
    }

    @Test func aFullDiskRefusesAndDamagesNothing() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore.open(directory: directory.path)
        defer { store.close() }
        func limit(_ pages: Int) async throws {
            _ = try await store.pool.writeWithoutTransaction { db in try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)") }
        }
        let first = try await store.commit(Fixture.submission(1))
        let pages = try await store.pool.read { db in try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0 }
        try await limit(pages + 8)
        let done = await withTaskGroup(of: UInt64?.self) { group in
            for number in UInt64(2)...300 {
                group.addTask {
                    do {
                        _ = try await store.commit(Fixture.submission(number))
                        return number
                    } catch CommitError.refused(.storage(let reason)) {
                        #expect(reason.contains("full"))
                        return nil
                    } catch {
                        Issue.record("\(error)")
                        return nil
                    }
                }
            }
            return await group.reduce(into: Set<UInt64>([1])) { if let number = $1 { $0.insert(number) } }
        }
        #expect(done.count < 300)
        try await limit(1_000_000)
        let next = try await store.commit(Fixture.submission(1000))
        #expect(next.revision == Revision(first.revision.value + UInt64(done.count)))
        let state = StoreState(try await store.snapshot())
        #expect(Set(state.jobs.keys.map(\.value)) == done.union([1000]))
        let sequences = try await store.events(after: 0, limit: 1000).events.map(\.sequence)
        #expect(sequences == Array(1...UInt64(done.count + 1)))
    }

    /// The disk fails in the commit itself: nobody can say whether it will be found there.
    @Test func aFailureOfTheCommitItselfIsUnknown() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore.open(directory: directory.path)
        defer { store.close() }
        let first = try await store.commit(Fixture.submission(1))
        let fault = CommitFault()
        try await store.pool.writeWithoutTransaction { db in db.add(transactionObserver: fault) }
        let submission = Fixture.submission(2, requestKey: RequestKey("r"))
        await #expect(throws: CommitError.unknown("\(CommitFault.Failure())")) { try await store.commit(submission) }
        #expect(try await store.outcome(of: RequestKey("r")) == nil)
        try await store.pool.writeWithoutTransaction { db in db.remove(transactionObserver: fault) }
        let second = try await store.commit(submission)
        #expect(second == CommitReceipt(revision: first.revision.next, firstEvent: 2))
    }

    @Test func aMillionTasksTakeNextToNothing() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore.open(directory: directory.path)
        defer { store.close() }
        func size() throws -> Int { try directory.names().reduce(0) { $0 + (directory.bytes($1)?.count ?? 0) } }
        _ = try await store.commit(Fixture.submission(1))
        let before = try size()
        let indices = IntervalSet(0...999_999)
        _ = try await store.commit(
            StoreTransaction(changes: [.put(.job(Fixture.job(2, array: indices))), .put(.tasks(JobID(2), TaskTable(pending: indices)))]))
        #expect(try size() - before <= 1 << 20)
        #expect(StoreState(try await store.snapshot()).tasks[JobID(2)]?.value.pending.count == 1_000_000)

        // Also when every other one is wanted, and they end in the worst order.
        let everyOther = IntervalSet(stride(from: TaskIndex(0), to: 1_000_000, by: 2))
        var table = TaskTable(pending: IntervalSet())
        table.succeeded = everyOther
        table.started = everyOther
        let beforeWorst = try size()
        _ = try await store.commit(
            StoreTransaction(changes: [.put(.job(Fixture.job(3, array: everyOther))), .put(.tasks(JobID(3), table))]))
        #expect(try size() - beforeWorst <= 1 << 20)
        #expect(StoreState(try await store.snapshot()).tasks[JobID(3)]?.value == table)
    }
}

/// Lets every commit fail at its last moment.
private final class CommitFault: TransactionObserver, Sendable {
    struct Failure: Error {}
    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseWillCommit() throws { throw Failure() }
    func databaseDidCommit(_ db: GRDB.Database) {}
    func databaseDidRollback(_ db: GRDB.Database) {}
}
