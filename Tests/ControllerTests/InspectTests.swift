import API
import JobModel
import JobStore
import Testing

@testable import Controller

/// contract §8: who may look into a job, and what is written down of it.
@Suite struct InspectTests {
    private static let root = Peer(user: .root, group: GroupID(0), groups: [GroupID(0)], name: "root")

    private func audits(_ bench: Bench) async -> [String] {
        await bench.store.events(after: 0, limit: 1000).events.filter { $0.kind == .audit }.compactMap(\.detail)
    }

    @Test(arguments: [false, true]) func operatorsLookWhereTheConfigurationAllowsIt(allowed: Bool) async throws {
        let bench = try await Bench { $0.access = Access(operators: Bench.operators, operatorsInspect: allowed) }
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        func look(_ peer: Peer, core: Bool = false) async throws -> AttemptID {
            var request = InspectRequest()
            request.core = core
            return try await bench.controller.inspected(TaskID(id), request, peer: peer)
        }
        #expect(try await look(Bench.owner) == AttemptID(TaskID(id), 1))
        #expect(await audits(bench).isEmpty)
        let other = await #expect(throws: APIError.self) { try await look(Bench.other) }
        #expect(other?.code == .denied)
        if allowed {
            _ = try await look(Bench.chief)
        } else {
            let refused = await #expect(throws: APIError.self) { try await look(Bench.chief) }
            #expect(
                refused?.code == .denied && refused?.message == "inspect job \(id): it belongs to another user, and inspect_by_operators is not set")
            #expect(await audits(bench).isEmpty)
        }
        _ = try await look(Self.root, core: true)
        // Written down before anything is shown.
        let told = await audits(bench)
        #expect(told.contains { $0.hasPrefix("inspect with core of \(id) by user 0") }, "\(told)")
        #expect(told.contains { $0.hasPrefix("inspect of \(id) by user 1002") } == allowed, "\(told)")
    }

    @Test func onlyWhatRunsIsLookedAt() async throws {
        let bench = try await Bench()
        let held = try await bench.submit { $0.hold = true }
        let running = try await bench.submit()
        try await bench.becomes(running, .running)
        func refusal(_ id: JobID, _ request: InspectRequest = InspectRequest()) async -> APIError? {
            await #expect(throws: APIError.self) { try await bench.controller.inspected(TaskID(id), request, peer: Bench.owner) }
        }
        #expect(await refusal(held)?.message == "inspect of job \(held): it has not started")
        #expect(await refusal(running, InspectRequest(attempt: 2))?.message == "inspect of \(running)#2: it does not run, \(running)#1 does")
        #expect(await refusal(JobID(999))?.code == .unknown)
        await bench.agent.finish(AttemptID(TaskID(running), 1), .succeeded)
        try await bench.becomes(running, .succeeded)
        #expect(await refusal(running)?.message == "inspect of job \(running): it has finished")
    }
}
