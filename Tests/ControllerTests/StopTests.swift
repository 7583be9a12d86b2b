import API
import JobModel
import JobStore
import NodeAgent
import Testing

@testable import Controller

/// contract §2: a cancel is final, whatever else was decided or comes to pass.
@Suite struct StopTests {
    private func running(_ bench: Bench, _ change: (inout JobSpec) -> Void = { _ in }) async throws -> (JobID, AttemptID) {
        let id = try await bench.submit {
            $0.retries = RetryPolicy(count: 3)
            $0.rerun = .onLoss
            change(&$0)
        }
        try await bench.becomes(id, .running)
        return (id, AttemptID(TaskID(id), 1))
    }

    @Test(arguments: [StopReason.preempted, .timedOut, .outOfMemory])
    func aCancelTakesThePlaceOfAnotherStop(reason: StopReason) async throws {
        let bench = try await Bench()
        await bench.agent.ignoreStops()
        let (id, attempt) = try await running(bench)
        await bench.controller.requestStop(attempt, reason)
        try await bench.eventually("the stop is told") { await bench.agent.desired[attempt]?.record.stop == reason }
        try await bench.act(.cancel, id)
        try await bench.eventually("the cancel is told") { await bench.agent.desired[attempt]?.record.stop == .cancelled }
        let stored = await bench.store.entry(.attempt(attempt))
        guard case .attempt(let record) = stored?.value else { return #expect(Bool(false), "no record") }
        #expect(record.stop == .cancelled)
        await bench.agent.finish(attempt, reason.outcome)
        try await bench.becomes(id, .cancelled)
        #expect(await bench.agent.starts == [attempt])
    }

    /// And no other stop takes the place of a cancel: a requeue says so.
    @Test func aRequeueAfterACancelIsRefused() async throws {
        let bench = try await Bench()
        await bench.agent.ignoreStops()
        let (id, attempt) = try await running(bench)
        try await bench.act(.cancel, id)
        for isDry in [true, false] {
            let reply = try await bench.act(.requeue, id) { $0.dryRun = isDry }
            #expect(reply.done.isEmpty && reply.jobs == 0 && reply.tasks == 0)
            #expect(reply.refused.map(\.error.message) == ["requeue of job \(id): it is ending as cancelled"], "\(reply)")
        }
        await bench.controller.requestStop(attempt, .timedOut)
        await bench.agent.finish(attempt, .killed(signal: 15))
        try await bench.becomes(id, .cancelled)
    }

    /// Of an array those that go on are requeued, and one whose requeue is under way is so again.
    @Test func aRequeueTellsWhichTasksEnd() async throws {
        let bench = try await Bench()
        await bench.agent.ignoreStops()
        let (id, _) = try await running(bench) { $0.array = ArraySpec(indices: IntervalSet(1...3)) }
        try await bench.eventually("all run") { await bench.agent.running.count == 3 }
        await bench.controller.requestStop(AttemptID(TaskID(id, 2), 1), .timedOut)
        for _ in 0..<2 {
            let reply = try await bench.act(.requeue, id)
            #expect(reply.done == [TaskSelector(id, indices: IntervalSet([1, 3]))] && reply.tasks == 2)
            #expect(reply.refused.map(\.selector) == [TaskSelector(id, indices: IntervalSet([2]))])
            #expect(reply.refused.first?.error.message == "requeue of job \(id).2: it is ending as timedOut", "\(reply)")
        }
    }

    @Test(arguments: [
        AttemptOutcome.failed(code: 1), .killed(signal: 9), .succeeded, .nodeLost, .monitorLost, .startFailed(operation: "start", errno: "EINTR"),
    ])
    func whatWasDecidedIsTheOutcome(seen: AttemptOutcome) async throws {
        let bench = try await Bench()
        await bench.agent.ignoreStops()
        let (id, attempt) = try await running(bench)
        try await bench.act(.cancel, id)
        await bench.agent.finish(attempt, seen)
        try await bench.becomes(id, .cancelled)
        #expect(await bench.store.ledgerAttempts(of: id, after: nil, limit: 9).map(\.outcome) == [.cancelled])
        #expect(await bench.agent.starts == [attempt])
    }

    @Test func aCancelledTaskWithoutAnAccountIsNotHeld() async throws {
        let bench = try await Bench()
        await bench.agent.ignoreStops()
        let (id, attempt) = try await running(bench)
        try await bench.act(.cancel, id)
        await bench.agent.finish(attempt, .startFailed(operation: "look up", errno: "ENOENT"), accountMissing: true)
        try await bench.becomes(id, .cancelled)
    }

    /// contract §6: it did not end as its last try did.
    @Test func cancelledDuringTheBackOff() async throws {
        let bench = try await Bench()
        let (id, attempt) = try await running(bench) { $0.retries = RetryPolicy(count: 3, backoff: .hours(1)) }
        await bench.agent.finish(attempt, .failed(code: 1))
        try await bench.becomes(id, .pending)
        try await bench.act(.cancel, id)
        try await bench.becomes(id, .cancelled)
        #expect(try await bench.detail(id).job.groups.first?.outcome?.kind == "cancelled")
        let reply = try await bench.controller.wait(for: WaitRequest(Selection([TaskSelector(id)]), holdFor: .zero), peer: Bench.owner)
        #expect(reply.lowestUnsuccessful?.outcome.exitStatus == 143, "\(reply)")
    }

    // MARK: Retries

    /// Only failures use up retries: neither a requeue nor a preemption does.
    @Test func requeuesUseUpNoRetries() async throws {
        let bench = try await Bench()
        let (id, _) = try await running(bench) { $0.retries = RetryPolicy(count: 1) }
        func next(_ number: UInt32) async throws -> AttemptID {
            let attempt = AttemptID(TaskID(id), number)
            try await bench.eventually("attempt \(number) runs") { await bench.agent.starts.last == attempt }
            return attempt
        }
        for number in UInt32(1)...3 {
            _ = try await next(number)
            try await bench.act(.requeue, id)
        }
        await bench.agent.finish(try await next(4), .failed(code: 1))
        await bench.agent.finish(try await next(5), .failed(code: 2))
        try await bench.becomes(id, .failed)
        #expect(await bench.agent.starts.count == 5)
    }

    /// The time queued of a later attempt begins where the task became pending again.
    @Test func queuedTimeDoesNotHoldEarlierRuns() async throws {
        let bench = try await Bench()
        let (id, first) = try await running(bench)
        try await Task.sleep(for: .milliseconds(30))
        await bench.agent.finish(first, .failed(code: 1))
        let second = AttemptID(TaskID(id), 2)
        try await bench.eventually("it runs again") { await bench.agent.starts.last == second }
        try await bench.becomes(id, .running)
        let shown = try #require(try await bench.detail(id).attempts.last?.queuedFor)
        await bench.agent.finish(second, .succeeded)
        try await bench.becomes(id, .succeeded)
        let kept = await bench.store.ledgerAttempts(of: id, after: nil, limit: 9)
        let most = try #require(kept[1].startedAt) - kept[0].endedAt
        #expect(kept[1].waitedFor <= most && shown <= most, "\(kept[1].waitedFor), shown \(shown), at most \(most)")
    }
}
