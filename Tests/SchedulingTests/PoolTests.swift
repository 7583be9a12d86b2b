import JobModel
import Scheduling
import Testing

@Suite struct PoolTests {
    private func pools(_ plan: Plan) -> [CpuSet] { plan.decisions.compactMap { if case .poolChanged(let cpus) = $0 { cpus } else { nil } } }

    @Test func thePoolShrinksBeforeCoresAreGivenAndGrowsAfterTheyReturn() {
        var desk = Desk(Fixture.machine(cpus: 4))
        let shared = desk.submit(1) { $0.demand = Fixture.demand(millis: 1500) }
        #expect(desk.run()[shared] == Placement(cpus: CpuSet(0..<4), memoryNodes: MemoryNodeSet([0]), shared: true))
        #expect(pools(desk.plan) == [CpuSet(0..<4)])
        let exclusive = desk.submit(2, cores: 2)
        desk.run()
        #expect(
            desk.plan.decisions == [
                .poolChanged(CpuSet([2, 3])), .start(exclusive, Placement(cpus: CpuSet([0, 1]), memoryNodes: MemoryNodeSet([0]))),
            ])
        desk.end(exclusive)
        desk.run()
        #expect(desk.plan.decisions == [.poolChanged(CpuSet(0..<4))])
        desk.run()
        #expect(desk.plan.decisions.isEmpty)
    }

    @Test func theQuotaSumFitsThePool() {
        var desk = Desk(Fixture.machine(cpus: 4))
        for id in 1...3 as ClosedRange<UInt64> { desk.submit(id) { $0.demand = Fixture.demand(millis: 700) } }
        #expect(desk.run().count == 3)
        // 2.1 of the pool need three CPUs: one core is left.
        let two = desk.submit(4, cores: 2)
        let one = desk.submit(5, cores: 1, limit: 10)
        let rest = desk.submit(6, limit: 10) { $0.demand = Fixture.demand(millis: 900) }
        #expect(Set(desk.run().keys) == [one, rest])
        #expect(desk.texts(two) == ["needs 2 cores, 0 of 4 free"])
        let more = desk.submit(7) { $0.demand = Fixture.demand(millis: 1) }
        #expect(desk.run().isEmpty)
        #expect(desk.texts(more).first == "needs 0.001 cpu of the shared pool, 0 of 4 free")
        #expect(desk.state.checkInvariants() == [])
    }

    @Test func nothingIsToldWithoutTasksOfThePool() {
        var desk = Desk(Fixture.machine(cpus: 4))
        let task = desk.submit(1, cores: 2)
        desk.run()
        desk.end(task)
        desk.submit(2, cores: 3)
        desk.run()
        #expect(pools(desk.plan).isEmpty)
    }

    @Test func sharedStartsOfTheSamePlanSeeTheFinalPool() {
        var desk = Desk(Fixture.machine(cpus: 4))
        let shared = desk.submit(1) { $0.demand = Fixture.demand(millis: 500) }
        let exclusive = desk.submit(2, cores: 3)
        let given = desk.run()
        #expect(given[shared]?.cpus == CpuSet([3]) && given[exclusive]?.cpus == CpuSet([0, 1, 2]))
        #expect(desk.plan.decisions.first == .poolChanged(CpuSet([3])))
    }

    @Test func aFrozenTaskOfThePoolGivesItsShare() {
        var desk = Desk(Fixture.machine(cpus: 2))
        let shared = desk.submit(1) { $0.demand = Fixture.demand(millis: 2000) }
        desk.run(at: 0)
        let waits = desk.submit(2, cores: 2)
        #expect(desk.run(at: 0).isEmpty)
        desk.state.apply(.frozen(desk.attempts[shared]!, keepCores: false, at: Fixture.boot(0)))
        #expect(Array(desk.run(at: 0).keys) == [waits])
        desk.state.apply(.wantsResume(desk.attempts[shared]!, at: Fixture.boot(1)))
        #expect(desk.run(at: 1).isEmpty)
        #expect(desk.texts(shared) == ["waiting for cores: needs 2 cpu, 0 is free"])
        desk.end(waits, at: 5)
        #expect(Array(desk.run(at: 5).keys) == [shared])
    }
}
