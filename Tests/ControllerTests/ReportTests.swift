import API
import JobModel
import JobStore
import NodeAgent
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
        #expect((job.tasks?.pending, job.tasks?.active, job.tasks?.succeeded, job.total.attempts) == (1, 1, 1, 1))
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

    @Test func rowsOfEachGrouping() async throws {
        let bench = try await Bench { $0.nodeName = "here" }
        _ = try await run(bench, .succeeded) { $0.image = "a:1" }
        _ = try await run(bench, .timedOut) { $0.image = "b:1" }
        func labels(_ by: ReportRequest.Grouping) async throws -> [String] {
            try #require(try await report(bench, by: by).table).rows.map(\.label)
        }
        #expect(try await labels(.image) == ["a:1", "b:1"])
        #expect(try await labels(.node) == ["here"])
        #expect(try await labels(.outcome) == ["succeeded", "timedOut"])
        #expect(try await labels(.queue) == ["default"])
        var request = ReportRequest(by: .day)
        request.secondsFromUTC = 0
        let day = try #require(try await bench.controller.report(request, peer: Bench.owner).table?.rows.first)
        #expect(day.label.split(separator: "-").count == 3 && day.attempts == 2, "\(day.label)")
        // By how they ended.
        var failed = Selection()
        failed.states = [.failed]
        #expect(try await report(bench, by: .image, failed).table?.rows.map(\.label) == ["b:1"])
        failed.states = [.running]
        await #expect(throws: APIError.self) { try await report(bench, by: .image, failed) }
    }

    @Test func timesAreQueuedStartingAndRunning() async throws {
        let bench = try await Bench()
        let id = try await run(bench, .succeeded)
        let attempt = try #require(try await report(bench, Selection([TaskSelector(id)])).attempts.first)
        #expect(attempt.startingFor != nil && attempt.asked.memory > .zero && attempt.timeLimit > .zero)
        let kept = try #require(await bench.store.ledgerAttempts(of: id, after: nil, limit: 1).first)
        let waited = try #require(kept.startedAt) - kept.submittedAt
        #expect(abs((kept.waitedFor - waited).milliseconds) <= 2, "\(kept.waitedFor) \(waited)")
    }

    /// The retention may leave a job's runs alone: what they say is said still.
    @Test func aForgottenJobIsReportedByItsRuns() async throws {
        let bench = try await Bench()
        let id = try await run(bench, .succeeded) { $0.name = "fit" }
        _ = try await bench.store.commit(StoreTransaction(ledger: [.livesAgain(id)]))
        let job = try #require(try await report(bench, Selection([TaskSelector(id)])).job)
        #expect(job.name == "fit" && job.tasks == nil && job.total.attempts == 1 && job.advice.count == 3)
    }

    @Test func whatIsDrawnComesWhenItIsAskedFor() async throws {
        let bench = try await Bench()
        _ = try await run(bench, .succeeded)
        #expect(try await report(bench, by: .user).plots == nil)
        var request = ReportRequest(by: .user)
        request.plots = true
        let reply = try await bench.controller.report(request, peer: Bench.owner)
        #expect(reply.plots?.cores == 4 && reply.plots?.waits.count == 1 && reply.attempts.count == 1)
        // Of others there is nothing in it.
        let others = try await bench.controller.report(request, peer: Bench.other)
        #expect(others.attempts.isEmpty && others.plots?.buckets.isEmpty == true && others.plots?.waits.isEmpty == true)
    }

    // MARK: The parent group

    private static func usage(_ cpu: UInt64, faults: UInt64? = nil) -> Usage {
        var usage = Usage()
        (usage.cpuUserMicroseconds, usage.cpuSystemMicroseconds, usage.minorFaults) = (cpu, cpu / 2, faults)
        return usage
    }

    private func machine(_ bench: Bench) async throws -> Reconciliation {
        try #require(try await report(bench, by: .user, as: Bench.chief).table?.machine)
    }

    private func figures(_ machine: Reconciliation, _ counter: AccountCounter) -> [Int64?] {
        let line = machine.lines.first { $0.counter == counter }
        return [line?.parent.map { Int64($0) }, line?.jobs.value.map { Int64($0) }, line?.residual]
    }

    /// What the parent group counted from when both were counted, less the jobs that ended and those that run, is the residual; a restart of the
    /// daemon changes nothing of that, a purge neither.
    @Test func theParentGroupIsHeldAgainstItsJobs() async throws {
        var account = MachineAccount(name: "berth-1", identity: "7", usage: Self.usage(500, faults: 9), attempts: [:])
        let bench = try await Bench(account: account)
        let (first, second) = (try await bench.submit(), try await bench.submit())
        try await bench.becomes(second, .running)
        await bench.agent.setUsage(Self.usage(1000, faults: 5), of: AttemptID(TaskID(first), 1))
        await bench.agent.finish(AttemptID(TaskID(first), 1), .succeeded)
        try await bench.becomes(first, .succeeded)
        account.usage = Self.usage(1800, faults: 20)
        account.attempts = [AttemptID(TaskID(second), 1): Self.usage(200)]
        await bench.agent.setAccount(account)
        let found = try await machine(bench)
        #expect(found.running == 1 && found.group == "berth-1")
        #expect(figures(found, .cpuUser) == [1300, 1200, 100] && figures(found, .cpuSystem) == [650, 600, 50])
        #expect(figures(found, .minorFaults) == [11, 5, 6])
        #expect(found.lines.first { $0.counter == .minorFaults }?.jobs.partial == true, "one that runs had no number")
        #expect(figures(found, .readBytes) == [nil, 0, nil])
        // Only for who sees everybody's.
        #expect(try await report(bench, by: .user).table?.machine == nil)
        var mine = Selection()
        mine.user = "ada"
        #expect(try await report(bench, by: .user, mine, as: Bench.chief).table?.machine == nil)
        // The next daemon finds the group as it is.
        await bench.controller.shutDown()
        let next = try await Bench(store: bench.store, account: account)
        #expect(figures(try await machine(next), .cpuUser) == [1300, 1200, 100])
        // Another group counts from nothing; what runs in it brings along all it used.
        await next.controller.shutDown()
        account.identity = "8"
        let third = try await Bench(store: bench.store, account: account)
        #expect(figures(try await machine(third), .cpuUser) == [200, 200, 0])
    }
}
