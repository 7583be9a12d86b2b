import JobModel
import Scheduling
import Testing

@Suite struct PauseTests {
    @Test func aPausedTaskGivesItsCoresAndKeepsItsMemory() {
        var desk = Desk(Fixture.machine(cpus: 2, memory: 4))
        let paused = desk.submit(1, cores: 2) { $0.demand.memory = .gibibytes(3) }
        desk.run(at: 0)
        desk.state.apply(.frozen(desk.attempts[paused]!, keepCores: false, at: Fixture.boot(5)))
        let next = desk.submit(2, cores: 2)
        let large = desk.submit(3) { $0.demand.memory = .gibibytes(2) }
        #expect(desk.run(at: 5)[next]?.cpus == CpuSet([0, 1]))
        #expect(desk.reasons(large).contains(.memory))
        #expect(desk.state.checkInvariants() == [])
    }

    @Test func aTaskThatKeepsItsCoresResumesOnThem() {
        var desk = Desk(Fixture.machine(cpus: 2))
        let paused = desk.submit(1, cores: 2)
        desk.run(at: 0)
        desk.state.apply(.frozen(desk.attempts[paused]!, keepCores: true, at: Fixture.boot(5)))
        let next = desk.submit(2)
        #expect(desk.run(at: 5).isEmpty && desk.reasons(next) == [.cores])
        desk.state.apply(.wantsResume(desk.attempts[paused]!, at: Fixture.boot(9)))
        #expect(desk.run(at: 9)[paused]?.cpus == CpuSet([0, 1]))
        desk.state.apply(.ended(desk.attempts[paused]!, .finished(.attempt(.succeeded))))
        #expect(Array(desk.run(at: 10).keys) == [next])
    }

    @Test func aResumedTaskWaitsFirstInLineOnItsMemoryNodes() {
        var desk = Desk(Fixture.numa(nodes: 2, cores: 2))
        let paused = desk.submit(1, cores: 2, limit: 100)
        let other = desk.submit(2, cores: 2, limit: 1000)
        desk.run(at: 0)
        desk.state.apply(.frozen(desk.attempts[paused]!, keepCores: false, at: Fixture.boot(10)))
        let taker = desk.submit(3, cores: 2, limit: 50)
        #expect(desk.run(at: 10)[taker]?.memoryNodes == MemoryNodeSet([0]))
        desk.state.apply(.wantsResume(desk.attempts[paused]!, at: Fixture.boot(20)))
        let urgent = desk.submit(4, cores: 1, limit: 500, priority: 100)
        #expect(desk.run(at: 20).isEmpty)
        #expect(desk.reasons(urgent) == [.cores, .priority])
        #expect(desk.plan.reservations == [Plan.Reservation(task: paused, start: Fixture.boot(60), wall: Fixture.wall(60))])
        #expect(desk.state.estimatedStart(of: paused) == Fixture.wall(60))
        #expect(desk.texts(paused) == ["waiting for cores: needs 2 on memory nodes 0, 0 of 2 free"])
        desk.end(other, at: 30)
        let given = desk.run(at: 30)
        #expect(given[urgent]?.memoryNodes == MemoryNodeSet([1]) && given[paused] == nil, "free cores of another node are not for it")
        desk.end(taker, at: 40)
        #expect(desk.run(at: 40)[paused] == Placement(cpus: CpuSet([0, 1]), memoryNodes: MemoryNodeSet([0])))
        #expect(desk.state.checkInvariants() == [])
    }

    @Test func backfillKeepsTheCoresOfItsNodesOpen() {
        var desk = Desk(Fixture.numa(nodes: 2, cores: 2))
        let paused = desk.submit(1, cores: 2, limit: 100)
        desk.run(at: 0)
        desk.state.apply(.frozen(desk.attempts[paused]!, keepCores: false, at: Fixture.boot(0)))
        let taker = desk.submit(2, cores: 1, limit: 50)
        #expect(desk.run(at: 0)[taker]?.cpus == CpuSet([0]))
        desk.state.apply(.wantsResume(desk.attempts[paused]!, at: Fixture.boot(0)))
        let long = desk.submit(3, cores: 1, limit: 500)
        let wide = desk.submit(4, cores: 2, limit: 500)
        let short = desk.submit(5, cores: 1, limit: 50)
        let given = desk.run(at: 0)
        #expect(given[long]?.memoryNodes == MemoryNodeSet([1]))
        #expect(given[wide] == nil && given[short] != nil)
        desk.end(taker, at: 50)
        desk.end(short)
        #expect(desk.run(at: 50)[paused]?.cpus == CpuSet([0, 1]))
    }

    @Test func aPauseDuringTheWaitEndsTheWait() {
        var desk = Desk(Fixture.machine(cpus: 1))
        let paused = desk.submit(1)
        desk.run(at: 0)
        let id = desk.attempts[paused]!
        desk.state.apply(.frozen(id, keepCores: false, at: Fixture.boot(0)))
        let other = desk.submit(2)
        desk.run(at: 0)
        desk.state.apply(.wantsResume(id, at: Fixture.boot(1)))
        desk.state.apply(.noLongerWantsResume(id))
        desk.end(other, at: 2)
        #expect(desk.run(at: 2).isEmpty && desk.reasons(paused).isEmpty)
        desk.state.apply(.wantsResume(id, at: Fixture.boot(3)))
        let plan = desk.state.plan(now: Fixture.now(3))
        #expect(plan.decisions == [.resume(id, Placement(cpus: CpuSet([0]), memoryNodes: MemoryNodeSet([0])))])
        desk.state.apply(.withdrawn(paused))
        #expect(desk.state.plan(now: Fixture.now(3)).decisions == plan.decisions)
        #expect(desk.state.checkInvariants() == [])
    }

    @Test func anAttemptFoundAtRestartStandsAsItDid() {
        var desk = Desk(Fixture.machine(cpus: 2))
        var tasks = TaskTable(pending: IntervalSet())
        tasks.active = IntervalSet([0])
        for id in 1...2 as ClosedRange<UInt64> {
            let job = State.Job(id: JobID(id), user: UserID(1), sequence: id, demand: Fixture.demand(cores: 2), timeLimit: .seconds(100))
            desk.state.apply(.jobAdded(job, tasks: tasks))
        }
        let placement = Placement(cpus: CpuSet([0, 1]), memoryNodes: MemoryNodeSet([0]))
        let frozen = AttemptID(TaskID(JobID(1)), 3)
        desk.state.apply(.adopted(.init(AttemptID(TaskID(JobID(2)), 1), placement, startedAt: Fixture.boot(50), pausedFor: .seconds(7))))
        desk.state.apply(
            .adopted(
                .init(
                    frozen, placement, startedAt: Fixture.boot(0), frozenAt: Fixture.boot(40), coresReleased: true,
                    waitingSince: Fixture.boot(55))))
        #expect(desk.state.checkInvariants() == [])
        #expect(desk.run(at: 60).isEmpty)
        #expect(desk.plan.reservations.first == Plan.Reservation(task: frozen.task, start: Fixture.boot(157), wall: Fixture.wall(157)))
        desk.state.apply(.ended(AttemptID(TaskID(JobID(2)), 1), .finished(.attempt(.succeeded))))
        #expect(desk.run(at: 70)[frozen.task] == placement)
    }
}
