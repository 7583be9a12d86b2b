import JobModel
import Scheduling

extension History {
    mutating func anyLive(_ matching: (HistoryModel.Live) -> Bool = { _ in true }) -> TaskID? {
        model.live.filter { matching($0.value) }.keys.sorted().randomElement(using: &random)
    }

    mutating func end(_ task: TaskID, succeeded: Bool, again: Int64? = nil) {
        let attempt = model.live.removeValue(forKey: task)!
        if let again {
            model.jobs[task.job]!.pending.insert(task.slot)
            model.jobs[task.job]!.notBefore[task.slot] = again
            promise = nil
            state.apply(.ended(attempt.id, .pending(notBefore: again > model.now ? Fixture.wall(again) : nil)))
        } else {
            model.jobs[task.job]!.outcomes[task.slot] = succeeded
            let outcome: AttemptOutcome = succeeded ? .succeeded : .failed(code: 1)
            // Others may be let go by it and stand before the one that was promised.
            if model.jobs.values.contains(where: { !$0.pending.isEmpty && $0.job.dependencies.contains { $0.job == task.job } }) {
                promise = nil
            }
            state.apply(.ended(attempt.id, .finished(.attempt(outcome))))
        }
    }

    mutating func endSome() {
        guard let task = anyLive() else { return }
        end(task, succeeded: !chance(4), again: chance(4) ? model.now + Int64.random(in: 0...20, using: &random) : nil)
    }

    /// Time passes; who reaches the time limit ends then, and a plan follows.
    mutating func advance(by seconds: Int64) {
        let goal = model.now + seconds
        // As the daemon does: no time passes between a change and the plan that follows it.
        if promise != nil { plan() }
        while let next = model.live.values.filter({ $0.frozenAt == nil && $0.end <= goal }).min(by: { ($0.end, $0.id) < ($1.end, $1.id) }) {
            model.now = max(model.now, next.end)
            end(next.id.task, succeeded: true)
            if !model.live.values.contains(where: { $0.frozenAt == nil && $0.end <= model.now }) { plan() }
        }
        model.now = goal
        // A begin time or back-off may have let someone in before the one that was promised.
        if model.jobs.values.contains(where: { $0.job.begin != nil || !$0.notBefore.isEmpty }) { promise = nil }
    }

    mutating func holdTasks() {
        guard let id = model.jobs.filter({ $0.value.stored }).keys.sorted().randomElement(using: &random) else { return }
        let tasks = chance(2) ? model.jobs[id]!.job.indices : IntervalSet([model.jobs[id]!.job.indices.first!])
        let hold = Hold(kind: chance(2) ? .user : .operatorPause, scope: .task, by: UserID(1000), at: Fixture.wall(model.now))
        model.jobs[id]!.holds = model.jobs[id]!.holds.isEmpty ? [TaskHold(hold: hold, tasks: tasks)] : []
        promise = nil
        state.apply(.holds(id, model.jobs[id]!.holds))
    }

    mutating func holdBatch() {
        let batch = BatchID(owner: UserID(1000), name: "a")
        let hold = Hold(kind: .userPause, scope: .batch, by: UserID(1000), at: Fixture.wall(model.now))
        model.batchHolds[batch] = model.batchHolds[batch]?.isEmpty == false ? [] : [hold]
        promise = nil
        state.apply(.batchHolds(batch, model.batchHolds[batch]!))
    }

    mutating func freezeOrThaw() {
        promise = nil
        let boot = Fixture.boot(model.now)
        if chance(2), let task = anyLive({ $0.frozenAt == nil }) {
            let keeps = chance(3)
            model.live[task]!.frozenAt = model.now
            model.live[task]!.released = !keeps
            state.apply(.frozen(model.live[task]!.id, keepCores: keeps, at: boot))
        } else if let task = anyLive({ $0.frozenAt != nil }) {
            let stops = model.live[task]!.waiting
            model.live[task]!.waiting = !stops
            state.apply(stops ? .noLongerWantsResume(model.live[task]!.id) : .wantsResume(model.live[task]!.id, at: boot))
        }
    }

    mutating func cancelPending() {
        guard let id = model.jobs.filter({ $0.value.stored && !$0.value.pending.isEmpty }).keys.sorted().randomElement(using: &random)
        else { return }
        endPending(id, chance(2) ? model.jobs[id]!.pending : [model.jobs[id]!.pending.min()!], .cancelled)
    }

    mutating func endPending(_ id: JobID, _ tasks: Set<TaskIndex>, _ outcome: TaskOutcome) {
        promise = nil
        for slot in tasks {
            model.jobs[id]!.pending.remove(slot)
            model.jobs[id]!.outcomes[slot] = false
            // Its back-off ends with it: one that is put back by hand does not wait it out.
            model.jobs[id]!.notBefore[slot] = nil
        }
        state.apply(.pendingEnded(id, IntervalSet(tasks.sorted()), outcome))
    }

    mutating func updateJob() {
        guard let id = model.jobs.filter({ $0.value.stored }).keys.sorted().randomElement(using: &random) else { return }
        var job = newJob()
        let old = model.jobs[id]!.job
        (job.id, job.sequence, job.user, job.batch) = (old.id, old.sequence, old.user, old.batch)
        (job.isArray, job.indices, job.dependencies) = (old.isArray, old.indices, old.dependencies)
        promise = nil
        model.jobs[id]!.job = job
        state.apply(.jobUpdated(job))
    }
}
