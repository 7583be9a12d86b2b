import API
import JobModel
import JobStore
import Reports
import Testing

@testable import Controller

/// `berth report` as the daemon answers it: the sums are those of `Reports`, the rights those of contract §8.
@Suite struct ReportTests {
    private func run(_ bench: Bench, _ outcome: AttemptOutcome, as peer: Peer = Bench.owner, _ change: (inout JobSpec) -> Void = { _ in })
        async throws -> JobID
    {
        let id = try await bench.submit(change, as: peer)
        try await bench.becomes(id, .running)
        await bench.agent.finish(AttemptID(TaskID(id), 1), outcome)
        try await bench.eventually("job \(id) ends") { try await bench.detail(id, as: Bench.chief).job.groups.first?.state.isFinished == true }
        return id
    }

    private func report(_ bench: Bench, by: ReportRequest.Grouping? = nil, _ selection: Selection = Selection(), as peer: Peer = Bench.owner)
        async throws -> ReportReply
    { try await bench.controller.report(ReportRequest(selection, by: by), peer: peer) }

    @Test func sumsByBatchAndUser() async throws {
        let bench = try await Bench()
        _ = try await run(bench, .succeeded) { $0.batch = "sweep" }
        _ = try await run(bench, .failed(code: 2)) { $0.batch = "sweep" }
        _ = try await run(bench, .timedOut)
        _ = try await run(bench, .succeeded, as: Bench.other) { $0.batch = "sweep" }
        let batches = try #require(try await report(bench, by: .batch, as: Bench.chief).table)
        #expect(batches.rows.map(\.label) == ["ada/-", "ada/sweep", "bob/sweep"], "a batch belongs to its owner")
        #expect(batches.rows[1].outcomes == ["succeeded": 1, "failed": 1])
        #expect((batches.total.jobs, batches.total.attempts) == (4, 4))
        let users = try #require(try await report(bench, by: .user, as: Bench.chief).table)
        #expect(users.rows.map(\.label) == ["ada", "bob"] && users.rows.map(\.attempts) == [3, 1])
        // Users see their own.
        #expect(try await report(bench, by: .user).table?.rows.map(\.label) == ["ada"])
    }

    /// The agent of these tests counts nothing: no sum may say zero.
    @Test func whatWasNotCountedIsNoZero() async throws {
        let bench = try await Bench()
        let id = try await run(bench, .succeeded)
        let reply = try await report(bench, Selection([TaskSelector(id)]))
        #expect(reply.attempts.map(\.id) == [AttemptID(TaskID(id), 1)])
        let total = try #require(reply.job).total
        #expect([total.cpu, total.cpuUser, total.memoryPeak, total.readBytes, total.writtenBytes, total.throttled].allSatisfy { $0 == ReportSum() })
    }

    @Test func oneJobAlsoTellsHowItStands() async throws {
        let bench = try await Bench()
        let id = try await bench.submit { $0.array = ArraySpec(indices: IntervalSet(0...2), limit: 1) }
        try await bench.eventually("the first runs") { await bench.agent.running.count == 1 }
        await bench.agent.finish(AttemptID(TaskID(id, 0), 1), .succeeded)
        try await bench.eventually("the second runs") { await bench.agent.running.first?.task.index == 1 }
        let job = try #require(try await report(bench, Selection([TaskSelector(id)])).job)
        #expect((job.tasks.pending, job.tasks.active, job.tasks.succeeded, job.total.attempts) == (1, 1, 1, 1))
        #expect(job.endedAt == nil && job.userName == "ada")
        // Neither a part of it nor another user's job.
        #expect(try await report(bench, Selection([TaskSelector(TaskID(id, 0))])).job == nil)
        let others = try await report(bench, Selection([TaskSelector(id)]), as: Bench.other)
        #expect(others.job == nil && others.attempts.isEmpty)
    }

    @Test func aJobWithoutARunIsAJob() async throws {
        let bench = try await Bench()
        let id = try await bench.submit { $0.hold = true }
        try await bench.act(.cancel, id)
        try await bench.becomes(id, .cancelled)
        let table = try #require(try await report(bench, by: .job).table)
        #expect(table.rows.map(\.label) == ["\(id)"] && table.rows[0].attempts == 0 && table.rows[0].jobs == 1)
    }

    @Test func theNewestAreListedAndAllAreAddedUp() async throws {
        let bench = try await Bench()
        let id = try await bench.submit { $0.retries = RetryPolicy(count: 4) }
        for number in UInt32(1)...4 {
            try await bench.eventually("attempt \(number)") { await bench.agent.running == [AttemptID(TaskID(id), number)] }
            await bench.agent.finish(AttemptID(TaskID(id), number), .failed(code: 1))
        }
        try await bench.eventually("the last one runs") { await bench.agent.running == [AttemptID(TaskID(id), 5)] }
        let reply = try await bench.controller.report(ReportRequest(Selection([TaskSelector(id)]), limit: 2), peer: Bench.owner)
        #expect(reply.attempts.map(\.id.number) == [3, 4] && reply.truncated == true)
        #expect(reply.job?.total.attempts == 4)
    }
}
