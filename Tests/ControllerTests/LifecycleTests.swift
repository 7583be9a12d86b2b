import API
import JobModel
import JobStore
import Synchronization
import Testing

@testable import Controller

/// From submit to the ledger, with the agent's part played.
@Suite struct LifecycleTests {
    @Test func aJobRunsEndsAndLeavesTheStore() async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        let attempt = AttemptID(TaskID(id), 1)
        #expect(await bench.agent.starts == [attempt])
        await bench.agent.finish(attempt, .failed(code: 3))
        try await bench.becomes(id, .failed)
        try await bench.eventually("the agent may forget it") { await bench.agent.released == [attempt] }
        let kept = await bench.store.ledgerJob(id)
        #expect(kept != nil)
        let left = await bench.store.snapshot().entries.filter { "\($0)".contains("attempt(") }
        #expect(left.isEmpty, "attempts leave the store with their job")
        let reply = try await bench.controller.wait(for: WaitRequest(Selection([TaskSelector(id)]), holdFor: .zero), peer: Bench.owner)
        #expect(reply.remaining == 0 && reply.lowestUnsuccessful?.outcome.exitStatus == 3)
    }

    /// However long a start takes, it is waited for; one that was taken over counts once the agent told of it.
    @Test func aStartIsWaitedFor() async throws {
        let bench = try await Bench()
        await bench.agent.getStuck()
        let id = AttemptID(TaskID(try await bench.submit()), 1)
        try await bench.eventually("it is assigned") { await bench.agent.desired[id] != nil }
        let controller = bench.controller
        let waiting = Task { await controller.awaitStart(of: id) }
        try await bench.eventually("it is waited for") { await controller.waiters.count == 1 }
        // What happens to others does not end it.
        let other = try await bench.submit { $0.hold = true }
        try await bench.act(.cancel, other)
        try await bench.eventually("it is waited for") { await controller.waiters.count == 1 }
        await bench.agent.goOn()
        #expect(await waiting.value)
        #expect(await controller.awaitStart(of: id))
        let next = try await Bench(store: bench.store)
        #expect(await next.controller.awaitStart(of: id))
        await next.agent.finish(id, .succeeded)
        #expect(await !next.controller.awaitStart(of: id))
        #expect(await !next.controller.awaitStart(of: AttemptID(TaskID(JobID(99)), 1)))
    }

    /// A log tells times by the clock of its boot: both clocks of the start stay known, whatever they say later.
    @Test func whenAnAttemptStartedStaysKnown() async throws {
        let clock = ManualClock()
        let bench = try await Bench(clock: clock)
        let id = AttemptID(TaskID(try await bench.submit()), 1)
        try await bench.becomes(id.task.job, .running)
        let started = try #require(try await bench.controller.started(id))
        #expect(started == clock.now())
        let later = try await Bench(store: bench.store, clock: ManualClock(bootID: "another", boot: 5, wall: 9_000_000))
        #expect(try await later.controller.started(id) == started)
        await later.agent.finish(id, .nodeLost)
        try await later.eventually("it is in the ledger") { await later.store.ledgerJob(id.task.job) != nil }
        #expect(try await later.controller.started(id) == started)
        #expect(try await later.controller.started(AttemptID(id.task, 2)) == nil)
    }

    /// contract §2: one that succeeds on its third try has succeeded, and only attempts that ended badly were repeated.
    @Test func aTaskIsTriedAgainAsItsPolicySays() async throws {
        let bench = try await Bench()
        let held = try await bench.submit { spec in
            spec.hold = true
            spec.retries = RetryPolicy(count: 3, outcomes: [.failed], backoff: TimeSpan(milliseconds: 20))
        }
        await bench.agent.script(held, [.failed(code: 1), .failed(code: 2), .succeeded])
        try await bench.act(.release, held)
        try await bench.becomes(held, .succeeded)
        #expect(await bench.agent.starts.map(\.number) == [1, 2, 3])
        let kept = await bench.store.ledgerAttempts(of: held, after: nil, limit: 10)
        #expect(kept.count == 3)
    }

    /// What is told of an attempt later on, with the note still there, is not one failed freeze more.
    @Test func aFailedFreezeIsToldOnce() async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        var seen = AttemptObservation(id: AttemptID(TaskID(id), 1), state: .pausing)
        await bench.controller.observed(seen)
        seen.state = .running
        seen.freezeFailed = true
        seen.note = "pid 7 in state D"
        await bench.controller.observed(seen)
        seen.thresholdsTold = [80]
        await bench.controller.observed(seen)
        seen.warned = true
        await bench.controller.observed(seen)
        await bench.agent.finish(seen.id, .succeeded)
        try await bench.becomes(id, .succeeded)
        let failures = await bench.store.events(after: 0, limit: 1000).events.filter { $0.kind == .freezeFailed }
        #expect(failures.map(\.detail) == ["pid 7 in state D"])
    }

    /// contract §7: a deleted account holds the job, kind `account`.
    @Test func aMissingAccountHoldsTheTask() async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        await bench.agent.finish(AttemptID(TaskID(id), 1), .startFailed(operation: "resolve user", errno: "ENOENT"), accountMissing: true)
        try await bench.becomes(id, .held)
        #expect(try await bench.detail(id).holds?.map(\.hold.kind) == [.account])
    }

    /// contract §9: an id is returned only after the commit is durable; one that is known by its request key is returned again.
    @Test func aRepeatedRequestKeyReturnsTheSameIds() async throws {
        let bench = try await Bench()
        var spec = JobSpec()
        spec.command = ["true"]
        let request = SubmitRequest(jobs: [SubmittedSpec(spec), SubmittedSpec(spec)], requestKey: RequestKey("0123456789abcdef0123456789abcdef"))
        async let first = bench.controller.submit(request, peer: Bench.owner)
        async let second = bench.controller.submit(request, peer: Bench.owner)
        let ids = try await (first.jobs.map(\.id), second.jobs.map(\.id))
        #expect(ids.0 == ids.1)
        let known = try await bench.controller.submission(RequestKey("0123456789abcdef0123456789abcdef"), peer: Bench.owner)
        #expect(known?.jobs.map(\.id) == ids.0)
        // Keys are each user's own.
        #expect(try await bench.controller.submission(RequestKey("0123456789abcdef0123456789abcdef"), peer: Bench.other) == nil)
        #expect(try await bench.controller.submit(request, peer: Bench.other).jobs.map(\.id) != ids.0)
    }

    /// contract §9: commits that conflict or whose reply is lost are asked for again; nothing is lost and nothing doubled.
    @Test(arguments: [UInt64.random(in: .min ... .max), 1, 2, 3_341_923_473_862_890_896])
    func throughAFaultyStore(seed: UInt64) async throws {
        let bench = try await Bench(cpus: 8, store: InMemoryStore(faults: .some(seed: seed)))
        var ids: [JobID] = []
        for number in 0..<20 {
            let id = try await bench.submit {
                $0.hold = true; $0.name = "job-\(number)"
            }
            await bench.agent.script(id, [.succeeded])
            ids.append(id)
        }
        #expect(Set(ids).count == 20, "seed \(seed)")
        for id in ids { try await bench.act(.release, id) }
        for id in ids { try await bench.becomes(id, .succeeded) }
        let starts = await bench.agent.starts
        #expect(Set(starts).count == 20 && starts.count == 20, "seed \(seed)")
        for id in ids {
            let kept = await bench.store.ledgerAttempts(of: id, after: nil, limit: 10)
            #expect(kept.count == 1, "seed \(seed)")
        }
    }

    /// contract §9: a commit whose reply was lost is repeated exactly: no event comes twice, and those who follow hear each under its number.
    @Test(arguments: [UInt64.random(in: .min ... .max), 1, 2, 3]) func lostRepliesDoubleNoEvents(seed: UInt64) async throws {
        var faults = StoreFaults(seed: seed)
        faults.unknown = 0.25
        let bench = try await Bench(store: InMemoryStore(faults: faults))
        let heard = Mutex<[Event]>([])
        let stream = bench.controller.hub.follow()
        let following = Task { for await event in stream { heard.withLock { $0.append(event) } } }
        var ids: [JobID] = []
        for number in 0..<20 {
            let id = try await bench.submit({ _ in }, key: number % 2 == 0 ? "key-\(number)" : nil)
            await bench.agent.script(id, [.succeeded])
            ids.append(id)
            try await bench.act(.signal, id) { $0.signal = "USR1" }
        }
        for id in ids where try await bench.state(id) != .succeeded {
            await bench.agent.finish(AttemptID(TaskID(id), 1), .succeeded)
            try await bench.becomes(id, .succeeded)
        }
        await bench.controller.shutDown()
        await following.value
        let kept = await bench.store.events(after: 0, limit: 10_000).events
        for id in ids {
            let own = kept.filter { $0.job == id }.map(\.kind)
            #expect(own.count { $0 == .submitted } == 1 && own.count { $0 == .finished } == 1, "seed \(seed): \(own)")
        }
        let first = heard.withLock { $0.first?.sequence ?? 0 }
        #expect(heard.withLock { $0 } == kept.filter { $0.sequence >= first }, "seed \(seed)")
    }

    /// A controller that is started again on the same store adopts what runs and starts nothing twice.
    @Test func aRestartAdoptsWhatRuns() async throws {
        let store = InMemoryStore()
        let first = try await Bench(cpus: 1, store: store)
        let running = try await first.submit { $0.resources.cores = 1 }
        let waiting = try await first.submit { $0.resources.cores = 1 }
        let held = try await first.submit { $0.hold = true }
        try await first.becomes(running, .running)
        await first.controller.shutDown()
        let second = try await Bench(cpus: 1, store: store)
        let attempt = AttemptID(TaskID(running), 1)
        #expect(await second.agent.swept == [[attempt]])
        #expect(try await second.state(held) == .held)
        #expect(try await second.state(waiting) == .pending)
        try await second.eventually("the agent is told what should run") { await second.agent.desired.keys.contains(attempt) }
        await second.agent.finish(attempt, .succeeded)
        try await second.becomes(running, .succeeded)
        try await second.becomes(waiting, .running)
        let next = try await second.submit()
        #expect(next > held, "ids are never used again")
    }

    /// An array whose other task lives, so that the job stays in the store while one task is cancelled within its back-off and put back.
    @Test func aBackoffEndsWithACancelAlsoAcrossARestart() async throws {
        let store = InMemoryStore()
        let first = try await Bench(store: store)
        let id = try await first.submit {
            $0.array = ArraySpec(indices: IntervalSet([0, 1]))
            $0.retries = RetryPolicy(count: 3, backoff: .hours(10))
        }
        let task = TaskID(id, 0)
        try await first.eventually("both run") { await first.agent.running.count == 2 }
        await first.agent.finish(AttemptID(task, 1), .failed(code: 1))
        try await first.eventually("it waits out the back-off") {
            try await first.detail(id).job.groups.contains { $0.state == .pending && $0.reasons?.contains { $0.kind == .backoff } == true }
        }
        let selection = Selection([TaskSelector(task)])
        _ = try await first.controller.act(.cancel, ActionRequest(selection), peer: Bench.owner)
        await first.controller.shutDown()

        let second = try await Bench(store: store)
        _ = try await second.controller.act(.requeue, ActionRequest(selection), peer: Bench.owner)
        try await second.eventually("it starts at once") { await second.agent.starts.contains(AttemptID(task, 2)) }
        await second.controller.shutDown()
        // Nor does it come back with the next start.
        let table = StoreState(await store.snapshot()).tasks[id]?.value
        #expect(table?.notBefore.isEmpty == true)
    }
}
