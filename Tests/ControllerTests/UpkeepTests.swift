import API
import Database
import JobModel
import JobStore
import TestSupport
import Testing

@testable import Controller

/// Retention of `berthd.yaml`, by a clock that the tests move.
@Suite final class UpkeepTests {
    private let directory: TemporaryDirectory
    private let store: SQLiteStore
    private let clock = ManualClock()

    init() throws {
        directory = try TemporaryDirectory("upkeep")
        let clock = clock
        store = try SQLiteStore.open(directory: directory.path, options: .init(now: { clock.now().wall }))
    }

    deinit {
        store.close()
        directory.remove()
    }

    private func bench(_ change: (inout Retention) -> Void = { _ in }) async throws -> Bench {
        try await Bench(on: store, clock: clock) { settings in
            settings.retention.jobs = .hours(24 * 7)
            settings.retention.logs = .hours(24 * 10)
            settings.retention.ledger = .hours(24 * 20)
            settings.retention.events = .hours(24 * 30)
            change(&settings.retention)
        }
    }

    /// Moves the clock day by day, each time until the day's upkeep is over.
    private func pass(days: Int, _ bench: Bench) async throws {
        for _ in 0..<days {
            try await bench.eventually("upkeep waits for the next day") { clock.sleeping == 1 }
            clock.advance(by: .hours(24))
        }
        try await bench.eventually("upkeep waits for the next day") { clock.sleeping == 1 }
    }

    private func finished(_ bench: Bench, key: String? = nil) async throws -> JobID {
        let id = try await bench.submit(key: key)
        try await bench.becomes(id, .running)
        await bench.agent.finish(AttemptID(TaskID(id), 1), .succeeded)
        try await bench.becomes(id, .succeeded)
        return id
    }

    private func attempts(of id: JobID) async throws -> Int { try await store.ledgerAttempts(of: id, after: nil, limit: 10).count }

    @Test func everythingGoesInItsTime() async throws {
        let bench = try await bench()
        let id = try await finished(bench, key: "once")
        await bench.controller.beginUpkeep()
        try await pass(days: 7, bench)
        #expect(try await store.ledgerJob(id) != nil, "seven days are not over")
        try await pass(days: 1, bench)
        #expect(try await store.ledgerJob(id) == nil)
        #expect(try await store.outcome(of: RequestKey("1000/once")) == nil)
        #expect(try await attempts(of: id) == 1, "what it used stays")
        #expect(await bench.agent.logged[id]?.count == 1)
        try await pass(days: 3, bench)
        #expect(await bench.agent.logged[id] == nil)
        #expect(try await attempts(of: id) == 1)
        try await pass(days: 10, bench)
        #expect(try await attempts(of: id) == 0)
        #expect(try await store.events(after: 0, limit: 1).oldest == 1)
        try await pass(days: 10, bench)
        #expect(try await store.events(after: 0, limit: 1).oldest == 0)
        await bench.controller.shutDown()
        #expect(clock.sleeping == 0)
    }

    @Test func whatLivesStays() async throws {
        let bench = try await bench { $0.ledger = .hours(24) }
        let awaited = try await finished(bench)
        let other = try await finished(bench)
        let living = try await bench.submit({ $0.retries = RetryPolicy(count: 3) }, key: "living")
        try await bench.becomes(living, .running)
        await bench.agent.finish(AttemptID(TaskID(living), 1), .failed(code: 1))
        try await bench.eventually("it is tried again") { await bench.agent.starts.contains(AttemptID(TaskID(living), 2)) }
        let waiting = try await bench.submit {
            $0.dependencies = [Dependency(kind: .afterok, job: awaited), Dependency(kind: .afterok, job: living)]
        }
        await bench.controller.beginUpkeep()
        try await pass(days: 60, bench)
        #expect(try await store.ledgerJob(other) == nil)
        #expect(try await store.ledgerJob(awaited) != nil, "a living job waits for it")
        #expect(try await attempts(of: living) == 1, "the first attempt of a job that goes on")
        #expect(try await store.outcome(of: RequestKey("1000/living"))?.jobs == [living])
        #expect(await bench.agent.logged[living] == [AttemptID(TaskID(living), 2)], "the log of what runs stays, that of the ended attempt goes")
        await bench.controller.shutDown()
        // A controller started anew still knows how the awaited job ended.
        let next = try await self.bench()
        await next.agent.finish(AttemptID(TaskID(living), 2), .succeeded)
        try await next.becomes(waiting, .running)
        await next.controller.shutDown()
    }

    @Test func theEventsAreOnlySoMany() async throws {
        let bench = try await bench { $0.eventCount = 3 }
        for _ in 0..<5 { _ = try await finished(bench) }
        let before = try await store.events(after: 0, limit: 1).newest
        await bench.controller.beginUpkeep()
        try await bench.eventually("pruned at the start") { clock.sleeping == 1 }
        #expect(try await store.events(after: 0, limit: 1000).events.map(\.sequence) == Array(before - 2...before))
        await bench.controller.shutDown()
    }

    /// Logs that the ledger does not know any more, such as after a purge that was cut short.
    @Test func orphanedLogsGo() async throws {
        let bench = try await bench()
        let id = try await finished(bench)
        var selection = PurgeSelection()
        selection.jobs = [id]
        _ = try await store.purge(selection)
        await bench.controller.beginUpkeep()
        try await bench.eventually("the start's upkeep is over") { clock.sleeping == 1 }
        #expect(await bench.agent.logged.isEmpty)
        await bench.controller.shutDown()
    }

    /// What the retention left of a job can be purged by hand, by its owner alone.
    @Test func aForgottenJobsAccountsArePurged() async throws {
        let bench = try await bench()
        let id = try await finished(bench)
        await bench.controller.beginUpkeep()
        try await pass(days: 8, bench)
        let young = try await finished(bench)
        let living = try await bench.submit { $0.retries = RetryPolicy(count: 3) }
        try await bench.becomes(living, .running)
        await bench.agent.finish(AttemptID(TaskID(living), 1), .failed(code: 1))
        try await bench.eventually("it is tried again") { try await attempts(of: living) == 1 }
        var request = PurgeRequest(selection: Selection([TaskSelector(id)]))
        await #expect(throws: APIError.self) { try await bench.controller.purge(request, peer: Bench.other) }
        request = PurgeRequest()
        request.before = clock.now().wall - .hours(24)
        let (reply, gone) = try await bench.controller.purge(request, peer: Bench.owner)
        #expect((reply.jobs, reply.attempts, gone) == (1, 1, [id]))
        #expect(try await attempts(of: id) == 0)
        #expect(try await attempts(of: young) == 1)
        #expect(try await attempts(of: living) == 1)
        await bench.controller.shutDown()
    }
}
