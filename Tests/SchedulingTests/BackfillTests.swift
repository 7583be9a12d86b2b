import JobModel
import Scheduling
import Testing

@Suite struct BackfillTests {
    @Test func startsInOrderOfPriorityThenSubmission() {
        var desk = Desk(Fixture.machine(cpus: 1))
        let first = desk.submit(1)
        let second = desk.submit(2)
        let urgent = desk.submit(3, priority: 5)
        #expect(Array(desk.run().keys) == [urgent])
        desk.end(urgent)
        #expect(Array(desk.run().keys) == [first])
        desk.end(first)
        #expect(Array(desk.run().keys) == [second])
    }

    @Test func queuePriorityIsAddedToTheJobsOwn() {
        let settings = Fixture.settings {
            $0.queues = [QueueDefinition(name: "fast", priority: 10), QueueDefinition(name: "slow", priority: -10)]
        }
        var desk = Desk(Fixture.machine(cpus: 1), settings)
        desk.submit(1, priority: 15) { $0.queue = "slow" }
        let fast = desk.submit(2) { $0.queue = "fast" }
        #expect(Array(desk.run().keys) == [fast])
    }

    @Test func shortJobsFillTheGapBeforeAWideOne() {
        var desk = Desk(Fixture.machine(cpus: 4))
        let running = desk.submit(1, cores: 3, limit: 100)
        desk.run(at: 0)
        let wide = desk.submit(2, cores: 4, limit: 100)
        let short = desk.submit(3, cores: 1, limit: 100)
        let long = desk.submit(4, cores: 1, limit: 101)
        #expect(Array(desk.run(at: 0).keys) == [short])
        #expect(desk.plan.reservations == [Plan.Reservation(task: wide, start: Fixture.boot(100), wall: Fixture.wall(100))])
        #expect(desk.plan.wakeAfter == .seconds(100))
        #expect(desk.state.estimatedStart(of: wide) == Fixture.wall(100))
        #expect(desk.state.estimatedStart(of: long) == nil)
        desk.end(running, at: 50)
        desk.end(short)
        #expect(Array(desk.run().keys) == [wide])
    }

    @Test func longJobsUseWhatTheReservationLeaves() {
        var desk = Desk(Fixture.machine(cpus: 4))
        desk.submit(1, cores: 3, limit: 100)
        desk.run(at: 0)
        desk.submit(2, cores: 3, limit: 100)
        let long = desk.submit(3, cores: 1, limit: 100_000)
        #expect(Array(desk.run(at: 0).keys) == [long])
        let next = desk.submit(4, cores: 1, limit: 10)
        #expect(desk.run(at: 0).isEmpty)
        #expect(desk.reasons(next) == [.cores, .priority])
    }

    @Test func memoryOfTheReservationIsKeptToo() {
        var desk = Desk(Fixture.machine(cpus: 8, memory: 10))
        desk.submit(1, limit: 100) { $0.demand = Fixture.demand(cores: 1, memory: 6) }
        desk.run(at: 0)
        let head = desk.submit(2) { $0.demand = Fixture.demand(cores: 1, memory: 8) }
        let outlasts = desk.submit(3, limit: 200) { $0.demand = Fixture.demand(cores: 1, memory: 3) }
        let fits = desk.submit(4, limit: 200) { $0.demand = Fixture.demand(cores: 1, memory: 2) }
        #expect(Array(desk.run(at: 0).keys) == [fits])
        #expect(desk.plan.reservations.first?.task == head)
        #expect(desk.reasons(head) == [.memory])
        #expect(desk.reasons(outlasts) == [.memory, .priority])
    }

    @Test func chosenInstancesOfTheReservationAreKept() {
        let settings = Fixture.settings { $0.named = [Fixture.named("gpu", "gpu0", "gpu1", "gpu2")] }
        var desk = Desk(Fixture.machine(cpus: 2), settings)
        desk.submit(1, cores: 1, limit: 100) { $0.demand.named = ["gpu": .instances(["gpu1"])] }
        desk.run(at: 0)
        let head = desk.submit(2) { $0.demand.named = ["gpu": .instances(["gpu0", "gpu1"])] }
        let long = desk.submit(3, limit: 500) { $0.demand.named = ["gpu": .count(1)] }
        #expect(desk.run(at: 0)[long]?.named == ["gpu": ["gpu2"]])
        #expect(desk.texts(head) == ["needs 1 core, 0 of 2 free", "needs gpu gpu1, in use"])
    }

    @Test func aJobOfALimitNeitherBlocksNorReserves() {
        let settings = Fixture.settings { $0.userLimits.activeTasks = 1 }
        var desk = Desk(Fixture.machine(cpus: 4), settings)
        let mine = desk.submit(1)
        let waits = desk.submit(2, cores: 4)
        let other = desk.submit(3) { $0.user = UserID(2000) }
        #expect(Set(desk.run().keys) == [mine, other])
        #expect(desk.plan.reservations.isEmpty)
        #expect(desk.reasons(waits) == [.userLimit, .cores])
        desk.end(mine)
        desk.end(other)
        #expect(Array(desk.run().keys) == [waits])
    }

    @Test func aFrozenAttemptLeavesTheReservationUnknownAndTheRestAtWork() {
        var desk = Desk(Fixture.machine(cpus: 2, memory: 10))
        let frozen = desk.submit(1) { $0.demand = Fixture.demand(cores: 1, memory: 6) }
        desk.run(at: 0)
        desk.state.apply(.frozen(desk.attempts[frozen]!, keepCores: false, at: Fixture.boot(0)))
        let head = desk.submit(2) { $0.demand = Fixture.demand(cores: 1, memory: 8) }
        let small = desk.submit(3, limit: 1_000_000)
        #expect(Array(desk.run(at: 0).keys) == [small])
        #expect(desk.plan.reservations == [Plan.Reservation(task: head, start: nil, wall: nil)])
        #expect(desk.state.estimatedStart(of: head) == nil)
    }

    @Test func timeStoodStillMovesTheReservation() {
        var desk = Desk(Fixture.machine(cpus: 2))
        let paused = desk.submit(1, cores: 2, limit: 100)
        desk.run(at: 0)
        desk.state.apply(.frozen(desk.attempts[paused]!, keepCores: true, at: Fixture.boot(30)))
        desk.state.apply(.wantsResume(desk.attempts[paused]!, at: Fixture.boot(80)))
        #expect(Array(desk.run(at: 80).keys) == [paused])
        desk.submit(2, cores: 1)
        desk.run(at: 90)
        #expect(desk.plan.reservations.first?.start == Fixture.boot(150))
    }

    @Test func anOverdueAttemptCountsAsEndingNow() {
        var desk = Desk(Fixture.machine(cpus: 1))
        desk.submit(1, limit: 10)
        desk.run(at: 0)
        desk.submit(2)
        desk.run(at: 15)
        #expect(desk.plan.reservations.first?.start == Fixture.boot(15))
        #expect(desk.plan.wakeAfter == nil)
    }

    @Test func impossibleDemandsBlockNobody() {
        var desk = Desk(Fixture.machine(cpus: 2))
        let impossible = desk.submit(1, cores: 3)
        let other = desk.submit(2)
        #expect(Array(desk.run().keys) == [other])
        #expect(desk.reasons(impossible) == [.impossible])
        desk.state.apply(.shape(Fixture.machine(cpus: 4)))
        #expect(Array(desk.run().keys) == [impossible])
        #expect(desk.state.checkInvariants() == [])
    }

    @Test func aWideJobDoesNotStarve() {
        var desk = Desk(Fixture.machine(cpus: 4))
        var running: [(TaskID, Int64)] = []
        let wide = JobID(3)
        for step in 0..<200 as Range<Int64> {
            for (task, end) in running where end <= step { desk.end(task, at: step) }
            running.removeAll { $0.1 <= step }
            if step == 3 { desk.submit(3, cores: 4, limit: 10) }
            desk.submit(1000 + UInt64(step), cores: 1, limit: 8)
            let started = desk.run(at: step)
            if started.keys.contains(TaskID(wide)) { #expect(step <= 11); return }
            for task in started.keys { running.append((task, step + 8)) }
        }
        Issue.record("the wide job never started")
    }
}
