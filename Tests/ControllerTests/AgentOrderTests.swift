import API
import JobModel
import JobStore
import NodeAgent
import Testing

@testable import Controller

/// What the agent is told, and when: durable decisions only, in order, nothing of an attempt after its release.
@Suite struct AgentOrderTests {
    private func exclusive(_ count: Int) -> SubmitRequest {
        var spec = JobSpec()
        spec.command = ["true"]
        spec.resources.cores = 1
        return SubmitRequest(jobs: Array(repeating: SubmittedSpec(spec), count: count))
    }

    /// A shared job, so that there is a pool, and then one that takes a core of it while the change of the pool is held.
    private func benchWithHeldPool() async throws -> Bench {
        let bench = try await Bench(cpus: 4)
        let shared = try await bench.submit { $0.resources.cpuMillis = 500 }
        try await bench.becomes(shared, .running)
        await bench.agent.holdPool()
        return bench
    }

    @Test func aCancelWhileThePoolShrinksIsNotOvertaken() async throws {
        let bench = try await benchWithHeldPool()
        let before = await bench.agent.pools.count
        let id = try await bench.submit { $0.resources.cores = 1 }
        try await bench.eventually("the pool shrinks") { await bench.agent.pools.count > before }
        try await bench.act(.cancel, id)
        await bench.agent.letPoolGo()
        try await bench.becomes(id, .cancelled)
        let attempt = AttemptID(TaskID(id), 1)
        try await bench.eventually("it is released") { await bench.agent.released.contains(attempt) }
        try await Task.sleep(for: .milliseconds(50))
        #expect(await !bench.agent.starts.contains(attempt), "nothing starts after the end was told")
    }

    @Test func allExclusiveStartsWaitForTheShrink() async throws {
        let bench = try await benchWithHeldPool()
        let before = await bench.agent.pools.count
        let ids = try await bench.controller.submit(exclusive(2), peer: Bench.owner).jobs.map(\.id)
        try await bench.eventually("the pool shrinks") { await bench.agent.pools.count > before }
        try await bench.controller.durable()
        try await Task.sleep(for: .milliseconds(100))
        #expect(await bench.agent.starts.count == 1, "their cores are the pool's until it has shrunk")
        await bench.agent.letPoolGo()
        for id in ids { try await bench.becomes(id, .running) }
        #expect(await bench.agent.starts.count == 3)
    }

    /// contract §5: the pool grows when exclusive cores are returned.
    @Test func thePoolGrowsWhenAnExclusiveJobEnds() async throws {
        let bench = try await Bench(cpus: 2)
        let shared = try await bench.submit { $0.resources.cpuMillis = 500 }
        try await bench.becomes(shared, .running)
        let id = try await bench.submit { $0.resources.cores = 1 }
        try await bench.becomes(id, .running)
        try await bench.eventually("the pool has shrunk") { await bench.agent.pools.last?.count == 1 }
        await bench.agent.finish(AttemptID(TaskID(id), 1), .succeeded)
        try await bench.eventually("the pool has grown") { await bench.agent.pools.last?.count == 2 }
    }

    /// While the store takes nothing, nothing that was decided reaches the agent, and nobody is kept waiting.
    @Test func aStoreThatGoesOnRefusingKeepsNobodyWaiting() async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        let waits = try await bench.submit { $0.hold = true }
        // Another leader: every commit is refused from here on.
        _ = await bench.store.lead()
        for route in [Route.cancel, .pause, .hold] {
            do {
                try await bench.act(route, id)
                Issue.record("\(route) was acknowledged")
            } catch let error as APIError {
                #expect([.unknownOutcome, .unavailable].contains(error.code), "\(error)")
            }
        }
        await #expect(throws: APIError.self) { try await bench.submit() }
        #expect(await bench.agent.desired[AttemptID(TaskID(id), 1)]?.record.stop == nil, "only what is durable is done")
        #expect(try await bench.detail(id).job.id == id, "what is there can still be read")
        try await bench.eventually("what waits is told why") {
            try await bench.detail(waits).job.groups.first?.reasons?.contains { $0.kind == .disk && $0.text.contains("takes no changes") } == true
        }
    }
}
