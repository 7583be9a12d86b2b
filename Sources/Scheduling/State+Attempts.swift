import HeapModule
import JobModel

extension State {
    /// Books a grant that a plan proposes.
    mutating func propose(_ position: Int, _ index: TaskIndex, _ grant: Machine.Grant, need: ResourceVector, now: BootTime) -> TaskID {
        let job = entries[position].job
        let task = job.task(index)
        removePending(position, index)
        entries[position].active.insert(index)
        attempts[task] = Attempt(
            task: task, position: position, placement: grant.placement, demand: job.demand, need: need, timeLimit: job.timeLimit,
            startedAt: now, phase: .proposed, holding: machine.take(grant.holding))
        charge(task, sign: 1)
        refreshEnd(task)
        relist(position)
        return task
    }

    mutating func refreshEnd(_ task: TaskID) {
        steps += 1
        profile.set(task, end: attempts[task]?.expectedEnd)
    }

    /// A proposed start was committed; told again with the true moment of the start, the limit runs from there.
    mutating func begin(_ id: AttemptID, _ placement: Placement, at: BootTime) {
        guard attempts[id.task] != nil else { return adopt(Adoption(id, placement, startedAt: at)) }
        guard attempts[id.task]!.number == nil || attempts[id.task]!.number == id.number else { return }
        attempts[id.task]!.number = id.number
        attempts[id.task]!.startedAt = at
        if attempts[id.task]!.phase == .proposed { attempts[id.task]!.phase = .running }
        refreshEnd(id.task)
        settleDependents(dependencies.started(id.task.job, IntervalSet([id.task.slot])))
    }

    mutating func adopt(_ adoption: Adoption) {
        let task = adoption.attempt.task
        guard let position = positions[task.job], attempts[task] == nil else { return }
        removePending(position, task.slot)
        entries[position].active.insert(task.slot)
        var demand = entries[position].job.demand
        if !adoption.placement.shared { demand.cores = adoption.placement.cpus.count }
        let released = adoption.frozenAt != nil && adoption.coresReleased
        let holding = machine.holding(adoption.placement, demand: demand, cores: !released)
        attempts[task] = Attempt(
            task: task, number: adoption.attempt.number, position: position, placement: adoption.placement, demand: demand,
            need: machine.vector(demand) ?? machine.vector(holding), timeLimit: entries[position].job.timeLimit,
            startedAt: adoption.startedAt, pausedFor: adoption.pausedFor.cappedNanoseconds, frozenAt: adoption.frozenAt,
            waitingSince: adoption.frozenAt == nil ? nil : adoption.waitingSince, coresReleased: released,
            phase: adoption.frozenAt == nil ? .running : adoption.waitingSince == nil ? .frozen : .waiting, holding: machine.take(holding))
        charge(task, sign: 1)
        refreshEnd(task)
        if let since = attempts[task]!.waitingSince { addWaiter(Waiter(since: since, task: task)) }
        relist(position)
        settleDependents(dependencies.started(task.job, IntervalSet([task.slot])))
    }

    mutating func withdraw(_ task: TaskID) {
        guard let attempt = attempts[task] else { return }
        switch attempt.phase {
        case .proposed:
            release(task)
            addPending(attempt.position, task.slot)
            entries[attempt.position].refreshReady(task.slot)
            relist(attempt.position)
        case .resuming:
            if attempt.tookCores {
                giveCores(task)
                attempts[task]!.coresReleased = true
                attempts[task]!.tookCores = false
            }
            attempts[task]!.phase = .waiting
            attempts[task]!.resumingAt = nil
            refreshEnd(task)
            addWaiter(Waiter(since: attempt.waitingSince ?? attempt.startedAt, task: task))
        default: break
        }
    }

    mutating func end(_ id: AttemptID, _ ending: Ending) {
        guard let attempt = attempts[id.task], attempt.number == nil || attempt.number == id.number else { return }
        release(id.task)
        switch ending {
        case .finished(let outcome):
            settleDependents(dependencies.ended(id.task.job, IntervalSet([id.task.slot]), succeeded: outcome.succeeded))
        case .pending(let notBefore):
            addPending(attempt.position, id.task.slot)
            if let notBefore {
                entries[attempt.position].notBefore[id.task.slot] = notBefore
                entries[attempt.position].backoff.insert(id.task.slot)
                timers.insert(Timer(at: notBefore, job: id.task.job, index: id.task.slot))
            }
            entries[attempt.position].refreshReady(id.task.slot)
        }
        relist(attempt.position)
    }

    /// The attempt holds nothing any more.
    mutating func release(_ task: TaskID) {
        guard let attempt = attempts[task] else { return }
        charge(task, sign: -1)
        attempts[task] = nil
        profile.set(task, end: nil)
        machine.give(attempt.holding)
        waiters.removeAll { $0.task == task }
        entries[attempt.position].active.remove(task.slot)
        if shrunk { shrunk = isBeyondMachine }
    }

    /// More is given than there is, or given CPUs are gone.
    var isBeyondMachine: Bool {
        let free = machine.free
        if free.isShort || machine.hugeFree.contains(where: { $0.contains { $0 < 0 } }) { return true }
        return machine.memoryFree.contains { $0 < 0 } || attempts.values.contains(where: lacksCpus)
    }

    func lacksCpus(_ attempt: Attempt) -> Bool {
        !attempt.coresReleased && !attempt.placement.shared && attempt.holding.cpus.count != attempt.demand.cores
    }
}
