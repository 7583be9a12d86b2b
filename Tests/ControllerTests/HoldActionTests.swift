import API
import JobModel
import NodeAgent
import Testing

@testable import Controller

/// contract §2: holds and pauses of jobs and batches; who may place and lift which.
@Suite struct HoldActionTests {
    @Test func pauseFreezesWhatRunsAndKeepsWhatWaits() async throws {
        let bench = try await Bench(cpus: 1)
        let first = try await bench.submit { $0.resources.cores = 1 }
        try await bench.becomes(first, .running)
        try await bench.act(.pause, first)
        #expect(try await bench.state(first) == .paused, "frozen when the reply comes")
        // The cores go to others.
        let second = try await bench.submit { $0.resources.cores = 1 }
        try await bench.becomes(second, .running)
        try await bench.act(.resume, first)
        #expect(await bench.agent.desired[AttemptID(TaskID(first), 1)]?.frozen == true, "no cores yet")
        #expect(try await bench.detail(first).attempts.last?.waitingForCores == true)
        await bench.agent.finish(AttemptID(TaskID(second), 1), .succeeded)
        try await bench.becomes(first, .running)
    }

    @Test func keptCoresAreNotGivenToOthers() async throws {
        let bench = try await Bench(cpus: 1)
        let first = try await bench.submit { $0.resources.cores = 1 }
        try await bench.becomes(first, .running)
        try await bench.act(.pause, first) { $0.keepCores = true }
        let second = try await bench.submit { $0.resources.cores = 1 }
        #expect(try await bench.state(second) == .pending)
        try await bench.act(.resume, first)
        try await bench.becomes(first, .running)
        #expect(try await bench.state(second) == .pending)
    }

    /// Batch holds are one write; members yet to come inherit them, and lifting does not undo individual ones.
    @Test func batchHoldsAreInherited() async throws {
        let bench = try await Bench()
        let own = try await bench.submit {
            $0.batch = "b"; $0.hold = true
        }
        _ = try await bench.controller.act(.batchPause, onBatch: BatchActionRequest(name: "b"), peer: Bench.owner)
        let later = try await bench.submit { $0.batch = "b" }
        let elsewhere = try await bench.submit { $0.batch = "c" }
        try await bench.becomes(elsewhere, .running)
        #expect(try await bench.state(later) == .held)
        _ = try await bench.controller.act(.batchResume, onBatch: BatchActionRequest(name: "b"), peer: Bench.owner)
        try await bench.becomes(later, .running)
        #expect(try await bench.state(own) == .held)
    }

    /// `release` lifts `user`, `resume` lifts `userPause`; each only its own kind.
    @Test func eachActionLiftsItsOwnKind() async throws {
        let bench = try await Bench()
        let id = try await bench.submit { $0.hold = true }
        try await bench.act(.pause, id)
        #expect(Set(try await bench.detail(id).holds?.map(\.hold.kind) ?? []) == [.user, .userPause])
        try await bench.act(.release, id)
        #expect(try await bench.state(id) == .held)
        try await bench.act(.resume, id)
        try await bench.becomes(id, .running)
    }

    @Test(arguments: [Route.hold, .pause])
    func usersCannotPlaceOrLiftTheOperatorsKind(route: Route) async throws {
        let bench = try await Bench()
        let id = try await bench.submit { $0.hold = true }
        await #expect(throws: APIError.self) { try await bench.act(route, id) { $0.asOperator = true } }
        try await bench.act(route, id, as: Bench.chief) { $0.asOperator = true }
        try await bench.act(.release, id)
        try await bench.act(.resume, id)
        #expect(try await bench.state(id) == .held)
        let lift: Route = route == .hold ? .release : .resume
        await #expect(throws: APIError.self) { try await bench.act(lift, id) { $0.asOperator = true } }
        try await bench.act(lift, id, as: Bench.chief) { $0.asOperator = true }
        try await bench.becomes(id, .running)
    }

    @Test func cancelOfPendingHeldAndRunning() async throws {
        let bench = try await Bench(cpus: 1)
        let running = try await bench.submit { $0.resources.cores = 1 }
        try await bench.becomes(running, .running)
        let pending = try await bench.submit { $0.resources.cores = 1 }
        let held = try await bench.submit { $0.hold = true }
        for id in [pending, held, running] { try await bench.act(.cancel, id) }
        for id in [pending, held, running] { try await bench.becomes(id, .cancelled) }
        #expect(await bench.agent.starts.count == 1)
    }

    /// contract §2: begin times hold a task back, and lifting by hand is no release of them.
    @Test func aBeginTimeHoldsBack() async throws {
        let bench = try await Bench()
        let now = bench.clock.now().wall
        let far = try await bench.submit { $0.begin = now + .hours(1) }
        let near = try await bench.submit { $0.begin = now + TimeSpan(milliseconds: 150) }
        try await bench.becomes(near, .running)
        #expect(await bench.agent.starts.allSatisfy { $0.task.job != far })
        #expect(try await bench.detail(far).job.groups.first?.reasons?.contains { $0.kind == .begin } == true)
    }
}
