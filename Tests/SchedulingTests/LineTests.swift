import JobModel
import Scheduling
import Testing

/// Holds, begin times, back-off, updates and withdrawals.
@Suite struct LineTests {
    private func hold(_ kind: Hold.Kind, _ scope: Hold.Scope = .task, reason: String? = nil) -> Hold {
        Hold(kind: kind, scope: scope, by: UserID(1000), at: Fixture.wall(0), reason: reason)
    }

    @Test func heldTasksOfAnArrayAreSkipped() {
        var desk = Desk(Fixture.machine(cpus: 8))
        let job = JobID(1)
        desk.submit(1) { $0.indices = IntervalSet(0...5) }
        let holds = [
            TaskHold(hold: hold(.user), tasks: IntervalSet(0...2)),
            TaskHold(hold: hold(.operator, reason: "audit"), tasks: IntervalSet(2...3)),
        ]
        desk.state.apply(.holds(job, holds))
        #expect(Set(desk.run().keys) == [TaskID(job, 4), TaskID(job, 5)])
        #expect(desk.texts(TaskID(job, 2)) == ["held by user 1000", "held by operator 1000: audit"])
        desk.state.apply(.holds(job, [holds[0]]))
        #expect(Array(desk.run().keys) == [TaskID(job, 3)])
    }

    @Test func aBatchHoldIsInheritedAndKeepsSingleHolds() {
        var desk = Desk(Fixture.machine(cpus: 8))
        let batch = BatchID(owner: UserID(1000), name: "night")
        let first = desk.submit(1) { $0.batch = batch }
        desk.state.apply(.batchHolds(batch, [hold(.userPause, .batch)]))
        let second = desk.submit(2) { $0.batch = batch }
        desk.state.apply(.holds(second.job, [TaskHold(hold: hold(.user), tasks: IntervalSet([0]))]))
        let other = desk.submit(3) { $0.batch = BatchID(owner: UserID(2000), name: "night") }
        #expect(Array(desk.run().keys) == [other])
        #expect(desk.texts(first) == ["batch night paused by user 1000"])
        desk.state.apply(.batchHolds(batch, []))
        #expect(Array(desk.run().keys) == [first])
        #expect(desk.texts(second) == ["held by user 1000"])
    }

    @Test func nothingStartsBeforeItsBeginAndThePlanSaysWhenToLook() {
        var desk = Desk(Fixture.machine(cpus: 1))
        let task = desk.submit(1) { $0.begin = Fixture.wall(60) }
        #expect(desk.run(at: 10).isEmpty && desk.plan.wakeAfter == .seconds(50))
        #expect(desk.texts(task) == ["begins in 50s"])
        #expect(Array(desk.run(at: 60).keys) == [task])
        #expect(desk.plan.wakeAfter == nil)
    }

    @Test func aRetryWaitsOutItsBackoffAtItsOldPlace() {
        var desk = Desk(Fixture.machine(cpus: 1))
        let task = desk.submit(1)
        desk.run(at: 0)
        let later = desk.submit(2, limit: 5)
        desk.end(task, at: 1, .pending(notBefore: Fixture.wall(30)))
        #expect(Array(desk.run(at: 1).keys) == [later])
        #expect(desk.texts(task) == ["tried again in 29s", "needs 1 core, 0 of 1 free"])
        #expect(desk.plan.wakeAfter == .seconds(29))
        let last = desk.submit(3)
        desk.end(later, at: 30)
        #expect(Array(desk.run(at: 30).keys) == [task] && desk.attempts[task]?.number == 2)
        desk.end(task, .pending(notBefore: nil))
        #expect(Array(desk.run(at: 31).keys) == [task], "before \(last)")
    }

    /// A back-off is a span and goes on; a begin time is a date.
    @Test func aWallClockThatIsSetMovesBackoffsAlong() {
        var desk = Desk(Fixture.machine(cpus: 1))
        let task = desk.submit(1)
        desk.run(at: 0)
        desk.end(task, at: 1, .pending(notBefore: Fixture.wall(30)))
        let dated = desk.submit(2) { $0.begin = Fixture.wall(500) }
        desk.state.apply(.wallClockSet(by: .seconds(100)))
        #expect(desk.run(at: 129).isEmpty && desk.plan.wakeAfter == .seconds(1))
        #expect(desk.texts(task) == ["tried again in 1s"] && desk.texts(dated) == ["begins in 6m11s"])
        desk.state.apply(.wallClockSet(by: .seconds(-50)))
        #expect(Array(desk.run(at: 80).keys) == [task])
        #expect(desk.state.checkInvariants().isEmpty)
    }

    @Test func anUpdateMovesAJobInTheLine() {
        var desk = Desk(Fixture.machine(cpus: 2))
        let first = desk.submit(1, cores: 2)
        let second = desk.submit(2, cores: 2)
        var job = State.Job(
            id: second.job, user: UserID(1000), priority: 1, sequence: 2, demand: Fixture.demand(cores: 2), timeLimit: .hours(1))
        desk.state.apply(.jobUpdated(job))
        #expect(Array(desk.run().keys) == [second])
        (job.id, job.sequence, job.demand, job.priority) = (first.job, 1, Fixture.demand(cores: 3), 0)
        desk.state.apply(.jobUpdated(job))
        #expect(desk.reasons(first) == [.impossible])
        job.demand.cores = 1
        desk.state.apply(.jobUpdated(job))
        desk.end(second)
        #expect(desk.run()[first]?.cpus == CpuSet([0]))
        #expect(desk.state.checkInvariants() == [])
    }

    @Test func whatIsProposedIsNotProposedAgainUnlessWithdrawn() {
        var desk = Desk(Fixture.machine(cpus: 2))
        let task = desk.submit(1, cores: 2)
        let plan = desk.state.plan(now: Fixture.now(0))
        #expect(plan.decisions == [.start(task, Placement(cpus: CpuSet([0, 1]), memoryNodes: MemoryNodeSet([0])))])
        #expect(desk.state.plan(now: Fixture.now(0)).decisions.isEmpty)
        desk.state.apply(.withdrawn(task))
        #expect(desk.state.plan(now: Fixture.now(0)).decisions == plan.decisions)
    }

    @Test func cancelledTasksAndRemovedJobsLeaveTheLine() {
        var desk = Desk(Fixture.machine(cpus: 1))
        desk.submit(1) { $0.indices = IntervalSet(0...9) }
        let running = desk.submit(2, priority: 1)
        desk.run()
        desk.state.apply(.pendingEnded(JobID(1), IntervalSet(0...6), .cancelled))
        desk.submit(3)
        desk.state.apply(.jobRemoved(running.job))
        #expect(Array(desk.run().keys) == [TaskID(JobID(1), 7)])
        desk.state.apply(.jobRemoved(JobID(1)))
        #expect(Array(desk.run().keys) == [TaskID(JobID(3))])
        #expect(desk.state.checkInvariants() == [])
    }

    @Test func aRequeuedTaskRunsAgain() {
        var desk = Desk(Fixture.machine(cpus: 1))
        let task = desk.submit(1)
        desk.run()
        desk.end(task)
        #expect(desk.run().isEmpty)
        desk.state.apply(.pendingAgain(task.job, IntervalSet([0])))
        #expect(Array(desk.run().keys) == [task])
    }

    @Test func anUnknownJobOrAttemptChangesNothing() {
        var desk = Desk(Fixture.machine(cpus: 1))
        let task = desk.submit(1)
        desk.run()
        let before = desk.state.snapshot
        desk.state.apply(.ended(AttemptID(task, 9), .finished(.cancelled)))
        desk.state.apply(.jobRemoved(JobID(77)))
        desk.state.apply(.withdrawn(TaskID(JobID(77))))
        desk.state.apply(
            .started(AttemptID(TaskID(JobID(77)), 1), Placement(cpus: CpuSet([0]), memoryNodes: MemoryNodeSet([0])), at: Fixture.boot(0)))
        #expect(desk.state.snapshot == before)
        #expect(desk.state.reasons(for: TaskID(JobID(77)), now: Fixture.now(0)).isEmpty)
    }

    @Test func theTrueStartMovesTheExpectedEnd() {
        var desk = Desk(Fixture.machine(cpus: 1))
        let task = desk.submit(1, limit: 100)
        desk.run(at: 0)
        desk.state.apply(.started(desk.attempts[task]!, Placement(cpus: CpuSet([0]), memoryNodes: MemoryNodeSet([0])), at: Fixture.boot(7)))
        desk.submit(2)
        desk.run(at: 10)
        #expect(desk.plan.reservations.first?.start == Fixture.boot(107))
    }

    @Test func aMachineThatShrinksGivesNothingUntilEnoughHasEnded() {
        var desk = Desk(Fixture.machine(cpus: 4, memory: 8))
        let wide = desk.submit(1, cores: 3) { $0.demand.memory = .gibibytes(6) }
        let shared = desk.submit(2) { $0.demand = Fixture.demand(millis: 900) }
        desk.run()
        desk.state.apply(.shape(Fixture.machine(cpus: 2, memory: 4)))
        let next = desk.submit(3)
        #expect(desk.run().isEmpty && desk.reasons(next) == [.cores, .memory])
        #expect(desk.state.checkInvariants() == [])
        desk.end(wide)
        #expect(desk.run()[next] != nil)
        desk.end(shared)
        #expect(desk.state.checkInvariants() == [])
    }
}
