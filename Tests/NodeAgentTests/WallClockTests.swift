import JobModel
import Synchronization
import TestSupport
import Testing

@testable import NodeAgent

/// The machine's clocks, of which the wall clock can be set.
private final class SteppedClock: AgentClock {
    private let system: SystemClock
    private let offset = Mutex(TimeSpan.zero)

    init() throws { system = try SystemClock() }

    var bootID: String { system.bootID }
    func now() -> Instant {
        let now = system.now()
        return Instant(boot: now.boot, wall: now.wall + offset.withLock { $0 })
    }
    func step(by span: TimeSpan) { offset.withLock { $0 = $0 + span } }
}

extension AgentSuite {
    /// The wall clock is set while a job runs: its limits and its accounts are by the boot clock (contract §2).
    @Suite struct WallClockTests {
        @Test(arguments: [-24, 24] as [Int64]) func aTimeLimitIsAsLongAsItIs(hours: Int64) async throws {
            let clock = try SteppedClock()
            try await withNode(clock: clock) { node in
                let limited = await node.assign(await node.job("sleep 600") { $0.timeLimit = .seconds(2) })
                let other = await node.assign(await node.job("sleep 1; exit 3"))
                await node.becomes(limited, .running)
                await node.becomes(other, .running)
                clock.step(by: TimeSpan(milliseconds: hours * 3_600_000))
                #expect(await node.outcome(other) == .failed(code: 3), "its limit of five minutes is not over")
                await node.eventually("its limit is over") { await node.recorder.stops[limited] == .timedOut }
                await node.change(limited) { $0.record.stop = .timedOut }
                #expect(await node.outcome(limited) == .timedOut)
                // The second sleeps for itself, from a moment before PID 1 sees that it runs.
                for (id, least) in [(limited, Int64(2_000)), (other, 900)] {
                    let seen = try #require(await node.recorder.last(id))
                    let (start, end) = (try #require(seen.startedAt), try #require(seen.endedAt))
                    #expect((least..<100_000).contains((end.boot - start.boot).milliseconds), "\(seen)")
                    #expect(end.wall - start.wall > .hours(23) || start.wall - end.wall > .hours(23), "shown are the clock's times")
                }
            }
        }
    }
}
