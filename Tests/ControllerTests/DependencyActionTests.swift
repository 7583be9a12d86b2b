import API
import JobModel
import Testing

@testable import Controller

/// contract §3: dependencies see task outcomes; unknown and impossible ones.
@Suite struct DependencyActionTests {
    @Test(arguments: [
        (Dependency.Kind.afterany, AttemptOutcome.failed(code: 1), TaskState.running), (.afterok, .succeeded, .running),
        (.afterok, .failed(code: 1), .dependencyFailed), (.afternotok, .timedOut, .running), (.afternotok, .succeeded, .dependencyFailed),
    ])
    func kinds(kind: Dependency.Kind, outcome: AttemptOutcome, expected: TaskState) async throws {
        let bench = try await Bench()
        let first = try await bench.submit()
        let second = try await bench.submit { $0.dependencies = [Dependency(kind: kind, job: first)] }
        try await bench.becomes(first, .running)
        #expect(await bench.agent.starts.count == 1)
        await bench.agent.finish(AttemptID(TaskID(first), 1), outcome)
        try await bench.becomes(second, expected)
        // One that ended before is known from the ledger too.
        let third = try await bench.submit { $0.dependencies = [Dependency(kind: kind, job: first)] }
        try await bench.becomes(third, expected)
    }

    @Test func afterHoldsOnceItStarted() async throws {
        let bench = try await Bench()
        let first = try await bench.submit { $0.hold = true }
        let second = try await bench.submit { $0.dependencies = [Dependency(kind: .after, job: first)] }
        #expect(try await bench.state(second) != .running)
        try await bench.act(.release, first)
        try await bench.becomes(second, .running)
    }

    @Test func aRetriedTaskHasNotEnded() async throws {
        let bench = try await Bench()
        let first = try await bench.submit { $0.retries = RetryPolicy(count: 1) }
        let second = try await bench.submit { $0.dependencies = [Dependency(kind: .afternotok, job: first)] }
        try await bench.becomes(first, .running)
        await bench.agent.finish(AttemptID(TaskID(first), 1), .failed(code: 1))
        try await bench.eventually("it runs again") { await bench.agent.starts.contains(AttemptID(TaskID(first), 2)) }
        #expect(await bench.agent.starts.allSatisfy { $0.task.job == first })
        await bench.agent.finish(AttemptID(TaskID(first), 2), .failed(code: 1))
        try await bench.becomes(second, .running)
    }

    @Test func failuresGoDownTheChain() async throws {
        let bench = try await Bench()
        let first = try await bench.submit { $0.hold = true }
        let second = try await bench.submit { $0.dependencies = [Dependency(kind: .afterok, job: first)] }
        let third = try await bench.submit { $0.dependencies = [Dependency(kind: .afterok, job: second)] }
        let fourth = try await bench.submit { $0.dependencies = [Dependency(kind: .afternotok, job: second)] }
        try await bench.act(.cancel, first)
        try await bench.becomes(second, .dependencyFailed)
        try await bench.becomes(third, .dependencyFailed)
        try await bench.becomes(fourth, .running)
    }

    @Test func unknownJobsAndOtherIndexSetsAreRefused() async throws {
        let bench = try await Bench()
        await #expect(throws: APIError.self) { try await bench.submit { $0.dependencies = [Dependency(kind: .afterok, job: JobID(77))] } }
        let array = try await bench.submit {
            $0.array = ArraySpec(indices: IntervalSet([1, 2]))
            $0.hold = true
        }
        await #expect(throws: APIError.self) {
            try await bench.submit {
                $0.array = ArraySpec(indices: IntervalSet([1, 2, 3]))
                $0.dependencies = [Dependency(kind: .aftercorr, job: array)]
            }
        }
        let list = try await bench.controller.list(ListRequest(all: true), peer: Bench.owner)
        #expect(list.jobs.map(\.id) == [array], "what was refused is not there")
    }
}
