import API
import JobModel
import Synchronization
import Testing

@testable import Controller

/// So many submits in a second, by a clock that the test moves.
@Suite struct SubmitRateTests {
    private func refusal(_ bench: Bench, as peer: Peer = Bench.owner, _ change: (inout JobSpec) -> Void = { _ in }) async throws -> String? {
        do {
            _ = try await bench.submit(change, as: peer)
            return nil
        } catch let error as APIError {
            #expect(error.code == .limit)
            return error.message
        }
    }

    @Test func aUserWhoSubmitsTooOftenIsToldTheLimit() async throws {
        let clock = ManualClock()
        let bench = try await Bench(clock: clock) { $0.perUser.submitsPerSecond = 2 }
        for _ in 0..<2 { #expect(try await refusal(bench) == nil) }
        #expect(
            try await refusal(bench)
                == "submit: user ada may submit at most 2 times in a second (submits_per_second), found one more; the next may come in 500ms")
        #expect(try await refusal(bench, as: Bench.other) == nil, "others have a rate of their own")
        for _ in 0..<5 { #expect(try await refusal(bench, as: Bench.chief) == nil, "operators are bound by none") }
        clock.advance(by: TimeSpan(milliseconds: 499))
        #expect(try await refusal(bench)?.contains("in 1ms") == true)
        clock.advance(by: TimeSpan(milliseconds: 1))
        #expect(try await refusal(bench) == nil)
        #expect(try await refusal(bench) != nil)
        clock.advance(by: .hours(1))
        for _ in 0..<2 { #expect(try await refusal(bench) == nil) }
        #expect(try await refusal(bench) != nil, "no more gathers than a second's")
        await bench.controller.shutDown()
    }

    @Test func aQueueAndABatchCountEverybodysSubmits() async throws {
        let clock = ManualClock()
        let bench = try await Bench(clock: clock) { settings in
            var slow = QueueDefinition(name: "slow")
            slow.maximum.submitsPerSecond = 1
            settings.queues.append(slow)
            settings.perBatch.submitsPerSecond = 1
        }
        #expect(try await refusal(bench) { $0.queue = "slow" } == nil)
        #expect(try await refusal(bench, as: Bench.other) { $0.queue = "slow" }?.hasPrefix("submit: queue slow may submit at most 1") == true)
        #expect(try await refusal(bench) == nil, "another queue")
        #expect(try await refusal(bench) { $0.batch = "b" } == nil)
        #expect(try await refusal(bench) { $0.batch = "b" }?.hasPrefix("submit: batch b may submit at most 1") == true)
        #expect(try await refusal(bench, as: Bench.other) { $0.batch = "b" } == nil, "a batch of another user")
        await bench.controller.shutDown()
    }

    /// A submit of many jobs is one; a retry that is answered from memory is none.
    @Test func whatCountsAsOne() async throws {
        let bench = try await Bench(clock: ManualClock()) { $0.perUser.submitsPerSecond = 1 }
        var spec = JobSpec()
        spec.command = ["true"]
        var request = SubmitRequest(jobs: Array(repeating: SubmittedSpec(spec), count: 20))
        request.requestKey = RequestKey("twenty")
        #expect(try await bench.controller.submit(request, peer: Bench.owner).jobs.count == 20)
        #expect(try await bench.controller.submit(request, peer: Bench.owner).repeated == true)
        #expect(try await refusal(bench) != nil)
        #expect(await bench.controller.submitRates.count == 1)
        await bench.controller.shutDown()
    }
}

/// What the rest of the machine has a say in.
@Suite struct SurroundingsTests {
    @Test func nothingStartsWhileTheDiskIsShort() async throws {
        let shortage = Mutex<String?>("1M free")
        let mended = Mutex(0)
        let bench = try await Bench(surroundings: {
            $0.diskShortage = { shortage.withLock { $0 }.map { DiskShortage($0, stopsSubmits: false) } }
            $0.mendDisk = { mended.withLock { $0 += 1 } }
        })
        let id = try await bench.submit()
        try await bench.eventually("it is told why") {
            try await bench.detail(id).job.groups.first?.reasons?.map(\.text) == ["waits for the disk: 1M free"]
        }
        try await bench.eventually("it is tried to mend it") { mended.withLock { $0 } > 1 }
        #expect(await bench.agent.starts.isEmpty)
        shortage.withLock { $0 = nil }
        try await bench.becomes(id, .running)
    }

    @Test func aWeightThatHasNoSayIsRefused() async throws {
        let bench = try await Bench(surroundings: { $0.ioWeightProblem = { "no disk goes by weights" } })
        let error = await #expect(throws: APIError.self) { try await bench.submit { $0.resources.ioWeight = 300 } }
        #expect(error?.field == "resources.ioWeight" && error?.message == "found 300, accepted none here: no disk goes by weights")
        _ = try await bench.submit()
        let other = try await Bench()
        _ = try await other.submit { $0.resources.ioWeight = 300 }
    }
}
