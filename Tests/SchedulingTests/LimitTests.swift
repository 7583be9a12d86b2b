import JobModel
import Scheduling
import Testing

@Suite struct LimitTests {
    private func limits(_ change: (inout ResourceLimits) -> Void) -> ResourceLimits {
        var limits = ResourceLimits()
        change(&limits)
        return limits
    }

    @Test func anArrayRunsAsManyAsItsLimit() {
        var desk = Desk(Fixture.machine(cpus: 8))
        desk.submit(1) {
            $0.indices = IntervalSet(0...9)
            $0.arrayLimit = 2
        }
        let other = desk.submit(2, cores: 6)
        #expect(Set(desk.run().keys) == [TaskID(JobID(1), 0), TaskID(JobID(1), 1), other])
        #expect(desk.plan.reservations.isEmpty)
        #expect(desk.texts(TaskID(JobID(1), 5)).first == "2 tasks of the array are active, at most 2 may")
        desk.end(TaskID(JobID(1), 1))
        #expect(Array(desk.run().keys) == [TaskID(JobID(1), 2)])
    }

    @Test func queueUserAndBatchLimitsCountWhatIsActive() {
        let batch = BatchID(owner: UserID(1000), name: "b")
        let settings = Fixture.settings {
            $0.queues = [QueueDefinition(name: "slow", maximum: limits { $0.activeCores = 3 })]
            $0.users[UserID(7)] = limits { $0.activeTasks = 1 }
            $0.batches[batch] = limits { $0.activeMemory = .gibibytes(3) }
        }
        var desk = Desk(Fixture.machine(cpus: 16), settings)
        let first = desk.submit(1, cores: 2) { $0.queue = "slow" }
        let second = desk.submit(2, cores: 2) { $0.queue = "slow" }
        let third = desk.submit(3, cores: 1) { $0.queue = "slow" }
        let mine = desk.submit(4) { $0.user = UserID(7) }
        let mineToo = desk.submit(5) { $0.user = UserID(7) }
        let member = desk.submit(6) { ($0.batch, $0.demand.memory) = (batch, .gibibytes(2)) }
        let memberToo = desk.submit(7) { ($0.batch, $0.demand.memory) = (batch, .gibibytes(2)) }
        #expect(Set(desk.run().keys) == [first, third, mine, member])
        #expect(desk.texts(second) == ["queue slow: needs 2 cores, 3 of at most 3 are active (active_cores)"])
        #expect(desk.texts(mineToo) == ["user 7: 1 task is active, at most 1 may (active_tasks)"])
        #expect(desk.texts(memberToo) == ["batch b: needs 2G of memory, 2G of at most 3G is active (active_memory)"])
        #expect([second, mineToo, memberToo].map { desk.reasons($0) } == [[.queueLimit], [.userLimit], [.batchLimit]])
        for task in [first, mine, member] { desk.end(task) }
        #expect(Set(desk.run().keys) == [second, mineToo, memberToo])
    }

    @Test func frozenTasksStillCount() {
        var desk = Desk(Fixture.machine(cpus: 2), Fixture.settings { $0.userLimits.activeTasks = 1 })
        let task = desk.submit(1)
        desk.run(at: 0)
        desk.state.apply(.frozen(desk.attempts[task]!, keepCores: false, at: Fixture.boot(0)))
        let next = desk.submit(2)
        #expect(desk.run(at: 0).isEmpty && desk.reasons(next) == [.userLimit])
    }

    @Test func backfillLeavesTheLimitOpenForTheReservation() {
        var desk = Desk(Fixture.machine(cpus: 4), Fixture.settings { $0.userLimits.activeTasks = 2 })
        desk.submit(1, cores: 3, limit: 100)
        desk.run(at: 0)
        let head = desk.submit(2, cores: 4)
        desk.submit(3, limit: 10)
        let others = desk.submit(4, limit: 10) { $0.user = UserID(2) }
        #expect(Array(desk.run(at: 0).keys) == [others])
        #expect(desk.plan.reservations.first?.task == head)
    }

    @Test func whatCanNeverStartIsRefused() {
        let settings = Fixture.settings {
            $0.queues = [
                QueueDefinition(
                    name: "q",
                    maximum: limits {
                        ($0.coresPerTask, $0.memoryPerTask, $0.scratchPerTask) = (2, .gibibytes(4), .gibibytes(5))
                        ($0.pidsPerTask, $0.timeLimit, $0.pendingTasks) = (5000, .hours(2), 3)
                    })
            ]
            $0.users[UserID(7)] = limits { $0.activeCores = 1 }
        }
        var desk = Desk(Fixture.machine(cpus: 8), settings)
        func text(_ change: (inout State.Job) -> Void) -> String? {
            var job = State.Job(id: JobID(50), user: UserID(1), queue: "q", sequence: 50, demand: Fixture.demand(), timeLimit: .hours(1))
            change(&job)
            return desk.state.refusal(of: job)?.text
        }
        #expect(text { _ in } == nil)
        #expect(text { $0.demand.cores = 3 } == "queue q: needs 3 cores, at most 2 are allowed (cores)")
        #expect(text { $0.demand.memory = .gibibytes(5) } == "queue q: needs 5G of memory, at most 4G is allowed (memory)")
        #expect(text { $0.demand.scratch = .gibibytes(6) } == "queue q: needs 6G of scratch, at most 5G is allowed (scratch)")
        #expect(text { $0.demand.pids = 5001 } == "queue q: needs 5001 pids, at most 5000 are allowed (pids)")
        #expect(text { $0.timeLimit = .hours(3) } == "queue q: time limit 3h, at most 2h is allowed (time_limit)")
        #expect(text { ($0.user, $0.demand.cores) = (UserID(7), 2) } == "user 7: needs 2 cores, at most 1 is allowed (active_cores)")
        desk.submit(1) { ($0.queue, $0.indices) = ("q", IntervalSet(0...1)) }
        #expect(text { _ in } == nil)
        #expect(text { $0.indices = IntervalSet(0...1) } == "queue q: 2 more tasks, 2 wait, at most 3 may (pending_tasks)")
    }
}
