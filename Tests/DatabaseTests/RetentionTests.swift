import Foundation
import GRDB
import JobModel
import JobStore
import Testing

@testable import Database

@Suite struct RetentionTests {
    /// Jobs 1 to 10 ended at 100, 200, …; job 20 lives, with an ended attempt.
    fileprivate func filled(_ directory: TemporaryDirectory) async throws -> SQLiteStore {
        let store = try SQLiteStore.open(directory: directory.path)
        for number in UInt64(1)...10 {
            let end = Int64(number * 100)
            let attempts = (TaskIndex(0)..<3).map { LedgerEntry.attempt(Fixture.attempt(number, $0, endedAt: end)) }
            _ = try await store.commit(StoreTransaction(ledger: attempts + [.job(Fixture.ended(number, endedAt: end))]))
        }
        _ = try await store.commit(Fixture.submission(20))
        return store
    }

    fileprivate func jobs(_ store: SQLiteStore) async throws -> [UInt64] {
        try await store.foldJobs(matching: LedgerFilter(), into: []) { $0.append($1.record.id.value) }
    }

    fileprivate func attempts(_ store: SQLiteStore) async throws -> Set<UInt64> {
        try await store.foldAttempts(matching: LedgerFilter(), into: []) { $0.insert($1.id.task.job.value) }
    }

    @Test func byAge() async throws {
        let directory = try TemporaryDirectory()
        let store = try await filled(directory)
        defer { store.close() }
        var selection = PurgeSelection()
        selection.endedBefore = WallTime(milliseconds: 400)
        let result = try await store.purge(selection)
        #expect((result.jobs, result.attempts) == (3, 9))
        #expect(try await jobs(store) == Array(4...10))
        #expect(try await attempts(store) == Set([20] + (4...10)))
    }

    @Test func byCountAndSelection() async throws {
        let directory = try TemporaryDirectory()
        let store = try await filled(directory)
        defer { store.close() }
        var selection = PurgeSelection()
        selection.jobs = [JobID(1), JobID(2), JobID(3), JobID(20), JobID(99)]
        selection.keepNewest = 1
        #expect(try await store.purge(selection).jobs == 2)
        #expect(try await jobs(store) == Array(3...10))
        selection = PurgeSelection()
        selection.owner = UserID(7)
        #expect(try await store.purge(selection).jobs == 0)
        selection = PurgeSelection()
        selection.keepNewest = 2
        #expect(try await store.purge(selection).jobs == 6)
        #expect(try await jobs(store) == [9, 10])
    }

    @Test func whatLivesIsNeverPurged() async throws {
        let directory = try TemporaryDirectory()
        let store = try await filled(directory)
        defer { store.close() }
        _ = try await store.purge(PurgeSelection())
        #expect(try await jobs(store).isEmpty)
        #expect(try await attempts(store) == [20])
        #expect(StoreState(try await store.snapshot()).jobs[JobID(20)] != nil)
    }

    @Test func theFileShrinks() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore.open(directory: directory.path)
        defer { store.close() }
        for part in TaskIndex(0)..<130 {
            let attempts = (part * 100..<part * 100 + 100).map { LedgerEntry.attempt(Fixture.attempt(1, $0)) }
            _ = try await store.commit(StoreTransaction(ledger: attempts))
        }
        _ = try await store.commit(StoreTransaction(ledger: [.job(Fixture.ended(1))]))
        _ = try await store.commit(Fixture.submission(2))
        let result = try await store.purge(PurgeSelection())
        #expect((result.jobs, result.attempts) == (1, 13_000))
        #expect(result.freedBytes > 1 << 20)
        #expect((directory.bytes("berth.db")?.count ?? .max) < 200_000)
        #expect(directory.bytes("berth.db-wal")?.count == 0)
        #expect(try await attempts(store) == [2])
    }

    @Test func eventsArePrunedFromTheFrontAndNeverRenumbered() async throws {
        let directory = try TemporaryDirectory()
        var store = try SQLiteStore.open(directory: directory.path)
        for number in UInt64(1)...20 { _ = try await store.commit(StoreTransaction(events: [Fixture.event(number, at: Int64(number))])) }
        #expect(try await store.pruneEvents(keeping: 15, since: WallTime(milliseconds: 3)) == 5)
        #expect(try await store.events(after: 0, limit: 1).oldest == 6)
        #expect(try await store.pruneEvents(keeping: 15, since: WallTime(milliseconds: 9)) == 3)
        #expect(try await store.events(after: 0, limit: 1).events.first?.job == JobID(9))
        #expect(try await store.pruneEvents(keeping: 0, since: WallTime(milliseconds: 0)) == 12)
        #expect(try await store.events(after: 0, limit: 1) == EventPage(events: [], oldest: 0, newest: 20))
        store.close()
        store = try SQLiteStore.open(directory: directory.path)
        defer { store.close() }
        #expect(try await store.commit(StoreTransaction(events: [Fixture.event(1)])).firstEvent == 21)
    }

    @Test func requestKeysAreForgotten() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore.open(directory: directory.path, options: .init(now: { WallTime(milliseconds: 50) }))
        defer { store.close() }
        _ = try await store.commit(StoreTransaction(requestKey: RequestKey("a")))
        #expect(try await store.pruneRequests(before: WallTime(milliseconds: 50)) == 0)
        #expect(try await store.pruneRequests(before: WallTime(milliseconds: 51)) == 1)
        #expect(try await store.outcome(of: RequestKey("a")) == nil)
    }
}

extension RetentionTests {
    @Test func jobsArePrunedButThoseAwaited() async throws {
        let directory = try TemporaryDirectory()
        let store = try await filled(directory)
        defer { store.close() }
        #expect(try await store.pruneJobs(endedBefore: WallTime(milliseconds: 500), keeping: [JobID(2)]) == 3)
        #expect(try await jobs(store) == [2] + Array(5...10))
        #expect(try await attempts(store) == Set([20] + (1...10)), "what they used stays")
    }

    @Test func attemptsArePrunedInStepsButThoseOfLivingJobs() async throws {
        let directory = try TemporaryDirectory()
        let store = try await filled(directory)
        defer { store.close() }
        for part in TaskIndex(0)..<110 {
            let many = (part * 100..<part * 100 + 100).map { LedgerEntry.attempt(Fixture.attempt(30, $0, endedAt: Int64($0 % 2))) }
            _ = try await store.commit(StoreTransaction(ledger: many))
        }
        #expect(try await store.pruneAttempts(endedBefore: WallTime(milliseconds: 1), keeping: []) == 5500)
        #expect(try await store.pruneAttempts(endedBefore: WallTime(milliseconds: 301), keeping: [JobID(20)]) == 5500 + 9)
        #expect(try await attempts(store) == Set([20] + (4...10)))
    }

    @Test func requestKeysOfLivingJobsStay() async throws {
        let directory = try TemporaryDirectory()
        let store = try SQLiteStore.open(directory: directory.path, options: .init(now: { WallTime(milliseconds: 50) }))
        defer { store.close() }
        for key in ["a", "b"] { _ = try await store.commit(StoreTransaction(requestKey: RequestKey(key))) }
        #expect(try await store.pruneRequests(before: WallTime(milliseconds: 51), keeping: [RequestKey("b")]) == 1)
        #expect(try await store.outcome(of: RequestKey("a")) == nil)
        #expect(try await store.outcome(of: RequestKey("b")) != nil)
    }
}
