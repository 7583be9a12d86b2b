import API
import JobModel
import JobStore
import Testing

@testable import Controller

/// The wall clock is set while jobs wait and run (contract §2: it is for begin times, retention and display alone).
@Suite struct ClockStepTests {
    private let clock = ManualClock()

    /// A change of anything makes the controller look again; by itself it does once a minute.
    private func lookAgain(_ bench: Bench) async throws {
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        await bench.agent.finish(AttemptID(TaskID(id), 1), .succeeded)
        try await bench.becomes(id, .succeeded)
    }

    private func starts(_ bench: Bench, _ id: JobID) async -> Int { await bench.agent.starts.count { $0.task.job == id } }

    @Test func aBeginTimeFollowsTheWallClock() async throws {
        let bench = try await Bench(clock: clock)
        let begin = clock.now().wall + .hours(1)
        let early = try await bench.submit { $0.begin = begin }
        try await lookAgain(bench)
        #expect(await starts(bench, early) == 0)
        clock.step(by: .hours(2))
        try await lookAgain(bench)
        try await bench.becomes(early, .running)
        let late = try await bench.submit { $0.begin = begin + .hours(2) }
        clock.step(by: TimeSpan(milliseconds: -TimeSpan.hours(24).milliseconds))
        clock.advance(by: .hours(2))
        try await lookAgain(bench)
        #expect(await starts(bench, late) == 0, "its hour has not come again")
        clock.advance(by: .hours(24))
        try await lookAgain(bench)
        try await bench.becomes(late, .running)
        for id in [early, late] { #expect(await starts(bench, id) == 1) }
        await bench.controller.shutDown()
    }

    /// How long a retry waits is a span, not a date.
    @Test(arguments: [-24, 24] as [Int64]) func aBackoffIsAsLongAsItIs(hours: Int64) async throws {
        let bench = try await Bench(clock: clock)
        let id = try await bench.submit { $0.retries = RetryPolicy(count: 1, outcomes: [.failed], backoff: .seconds(600)) }
        try await bench.becomes(id, .running)
        await bench.agent.finish(AttemptID(TaskID(id), 1), .failed(code: 1))
        try await bench.becomes(id, .pending)
        clock.step(by: TimeSpan(milliseconds: hours * 3_600_000))
        clock.advance(by: .seconds(500))
        try await lookAgain(bench)
        #expect(await starts(bench, id) == 1)
        // A daemon started meanwhile reads it from the store.
        await bench.controller.shutDown()
        let next = try await Bench(store: bench.store, clock: clock)
        clock.advance(by: .seconds(50))
        try await lookAgain(next)
        #expect(await starts(next, id) == 0)
        clock.advance(by: .seconds(60))
        try await lookAgain(next)
        try await next.eventually("it is tried again") { await starts(next, id) == 1 }
        await next.controller.shutDown()
    }

    /// Spans are never negative, and what is ordered is ordered by number.
    @Test func aStepBackTurnsNothingAround() async throws {
        let bench = try await Bench(cpus: 1, clock: clock)
        let first = try await bench.submit()
        try await bench.becomes(first, .running)
        let second = try await bench.submit()
        clock.step(by: TimeSpan(milliseconds: -TimeSpan.hours(5).milliseconds))
        let third = try await bench.submit()
        for (id, number) in [(first, 1), (second, 2), (third, 3)] {
            try await bench.becomes(id, .running)
            #expect(await bench.agent.starts.count == number)
            clock.advance(by: .seconds(10))
            await bench.agent.finish(AttemptID(TaskID(id), 1), .succeeded)
            try await bench.becomes(id, .succeeded)
        }
        for id in [first, second, third] {
            let kept = await bench.store.ledgerAttempts(of: id, after: nil, limit: 10)
            #expect(kept.count == 1 && kept[0].queuedFor >= .zero && kept[0].ranFor == .seconds(10), "\(kept)")
        }
        let events = await bench.store.events(after: 0, limit: 1000).events
        #expect(events.map(\.sequence) == events.map(\.sequence).sorted())
        #expect(events.filter { $0.kind == .finished }.compactMap { $0.attempt?.task.job } == [first, second, third])
        await bench.controller.shutDown()
    }
}
