import JobModel
import Scheduling
import TestSupport

extension History {
    /// Plans, compares with a state built from the snapshot, judges every decision and commits most of them.
    mutating func plan() {
        var other = draining ? nil : State(snapshot: state.snapshot)
        let plan = state.plan(now: Fixture.now(model.now))
        if let rebuilt = other?.plan(now: Fixture.now(model.now)) {
            if rebuilt != plan { faults.append("a state built from the snapshot plans differently") }
            if state.snapshot != other?.snapshot { faults.append("a state built from the snapshot differs after the plan") }
        }
        if Seed.verbose { print(model.now, plan) }
        var pool: CpuSet?
        let twice = state.plan(now: Fixture.now(model.now))
        if twice.decisions.contains(where: { if case .dependencyFailed = $0 { false } else { true } }) {
            faults.append("decided twice: \(twice)")
        }
        withdrew = false
        for decision in plan.decisions {
            if case .poolChanged(let cpus) = decision { pool = cpus }
            commit(decision, pool: pool)
        }
        if draining, let text = model.overcommitted() { faults.append("over-committed: \(text)") }
        if !draining { check() }
        judgePromise(plan)
    }

    private mutating func commit(_ decision: Plan.Decision, pool: CpuSet?) {
        switch decision {
        case .start(let task, let placement):
            if let text = model.objection(to: task, placement) { faults.append("\(task) \(text), started at \(model.now)") }
            if let pool, !placement.shared, !pool.isDisjoint(with: placement.cpus) {
                faults.append("the pool \(pool) was not shrunk for \(task)")
            }
            if chance(12) {
                withdrew = true
                promise = nil
                return state.apply(.withdrawn(task))
            }
            start(task, placement)
        case .resume(let id, let placement): resume(id, placement)
        case .poolChanged: break
        case .dependencyFailed(let id, let tasks):
            let entry = model.jobs[id]!
            for slot in tasks.members where !entry.job.dependencies.contains(where: { model.holds($0, for: slot) == false }) {
                faults.append("\(id).\(slot) failed though its dependencies can still hold")
            }
            endPending(id, Set(tasks.members), .dependencyFailed)
        }
    }

    private mutating func start(_ task: TaskID, _ placement: Placement) {
        model.numbers[task, default: 0] += 1
        let id = AttemptID(task, model.numbers[task]!)
        let job = model.jobs[task.job]!.job
        if let promise, promise.task == task, model.now > promise.start {
            faults.append("\(task) starts at \(model.now), promised \(promise.start)")
        }
        model.live[task] = HistoryModel.Live(
            id: id, placement: placement, demand: job.demand, limit: job.timeLimit.milliseconds / 1000, start: model.now)
        model.jobs[task.job]!.pending.remove(task.slot)
        model.jobs[task.job]!.started.insert(task.slot)
        model.jobs[task.job]!.notBefore[task.slot] = nil
        state.apply(.started(id, placement, at: Fixture.boot(model.now)))
    }

    private mutating func resume(_ id: AttemptID, _ placement: Placement) {
        promise = nil
        guard let attempt = model.live[id.task], attempt.id == id, attempt.waiting else { return faults.append("\(id) is resumed unasked") }
        if placement.memoryNodes != attempt.placement.memoryNodes { faults.append("\(id) moves to \(placement.memoryNodes)") }
        if !attempt.released, placement.cpus != attempt.placement.cpus, !placement.shared {
            faults.append("\(id) kept \(attempt.placement.cpus)")
        }
        if chance(12) {
            withdrew = true
            return state.apply(.withdrawn(id.task))
        }
        model.live[id.task]!.placement = placement
        model.live[id.task]!.paused += model.now - attempt.frozenAt!
        model.live[id.task]!.frozenAt = nil
        model.live[id.task]!.waiting = false
        model.live[id.task]!.released = false
        state.apply(.resumed(id, placement, at: Fixture.boot(model.now)))
    }

    /// A promise is kept or bettered as long as time limits are kept and nothing stepped in between.
    private mutating func judgePromise(_ plan: Plan) {
        if let promise, model.jobs[promise.task.job]!.pending.contains(promise.task.slot), !cameBefore(promise.task, plan) {
            if model.now >= promise.start { faults.append("\(promise.task) was promised \(promise.start) and waits at \(model.now)") }
            guard let next = plan.reservations.first, next.task == promise.task, let start = next.start else {
                return faults.append("the reservation of \(promise.task) is gone: \(plan.reservations)")
            }
            if start > Fixture.boot(promise.start) { faults.append("\(promise.task) was promised \(promise.start), now \(start)") }
        }
        promise = nil
        guard !withdrew, let next = plan.reservations.first, let start = next.start, model.live[next.task] == nil else { return }
        if case nil = plan.decisions.first(where: { if case .dependencyFailed = $0 { true } else { false } }) {
            promise = (next.task, start.nanoseconds / 1_000_000_000)
        }
    }

    /// Someone who stands earlier in the line was kept back by a limit, which now let go; then the line's order counts.
    private func cameBefore(_ task: TaskID, _ plan: Plan) -> Bool {
        func rank(_ task: TaskID) -> (Int, UInt64, TaskIndex) {
            let job = model.jobs[task.job]!.job
            let queue = model.settings.queues.first { $0.name == job.queue }?.priority ?? 0
            return (-(queue + job.priority), job.sequence, task.slot)
        }
        let started = plan.decisions.compactMap { if case .start(let task, _) = $0 { task } else { nil } }
        return (started + plan.reservations.map(\.task)).contains { rank($0) < rank(task) }
    }

    /// Everything is let go and ends in time: every task that can start does, once.
    mutating func drain() {
        draining = true
        for id in model.jobs.keys.sorted() where model.jobs[id]!.stored {
            model.jobs[id]!.holds = []
            state.apply(.holds(id, []))
        }
        for batch in model.batchHolds.keys { state.apply(.batchHolds(batch, [])) }
        model.batchHolds = [:]
        promise = nil
        for task in model.live.filter({ $0.value.frozenAt != nil && !$0.value.waiting }).keys.sorted() {
            model.live[task]!.waiting = true
            state.apply(.wantsResume(model.live[task]!.id, at: Fixture.boot(model.now)))
        }
        for _ in 0..<400 where faults.isEmpty {
            plan()
            advance(by: 61)
            if model.live.isEmpty, model.jobs.values.allSatisfy(\.pending.isEmpty) { break }
        }
        for (id, entry) in model.jobs.sorted(by: { $0.key < $1.key }) where entry.stored && !entry.pending.isEmpty && faults.isEmpty {
            let slot = entry.pending.min()!
            let blocked = entry.job.dependencies.contains { model.holds($0, for: slot) == nil }
            if state.refusal(of: entry.job) == nil, !blocked {
                faults.append("\(id).\(slot) never started: \(state.reasons(for: entry.job.task(slot), now: Fixture.now(model.now)))")
            }
            if state.reasons(for: entry.job.task(slot), now: Fixture.now(model.now)).isEmpty {
                faults.append("\(id).\(slot) waits without a reason")
            }
        }
        check()
    }
}
