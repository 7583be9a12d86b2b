import API
import JobModel
import JobStore
import Testing

@testable import Controller

/// What a purge, a requeue and a restart make of jobs that have ended.
@Suite struct LedgerRulesTests {
    /// A purge as the store sees it.
    private func forget(_ id: JobID, _ store: InMemoryStore) async throws {
        _ = try await store.commit(StoreTransaction(ledger: [.livesAgain(id)]))
    }

    /// contract §3: a dependency that held before the other job was purged has held.
    @Test(arguments: [(Dependency.Kind.afterok, AttemptOutcome.succeeded), (.afternotok, .failed(code: 1)), (.afterany, .killed(signal: 9))])
    func aPurgedJobFailsNoDependents(kind: Dependency.Kind, outcome: AttemptOutcome) async throws {
        let bench = try await Bench()
        let first = try await bench.submit()
        let second = try await bench.submit {
            $0.hold = true
            $0.dependencies = [Dependency(kind: kind, job: first)]
        }
        try await bench.becomes(first, .running)
        await bench.agent.finish(AttemptID(TaskID(first), 1), outcome)
        try await bench.eventually("it has ended") { await bench.store.ledgerJob(first) != nil }
        try await forget(first, bench.store)
        await bench.controller.shutDown()
        let again = try await Bench(store: bench.store)
        #expect(try await again.state(second) == .held)
        // An update tells the scheduler the job anew.
        var changes = SpecChanges()
        changes.name = "renamed"
        _ = try await again.controller.update(UpdateRequest(Selection([TaskSelector(second)]), changes), peer: Bench.owner)
        try await again.act(.release, second)
        try await again.becomes(second, .running)
    }

    /// A job that is put back in the queue knows how those ended that it depends on.
    @Test func aRequeuedJobKeepsItsDependencies() async throws {
        let bench = try await Bench()
        let first = try await bench.submit()
        let second = try await bench.submit { $0.dependencies = [Dependency(kind: .afterok, job: first)] }
        for id in [first, second] {
            try await bench.becomes(id, .running)
            await bench.agent.finish(AttemptID(TaskID(id), 1), .succeeded)
            try await bench.eventually("it has ended") { await bench.store.ledgerJob(id) != nil }
        }
        await bench.controller.shutDown()
        let again = try await Bench(store: bench.store)
        try await again.act(.requeue, second)
        try await again.becomes(second, .running)
    }

    /// A job that lives again is no finished one to the ledger, and no purge by a filter means it.
    @Test func aRequeuedJobIsNotPurged() async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        let other = try await bench.submit()
        for job in [id, other] {
            try await bench.becomes(job, .running)
            await bench.agent.finish(AttemptID(TaskID(job), 1), .failed(code: 1))
            try await bench.eventually("it has ended") { await bench.store.ledgerJob(job) != nil }
        }
        try await bench.act(.requeue, id)
        try await bench.becomes(id, .running)
        #expect(await bench.store.ledgerJob(id) == nil)
        let request = PurgeRequest()
        #expect(try await bench.controller.purge(request, peer: Bench.owner).1 == [other])
        #expect(try await bench.detail(id).attempts.count == 2, "its earlier attempt is still accounted for")
        await bench.agent.finish(AttemptID(TaskID(id), 2), .succeeded)
        try await bench.becomes(id, .succeeded)
        #expect(await bench.store.ledgerJob(id)?.succeeded == true)
    }

    /// contract §7: held until the account is back.
    @Test(arguments: [false, true])
    func anAccountHoldIsReleased(byOperator: Bool) async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        let missing = AttemptOutcome.startFailed(operation: "look up the account", errno: "ENOENT")
        await bench.agent.finish(AttemptID(TaskID(id), 1), missing, accountMissing: true)
        try await bench.becomes(id, .held)
        let peer = byOperator ? Bench.chief : Bench.owner
        try await bench.act(.release, id, as: peer) { $0.asOperator = byOperator }
        try await bench.becomes(id, .running)
        // Still gone: held again.
        await bench.agent.finish(AttemptID(TaskID(id), 2), missing, accountMissing: true)
        try await bench.becomes(id, .held)
    }

    /// Of very many attempts the newest are shown.
    @Test func theNewestAttemptsAreShown() async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        await bench.agent.finish(AttemptID(TaskID(id), 1), .failed(code: 1))
        try await bench.becomes(id, .failed)
        let first = try #require(await bench.store.ledgerAttempts(of: id, after: nil, limit: 1).first)
        let total = UInt32(APILimit.attempts) * 4 + 500
        let more = (2...total).map { number in
            var attempt = first
            attempt.id = AttemptID(TaskID(id), number)
            attempt.endedAt = first.endedAt + TimeSpan(milliseconds: Int64(number))
            return LedgerEntry.attempt(attempt)
        }
        _ = try await bench.store.commit(StoreTransaction(ledger: more))
        let detail = try await bench.detail(id)
        #expect(detail.attempts.map(\.id.number) == Array(total - UInt32(APILimit.attempts) + 1...total))
        #expect(detail.attemptsOmitted == Int(total) - APILimit.attempts)
    }

    // MARK: Waiting by a filter

    private func wait(_ bench: Bench, _ selection: Selection, _ hold: TimeSpan = .zero) async throws -> WaitReply {
        try await bench.controller.wait(for: WaitRequest(selection, holdFor: hold), peer: Bench.owner)
    }

    @Test func waitingForABatchTellsWhatFailed() async throws {
        let bench = try await Bench()
        var ids: [JobID] = []
        for _ in 0..<3 { ids.append(try await bench.submit { $0.batch = "b" }) }
        for id in ids { try await bench.becomes(id, .running) }
        // One fails before anybody waits, one between two polls.
        await bench.agent.finish(AttemptID(TaskID(ids[1]), 1), .failed(code: 4))
        try await bench.becomes(ids[1], .failed)
        var selection = Selection()
        selection.batch = "b"
        let early = try await wait(bench, selection)
        #expect(early.tasks == 3 && early.remaining == 2 && early.lowestUnsuccessful?.outcome.exitStatus == 4, "\(early)")
        await bench.agent.finish(AttemptID(TaskID(ids[0]), 1), .failed(code: 3))
        try await bench.becomes(ids[0], .failed)
        async let last = wait(bench, try #require(early.selection), .seconds(20))
        await bench.agent.finish(AttemptID(TaskID(ids[2]), 1), .succeeded)
        let ended = try await last
        #expect(ended.remaining == 0 && ended.tasks == 3 && ended.counts.failed == 2, "\(ended)")
        #expect(ended.lowestUnsuccessful?.task == TaskID(ids[0]) && ended.lowestUnsuccessful?.outcome.exitStatus == 3, "\(ended)")
    }

    @Test func waitingForAUserTellsWhatFailed() async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        let foreign = try await bench.submit({ _ in }, as: Bench.other)
        try await bench.becomes(id, .running)
        var selection = Selection()
        selection.user = "ada"
        async let reply = wait(bench, selection, .seconds(20))
        try await bench.eventually("it waits") { await !bench.controller.waiters.isEmpty }
        await bench.agent.finish(AttemptID(TaskID(id), 1), .failed(code: 3))
        let ended = try await reply
        #expect(ended.remaining == 0 && ended.lowestUnsuccessful?.outcome.exitStatus == 3, "\(ended)")
        try await bench.becomes(foreign, .running)
    }
}
