import API
import JobModel
import JobStore
import NodeAgent
import Testing

@testable import Controller

/// What is told of an attempt's steps, to whom, and for how long. The agent's own are tested on the real kernel.
@Suite struct TimingTests {
    private func timing(_ bench: Bench, _ id: JobID, as peer: Peer = Bench.owner) async throws -> [AttemptTiming?] {
        try await bench.controller.show(id, ShowRequest(timing: true), peer: peer).attempts.map(\.timing)
    }

    @Test func theStepsOfTheQueueAreTold() async throws {
        let clock = ManualClock()
        let bench = try await Bench(clock: clock)
        let id = try await bench.submit { $0.hold = true }
        clock.advance(by: .seconds(3))
        try await bench.act(.release, id)
        try await bench.becomes(id, .running)
        let running = try #require(try await timing(bench, id).first ?? nil)
        #expect(running.stages.map(\.stage) == [.accepted, .stored, .chosen, .placed, .committed], "\(running)")
        #expect(running.stages.map(\.totalNanoseconds) == [0, 0, 3_000_000_000, 3_000_000_000, 3_000_000_000])
        #expect(Set(running.stages.map(\.stage)).union(running.absent) == Set(TimingStage.allCases) && running.spare == nil)
        // What the agent writes down is seen, and what came last.
        await bench.agent.desired[AttemptID(TaskID(id), 1)]?.clock.mark(.executed, at: clock.now().boot)
        clock.advance(by: .seconds(2))
        await bench.agent.finish(AttemptID(TaskID(id), 1), .succeeded)
        try await bench.becomes(id, .succeeded)
        let ended = try #require(try await timing(bench, id).first ?? nil)
        #expect(ended.stages.map(\.stage) == [.accepted, .stored, .chosen, .placed, .committed, .executed, .ended], "\(ended)")
        #expect(ended.stages.last?.afterNanoseconds == 2_000_000_000 && ended.stages.last?.totalNanoseconds == 5_000_000_000)
        #expect(ended.stages.reduce(0) { $0 + $1.afterNanoseconds } == ended.stages.last?.totalNanoseconds)
        // Nobody who did not ask is told.
        #expect(try await bench.detail(id).attempts.allSatisfy { $0.timing == nil })
    }

    /// contract §8: for those who may see command and logs.
    @Test func itIsPrivate() async throws {
        let bench = try await Bench()
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        for hasEnded in [false, true] {
            if hasEnded {
                await bench.agent.finish(AttemptID(TaskID(id), 1), .succeeded)
                try await bench.becomes(id, .succeeded)
            }
            for peer in [Bench.owner, Bench.chief] { #expect(try await timing(bench, id, as: peer).map { $0 != nil } == [true], "\(peer.name)") }
            #expect(try await timing(bench, id, as: Bench.other) == [nil])
        }
    }

    /// A second attempt did not come of the submit alone.
    @Test func onlyTheFirstAttemptHasTheSubmit() async throws {
        let bench = try await Bench()
        let id = try await bench.submit {
            $0.hold = true
            $0.retries = RetryPolicy(count: 1, outcomes: [.failed], backoff: .zero)
        }
        await bench.agent.script(id, [.failed(code: 1), .succeeded])
        try await bench.act(.release, id)
        try await bench.becomes(id, .succeeded)
        let timings = try await timing(bench, id)
        #expect(timings.map { $0?.stages.first?.stage } == [.accepted, .chosen])
        #expect(timings.last??.absent.prefix(2) == [.accepted, .stored])
    }

    /// What the store keeps is known to the next daemon, and nothing else; what ended before it is not kept.
    @Test func whatARestartLeavesIsToldAndNothingElse() async throws {
        let clock = ManualClock()
        let bench = try await Bench(clock: clock)
        let ended = try await bench.submit()
        try await bench.becomes(ended, .running)
        await bench.agent.finish(AttemptID(TaskID(ended), 1), .succeeded)
        try await bench.becomes(ended, .succeeded)
        let living = try await bench.submit()
        try await bench.becomes(living, .running)
        #expect(try await timing(bench, ended).map { $0 != nil } == [true])
        let next = try await Bench(store: bench.store, clock: clock)
        #expect(try await timing(next, ended) == [nil])
        let adopted = try #require(try await timing(next, living).first ?? nil)
        #expect(adopted.stages.map(\.stage) == [.placed], "\(adopted)")
        // In another boot its clock says nothing.
        let later = try await Bench(store: bench.store, clock: ManualClock(bootID: "another"))
        #expect(try await timing(later, living).first??.stages == [])
    }

    @Test func onlyTheLastAreKept() {
        var ring = TimingRing(size: 3)
        for number in 1...5 {
            var times = AttemptTimes()
            times[.ended] = BootTime(nanoseconds: Int64(number))
            ring.add(AttemptID(TaskID(JobID(7)), UInt32(number)), times)
        }
        ring.add(AttemptID(TaskID(JobID(8)), 1), AttemptTimes())
        let kept = ring.times(of: JobID(7))
        #expect(kept.keys.map(\.number).sorted() == [4, 5] && kept.allSatisfy { $0.value[.ended]?.nanoseconds == Int64($0.key.number) })
        #expect(ring.times(of: JobID(8)).count == 1 && ring.times(of: JobID(9)).isEmpty)
    }
}
