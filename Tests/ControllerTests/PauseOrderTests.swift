import API
import JobModel
import JobStore
import NodeAgent
import Testing

@testable import Controller

/// Pauses and resumes that overtake each other, and those that come with a change of the batch.
@Suite struct PauseOrderTests {
    private func onOneCore() async throws -> (Bench, JobID, AttemptID) {
        let bench = try await Bench(cpus: 1)
        let id = try await bench.submit {
            $0.resources.cores = 1
            $0.batch = "b"
        }
        try await bench.becomes(id, .running)
        return (bench, id, AttemptID(TaskID(id), 1))
    }

    /// A pause placed before the agent came to thaw: its cores are given to others as any other's.
    @Test func aPauseRightAfterAResume() async throws {
        let (bench, id, attempt) = try await onOneCore()
        try await bench.act(.pause, id) { $0.keepCores = true }
        await bench.agent.getStuck()
        try await bench.act(.resume, id)
        let pausing = Task { try await bench.act(.pause, id) }
        try await bench.eventually("the second pause is told") { (await bench.agent.desired[attempt]?.freezeGeneration ?? 0) >= 4 }
        let second = try await bench.submit { $0.resources.cores = 1 }
        #expect(try await bench.state(second) == .pending, "the thaw may be under way")
        await bench.agent.goOn()
        #expect(try await pausing.value.refused.isEmpty)
        try await bench.becomes(second, .running)
        await bench.agent.finish(AttemptID(TaskID(second), 1), .succeeded)
        try await bench.act(.resume, id)
        try await bench.becomes(id, .running)
    }

    /// `pause` returns once the job is frozen by it, not because an earlier freeze was seen.
    @Test func pauseWaitsForItsOwnFreeze() async throws {
        let (bench, id, attempt) = try await onOneCore()
        try await bench.act(.pause, id) { $0.keepCores = true }
        await bench.agent.getStuck()
        try await bench.act(.resume, id)
        let pausing = Task {
            try await bench.act(.pause, id) { $0.keepCores = true }
            return await bench.agent.isGoing
        }
        try await bench.eventually("the second pause is told") { (await bench.agent.desired[attempt]?.freezeGeneration ?? 0) >= 4 }
        try await bench.controller.durable()
        try await Task.sleep(for: .milliseconds(200))
        await bench.agent.goOn()
        #expect(try await pausing.value, "it returned before the agent answered")
    }

    /// A pause without `--keep-cores` beside one with: once only the former is left, the cores go.
    @Test func theLastPauseThatKeepsCoresIsLifted() async throws {
        let (bench, id, _) = try await onOneCore()
        try await bench.act(.pause, id) { $0.keepCores = true }
        _ = try await bench.controller.act(.batchPause, onBatch: BatchActionRequest(name: "b"), peer: Bench.owner)
        let second = try await bench.submit { $0.resources.cores = 1 }
        #expect(try await bench.state(second) == .pending)
        try await bench.act(.resume, id)
        try await bench.becomes(second, .running)
    }

    private func move(_ bench: Bench, _ id: JobID, to batch: String) async throws {
        var changes = SpecChanges()
        changes.batch = batch
        let reply = try await bench.controller.update(UpdateRequest(Selection([TaskSelector(id)]), changes), peer: Bench.owner)
        #expect(reply.refused.isEmpty, "\(reply)")
    }

    @Test func aJobThatLeavesAPausedBatchGoesOn() async throws {
        let (bench, id, _) = try await onOneCore()
        _ = try await bench.controller.act(.batchPause, onBatch: BatchActionRequest(name: "b"), peer: Bench.owner)
        try await bench.becomes(id, .paused)
        try await move(bench, id, to: "c")
        try await bench.becomes(id, .running)
    }

    @Test func aJobThatJoinsAPausedBatchWaitsForNoCores() async throws {
        let (bench, id, attempt) = try await onOneCore()
        try await bench.act(.pause, id)
        let second = try await bench.submit { $0.resources.cores = 1 }
        try await bench.becomes(second, .running)
        try await bench.act(.resume, id)
        #expect(try await bench.detail(id).attempts.last?.waitingForCores == true)
        _ = try await bench.submit {
            $0.batch = "halted"
            $0.hold = true
        }
        _ = try await bench.controller.act(.batchPause, onBatch: BatchActionRequest(name: "halted"), peer: Bench.owner)
        try await move(bench, id, to: "halted")
        #expect(try await bench.detail(id).attempts.last?.waitingForCores == nil)
        let third = try await bench.submit { $0.resources.cores = 1 }
        await bench.agent.finish(AttemptID(TaskID(second), 1), .succeeded)
        try await bench.becomes(third, .running)
        #expect(await bench.agent.desired[attempt]?.frozen == true)
    }

    /// What was frozen when the daemon was killed, but had not given its cores yet, gives them after the restart.
    @Test func aFreezeCutOffByACrashIsCompleted() async throws {
        let (first, id, attempt) = try await onOneCore()
        try await first.act(.pause, id)
        await first.controller.shutDown()
        guard case .attempt(var record) = await first.store.entry(.attempt(attempt))?.value else { return #expect(Bool(false), "no record") }
        record.coresReleased = false
        _ = try await first.store.commit(StoreTransaction(changes: [.put(.attempt(record))]))
        let second = try await Bench(cpus: 1, store: first.store)
        let other = try await second.submit { $0.resources.cores = 1 }
        try await second.becomes(other, .running)
    }
}
