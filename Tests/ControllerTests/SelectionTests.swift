import API
import JobModel
import JobStore
import Testing

@testable import Controller

/// Which jobs a command means, and whose: contract §8.
@Suite struct SelectionTests {
    @Test func idsBatchesStatesAndNames() async throws {
        let bench = try await Bench()
        let one = try await bench.submit {
            $0.hold = true; $0.batch = "x"; $0.name = "n"
        }
        let two = try await bench.submit {
            $0.hold = true; $0.batch = "y"; $0.name = "n"
        }
        let three = try await bench.submit { $0.batch = "x" }
        let foreign = try await bench.submit(
            {
                $0.hold = true; $0.batch = "x"; $0.name = "n"
            }, as: Bench.other)
        try await bench.becomes(three, .running)
        func meant(_ change: (inout Selection) -> Void) async throws -> [JobID] {
            var selection = Selection()
            change(&selection)
            var request = ActionRequest(selection)
            request.dryRun = true
            return try await bench.controller.act(.hold, request, peer: Bench.owner).done.compactMap(\.job)
        }
        #expect(try await meant { $0.batch = "x" } == [one, three])
        #expect(try await meant { $0.name = "n" } == [one, two])
        #expect(try await meant { $0.states = [.held] } == [one, two])
        #expect(try await meant { $0.states = [.running] } == [three])
        #expect(try await meant { $0.ids = [TaskSelector(jobs: 1...99)] }.contains(foreign) == false)
        await #expect(throws: APIError.self) { try await meant { _ in } }
    }

    @Test func tasksOfAnArray() async throws {
        let bench = try await Bench()
        let id = try await bench.submit {
            $0.array = ArraySpec(indices: IntervalSet([1, 2, 3, 4])); $0.hold = true
        }
        _ = try await bench.controller.act(
            .cancel, ActionRequest(Selection([TaskSelector(id, indices: IntervalSet([2, 3]))])), peer: Bench.owner)
        let counts = try await bench.counts(id)
        #expect(counts.cancelled == 2 && counts.pending == 2)
        try await bench.act(.release, id)
        try await bench.eventually("the others run") { try await bench.counts(id).running == 2 }
        #expect(Set(await bench.agent.starts.compactMap(\.task.index)) == [1, 4])
    }

    /// What has no array cannot have a limit of one taken or given.
    @Test func anArrayLimitIsOfArraysOnly() async throws {
        let bench = try await Bench()
        let plain = try await bench.submit { $0.hold = true }
        let array = try await bench.submit {
            $0.hold = true
            $0.array = ArraySpec(indices: IntervalSet(0...9))
        }
        var changes = SpecChanges()
        changes.name = "renamed"
        changes.arrayLimit = 3
        let both = Selection([TaskSelector(plain), TaskSelector(array)])
        let reply = try await bench.controller.update(UpdateRequest(both, changes), peer: Bench.owner)
        #expect(reply.done == [TaskSelector(array)] && reply.refused.map(\.selector) == [TaskSelector(plain)])
        #expect(
            reply.refused.first?.error.description == "array.limit: found 3 for job \(plain), which is not an array, accepted for arrays only")
        #expect(try await bench.detail(plain).job.name == nil)
        #expect(try await bench.detail(array).spec?.array?.limit == 3)
        changes = SpecChanges()
        changes.clear = [.arrayLimit]
        #expect(try await bench.controller.update(UpdateRequest(both, changes), peer: Bench.owner).refused.map(\.selector) == [TaskSelector(plain)])
        #expect(try await bench.detail(array).spec?.array?.limit == nil)
    }

    /// contract §8: every action on another's job is refused, of an operator audited.
    @Test(arguments: [Route.cancel, .signal, .requeue, .pause, .resume, .hold, .release])
    func anothersJobIsNotToBeTouched(route: Route) async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        let before = try await bench.detail(id).holds?.count ?? 0
        do {
            let reply = try await bench.act(route, id, as: Bench.other) { $0.signal = "TERM" }
            #expect(reply.done.isEmpty && reply.refused.first?.error.code == .denied, "\(reply)")
        } catch let error as APIError {
            #expect(error.code == .denied)
        }
        #expect(try await bench.state(id) == .running)
        #expect(try await bench.detail(id).holds?.count ?? 0 == before)
        #expect(await bench.agent.signals.isEmpty)
        _ = try await bench.act(route, id, as: Bench.chief) { $0.signal = "TERM" }
        try await bench.eventually("the operator's act is audited") {
            await bench.store.events(after: 0, limit: 1000).events.contains { $0.kind == .audit && $0.detail?.contains(route.rawValue) == true }
        }
    }

    @Test func anothersDetailIsRedacted() async throws {
        let bench = try await Bench()
        let id = try await bench.submit {
            $0.command = ["secret"]; $0.name = "secret"; $0.batch = "secret"; $0.environment = ["A": "secret"]; $0.tags = ["secret"]
        }
        try await bench.becomes(id, .running)
        let seen = try await bench.detail(id, as: Bench.other)
        #expect(seen.job.redacted && seen.spec == nil && !"\(seen)".contains("secret"), "\(seen)")
        let list = try await bench.controller.list(ListRequest(all: true), peer: Bench.other)
        #expect(!"\(list)".contains("secret"))
        #expect(try await bench.detail(id, as: Bench.chief).spec != nil)
    }

    /// contract §8: a job with `api: true` may submit and list within its own batch, nothing else.
    @Test func aPeerInsideAJob() async throws {
        let bench = try await Bench()
        let parent = try await bench.submit {
            $0.batch = "b"; $0.api = true
        }
        let outside = try await bench.submit {
            $0.batch = "c"; $0.hold = true
        }
        try await bench.becomes(parent, .running)
        var inside = Bench.owner
        inside.origin = .job(AttemptID(TaskID(parent), 1), batch: BatchID(owner: UserID(1000), name: "b"))
        let peer = inside
        let child = try await bench.submit({ _ in }, as: peer)
        #expect(try await bench.detail(child).job.batch == "b")
        await #expect(throws: APIError.self) { try await bench.submit({ $0.batch = "c" }, as: peer) }
        let list = try await bench.controller.list(ListRequest(all: true), peer: peer)
        #expect(list.jobs.map(\.id) == [parent, child])
        for route in [Route.cancel, .pause, .hold, .release, .signal, .requeue] {
            await #expect(throws: APIError.self) { try await bench.act(route, outside, as: peer) { $0.signal = "TERM" } }
            await #expect(throws: APIError.self) { try await bench.act(route, child, as: peer) { $0.signal = "TERM" } }
        }
        await #expect(throws: APIError.self) { try await bench.detail(child, as: peer) }
        // Root's own job gives no operator's rights inside.
        var root = peer
        root.user = .root
        let rooted = root
        await #expect(throws: APIError.self) { try await bench.act(.cancel, child, as: rooted) }
    }

    @Test func waitsAreHeldUntilTheEnd() async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        async let reply = bench.controller.wait(for: WaitRequest(Selection([TaskSelector(id)]), holdFor: .seconds(20)), peer: Bench.owner)
        try await Task.sleep(for: .milliseconds(50))
        await bench.agent.finish(AttemptID(TaskID(id), 1), .killed(signal: 15))
        let ended = try await reply
        #expect(ended.remaining == 0 && ended.lowestUnsuccessful?.outcome.exitStatus == 143)
        await #expect(throws: APIError.self) {
            try await bench.controller.wait(for: WaitRequest(Selection([TaskSelector(JobID(99))]), holdFor: .zero), peer: Bench.owner)
        }
    }
    /// Most numbers of a range may be long forgotten: the ledger is asked once for all of it.
    @Test func aRangeIsOneQueryOfTheLedger() async throws {
        let bench = try await Bench()
        let failing = try await bench.submit { $0.hold = true }
        await bench.agent.script(failing, [.failed(code: 7)])
        try await bench.act(.release, failing)
        try await bench.becomes(failing, .failed)
        let succeeding = try await bench.submit { $0.hold = true }
        await bench.agent.script(succeeding, [.succeeded])
        try await bench.act(.release, succeeding)
        try await bench.becomes(succeeding, .succeeded)
        await bench.controller.skipNumbers(to: 1_000_000)
        let last = try await bench.submit { $0.hold = true }
        #expect(last.value > 1_000_000)
        func wait(_ range: ClosedRange<UInt64>, as peer: Peer = Bench.owner) async throws -> WaitReply {
            try await bench.controller.wait(for: WaitRequest(Selection([TaskSelector(jobs: range)]), holdFor: .zero), peer: peer)
        }
        let before = await bench.store.ledgerQueries
        let all = try await wait(1...last.value)
        #expect(await bench.store.ledgerQueries == before + 1)
        #expect(all.tasks == 3 && all.remaining == 1 && all.counts.succeeded == 1 && all.counts.failed == 1)
        #expect(all.lowestUnsuccessful?.task == TaskID(failing) && all.lowestUnsuccessful?.outcome.exitStatus == 7)
        #expect(try await wait(last.value...last.value).remaining == 1)
        #expect(await bench.store.ledgerQueries == before + 1, "what lives is not looked for there")
        let denied = await #expect(throws: APIError.self) { try await wait(1...last.value, as: Bench.other) }
        #expect(denied?.code == .denied)
        let unknown = await #expect(throws: APIError.self) { try await wait(10...1000) }
        #expect(unknown?.code == .unknown)
    }
}

extension Controller {
    /// As if so many jobs had been there and were forgotten.
    fileprivate func skipNumbers(to number: UInt64) { lastJob = max(lastJob, number) }
}
