import JobModel
import JobStore
import Logging
import NodeAgent
import Scheduling

extension Controller {
    /// Plans at the end of this turn: many changes of one turn share one plan.
    func replan() {
        guard !planIsDue else { return }
        planIsDue = true
        Task { self.planNow() }
    }

    private func planNow() {
        planIsDue = false
        lookAtDisk()
        guard storageFailure == nil else {
            wake(after: .seconds(1))
            return
        }
        followWallClock()
        let now = clock.now()
        let plan = scheduler.plan(now: now)
        for decision in plan.decisions { carryOut(decision, of: now.boot) }
        assert(scheduler.checkInvariants().isEmpty, "scheduler invariants broken: \(scheduler.checkInvariants())")
        let delays = [plan.wakeAfter, diskShortage == nil ? nil : .seconds(1)].compactMap { $0 }
        if let delay = delays.min() { wake(after: delay) }
    }

    /// Less is the daily work of a time service.
    private static let step = TimeSpan.seconds(1)

    /// Moves the ends of back-offs, which are spans, when the wall clock was set: to be done before a new one is reckoned by it.
    func followWallClock() {
        let now = clock.now()
        let zero = now.wall - TimeSpan(milliseconds: now.boot.nanoseconds / 1_000_000)
        let span = zero - (wallAtBoot ?? zero)
        if wallAtBoot == nil { wallAtBoot = zero }
        guard span >= Self.step || .zero - span >= Self.step else { return }
        wallAtBoot = zero
        logger.notice("the wall clock was set", metadata: ["by": "\(span.milliseconds) ms"])
        for job in jobs.values where !job.table.notBefore.isEmpty {
            let id = job.record.id
            var table = job.table
            table.notBefore = table.notBefore.mapValues { $0 + span }
            jobs[id]?.table = table
            var decision = Decision()
            decision.put(.tasks(id, table))
            commit(decision, mayWait: true)
        }
        scheduler.apply(.wallClockSet(by: span))
    }

    private func wake(after delay: TimeSpan) {
        wakeUp?.cancel()
        wakeUp = Task { [weak self] in
            // A wall-clock begin time may come earlier after a step of the clock; look at least once a minute.
            let milliseconds = min(max(delay.milliseconds, 1), 60_000)
            try? await Task.sleep(for: .milliseconds(milliseconds))
            if !Task.isCancelled { await self?.awake() }
        }
    }

    private func awake() async {
        if diskShortage != nil { await surroundings.mendDisk() }
        replan()
    }

    /// - Parameter plan: when the plan began.
    private func carryOut(_ decision: Plan.Decision, of plan: BootTime) {
        switch decision {
        case .start(let task, let placement): assign(task, placement, plan)
        case .resume(let attempt, let placement): giveCores(attempt, placement)
        // In line with the decisions: what it loses goes to starts committed after it, what it gains came of ends committed before.
        case .poolChanged(let cpus): commit(Decision()) { $0.changePool(to: cpus) }
        case .dependencyFailed(let job, let tasks): endPending(job, tasks, .dependencyFailed, Decision())
        }
    }

    private func assign(_ task: TaskID, _ placement: Placement, _ plan: BootTime) {
        guard var job = jobs[task.job], job.table.pending.contains(task.slot) else {
            scheduler.apply(.withdrawn(task))
            return
        }
        let id = job.nextAttempt(task.slot)
        var record = AttemptRecord(id: id, placement: placement, assignedAt: clock.stamp())
        record.queuedAt = job.table.pendingSince.removeValue(forKey: task.slot)
        job.table.pending.remove(task.slot)
        job.table.active.insert(task.slot)
        job.table.started.insert(task.slot)
        job.table.notBefore[task.slot] = nil
        job.active[task.slot] = id
        jobs[task.job] = job
        let attempt = LiveAttempt(record: record)
        attempts[id] = attempt
        attempt.clock.mark(.chosen, at: plan)
        scheduler.apply(.started(id, placement, at: record.assignedAt.boot))
        var decision = Decision(events: [event(.assigned, attempt: id, detail: "cpus \(placement.cpus)")])
        decision.put(.attempt(record))
        decision.put(.tasks(task.job, job.table))
        commit(decision) { controller in
            attempt.clock.mark(.committed, at: controller.clock.now().boot)
            controller.reconcile(id)
        }
        prepare(id)
        // What waited for this start, by an `after`, may start now.
        replan()
    }

    private func giveCores(_ id: AttemptID, _ placement: Placement) {
        guard var attempt = attempts[id], attempt.record.stop == nil, !pauseStands(id) else {
            scheduler.apply(.withdrawn(id.task))
            return
        }
        attempt.record.placement = placement
        attempt.record.coresReleased = false
        attempt.waitsForCores = false
        attempt.freezeGeneration += 1
        attempts[id] = attempt
        scheduler.apply(.resumed(id, placement, at: clock.now().boot))
        var decision = Decision()
        decision.put(.attempt(attempt.record))
        commit(decision) { $0.reconcile(id) }
    }

    /// Whether a pause of either scope stands over an attempt's task.
    func pauseStands(_ id: AttemptID) -> Bool { !standingPauses(id.task).isEmpty }

    func standingPauses(_ task: TaskID) -> [Hold] {
        guard let job = jobs[task.job] else { return [] }
        let own = job.table.holds.filter { $0.hold.kind.freezes && $0.tasks.contains(task.slot) }.map(\.hold)
        let inherited = job.record.batch.flatMap { batches[$0]?.holds.filter(\.kind.freezes) } ?? []
        return own + inherited
    }
}
