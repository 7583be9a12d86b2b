import JobModel
import Testing

@testable import Scheduling

/// Counts steps, not time: the cost of a completion and the plan after it must not grow with what waits.
@Suite struct CostTests {
    /// Steps of one completion and the plan that follows, at worst over a few rounds.
    private func worst(_ desk: inout Desk, rounds: Int = 20) -> Int {
        var worst = 0
        for round in 0..<rounds {
            guard let task = desk.attempts.keys.min() else { return worst }
            let before = desk.state.operations
            desk.end(task, at: Int64(round))
            desk.run()
            worst = max(worst, desk.state.operations - before)
        }
        return worst
    }

    @Test func anArrayCostsTheSameWhateverItsLength() {
        var costs: [Int] = []
        for length in [1_000, 1_000_000] as [TaskIndex] {
            var desk = Desk(Fixture.machine(cpus: 4))
            let before = desk.state.operations
            desk.submit(1) { $0.indices = IntervalSet(0...(length - 1)) }
            #expect(desk.state.operations - before < 50, "one entry however many tasks")
            desk.run()
            costs.append(worst(&desk))
        }
        #expect(costs[0] == costs[1] && costs[1] < 60, "steps: \(costs)")
    }

    @Test func manyJobsOfOneDemandCostAsFew() {
        var costs: [Int] = []
        for count in [1_000, 100_000] as [UInt64] {
            var desk = Desk(Fixture.machine(cpus: 4))
            for id in 1...count { desk.submit(id) }
            desk.run()
            costs.append(worst(&desk))
        }
        #expect(costs[1] <= costs[0] + 10 && costs[1] < 100, "steps: \(costs)")
    }

    @Test func jobsThatCannotStartAreNotLookedAt() {
        var costs: [Int] = []
        for count in [1_000, 50_000] as [UInt64] {
            var desk = Desk(Fixture.machine(cpus: 4, memory: 1 << 20))
            // All of different demands: three run, and while one core is free, nobody who waits may or can take it.
            for id in 1...3 as ClosedRange<UInt64> { desk.submit(id, limit: 1000) }
            desk.run()
            for id in 4...count {
                desk.submit(id, cores: 2 + Int(id % 3), limit: 5000 + Int64(id)) { $0.demand.memory = Bytes(1 << 20 + id) }
            }
            desk.run(at: 1)
            let before = desk.state.operations
            desk.run(at: 2)
            #expect(desk.plan.decisions.isEmpty && desk.plan.reservations.count == 1)
            costs.append(desk.state.operations - before)
            desk.end(TaskID(JobID(1)), at: 3)
            #expect(desk.run().isEmpty, "two are free: the first in line wants three, and the others would delay it")
            desk.end(TaskID(JobID(2)), at: 4)
            let ending = desk.state.operations
            #expect(desk.run().count == 1)
            costs.append(desk.state.operations - ending)
        }
        #expect(costs[2] <= costs[0] + 60 && costs[3] <= costs[1] + 100 && costs.max()! < 400, "steps: \(costs)")
    }

    @Test func backfillCandidatesThatWouldOutlastAreSkippedTogether() {
        var costs: [Int] = []
        for count in [100, 20_000] as [UInt64] {
            var desk = Desk(Fixture.machine(cpus: 4))
            desk.submit(1, cores: 3, limit: 100)
            desk.run(at: 0)
            desk.submit(2, cores: 4, limit: 100)
            for id in 3...count { desk.submit(id, cores: 1, limit: 1000 + Int64(id)) }
            desk.run(at: 0)
            let before = desk.state.operations
            #expect(desk.run(at: 1).isEmpty)
            costs.append(desk.state.operations - before)
        }
        #expect(costs[1] <= costs[0] + 60 && costs[1] < 200, "steps: \(costs)")
    }

    @Test func jobsOfAReachedLimitAreNotLookedAtAgain() {
        var costs: [Int] = []
        for count in [100, 20_000] as [UInt64] {
            var desk = Desk(Fixture.machine(cpus: 8), Fixture.settings { $0.users[UserID(1000)] = activeTasks(1) })
            for id in 1...count { desk.submit(id, limit: Int64(id)) }
            desk.run(at: 0)
            let other = desk.submit(count + 1) { $0.user = UserID(2000) }
            let before = desk.state.operations
            #expect(Array(desk.run(at: 0).keys) == [other])
            costs.append(desk.state.operations - before)
        }
        #expect(costs[1] <= costs[0] + 60 && costs[1] < 200, "steps: \(costs)")
    }

    private func activeTasks(_ most: Int) -> ResourceLimits {
        var limits = ResourceLimits()
        limits.activeTasks = most
        return limits
    }
}
