public import JobModel
import JobStore
public import NodeAgent
import Scheduling

extension Controller: AgentObserver {
    /// An attempt's state changed, as the agent saw it.
    public func observed(_ observation: AttemptObservation) async {
        guard var attempt = attempts[observation.id] else { return }
        let before = attempt.observation
        if !attempt.isWatched {
            attempt.isWatched = true
            attempts[observation.id] = attempt
            // One that was taken over may be just as it was.
            if before == observation { wakeWaiters() }
        }
        guard before != observation, before?.state != .finished else { return }
        attempt.observation = observation
        attempts[observation.id] = attempt
        if observation.state == .finished {
            finish(observation)
            return
        }
        var decision = Decision()
        decision.put(.observation(observation))
        decision.events = stateEvents(from: before, to: observation)
        let isEarly = before == nil || before?.state == .assigned || before?.state == .starting
        commit(decision, mayWait: isEarly && (observation.state == .starting || observation.state == .running))
        if attempt.isPausedAsWanted, before?.state != .paused || before?.freezeGeneration != observation.freezeGeneration {
            frozen(observation.id, anew: before?.state != .paused)
        }
        if observation.state == .running, before?.state == nil || before?.state == .starting, let started = observation.startedAt {
            // The limit runs from the job's first instruction.
            scheduler.apply(.started(observation.id, attempt.record.placement, at: started.boot))
            metrics.started(attempt.record, at: started)
        }
        wakeWaiters()
    }

    private func stateEvents(from seen: AttemptObservation?, to observation: AttemptObservation) -> [Event] {
        let before = seen?.state
        guard before != observation.state else {
            // What else is told of an attempt whose freeze failed once is no further failure.
            guard observation.freezeFailed, seen?.freezeFailed != true else { return [] }
            return [event(.freezeFailed, attempt: observation.id, detail: observation.note)]
        }
        let kind: Event.Kind? =
            switch observation.state {
            case .starting: .started
            case .running where before == .paused || before == .resuming || before == .suspended: .resumed
            case .running where before == .pausing: .freezeFailed
            case .running: .running
            case .paused: .paused
            // `stopping` was told with the decision.
            default: nil
            }
        return kind.map { [event($0, attempt: observation.id, detail: observation.note)] } ?? []
    }

    /// Once frozen, a paused attempt's cores go to others, unless its pause keeps them.
    private func frozen(_ id: AttemptID, anew: Bool) {
        guard var attempt = attempts[id], attempt.record.stop == nil, !attempt.record.coresReleased else { return }
        let pauses = standingPauses(id.task)
        guard !pauses.isEmpty else { return }
        let keeps = pauses.contains(where: \.keepCores)
        // One that was never thawed between two pauses counts as running until the second.
        let since = anew ? attempt.observation?.pausedSince : nil
        scheduler.apply(.frozen(id, keepCores: keeps, at: since ?? clock.now().boot))
        guard !keeps else { return }
        attempt.record.coresReleased = true
        attempts[id] = attempt
        var decision = Decision()
        decision.put(.attempt(attempt.record))
        commit(decision)
        replan()
    }

    /// A limit was reached; the decision is committed before the agent kills.
    public func requestStop(_ id: AttemptID, _ reason: StopReason) async { stop(id, reason) }

    func stop(_ id: AttemptID, _ reason: StopReason, detail: String? = nil) {
        guard var attempt = attempts[id], attempt.observation?.state != .finished else { return }
        // A cancel is the last word: it takes the place of a stop after which the task would run again.
        guard attempt.record.stop == nil || reason == .cancelled && attempt.record.stop != .cancelled else { return }
        attempt.record.stop = reason
        attempts[id] = attempt
        var decision = Decision(events: [event(.stopping, attempt: id, detail: detail ?? reason.rawValue)])
        decision.put(.attempt(attempt.record))
        commit(decision) { $0.reconcile(id) }
    }

    public func noticed(_ id: AttemptID, _ kind: Event.Kind, _ detail: String) async {
        guard attempts[id] != nil else { return }
        commit(Decision(events: [event(kind, attempt: id, detail: detail)]))
    }

    // MARK: The end of an attempt

    private func finish(_ observation: AttemptObservation) {
        followWallClock()
        let id = observation.id
        guard let attempt = attempts[id], var job = jobs[id.task.job], let seen = observation.outcome else { return }
        // It ends as was decided, whatever the agent saw before it heard of it.
        let outcome = attempt.record.stop?.outcome ?? seen
        let slot = id.task.slot
        let now = clock.now()
        job.table.active.remove(slot)
        job.active[slot] = nil
        attempts[id] = nil
        var again = RetryDecision(outcome: outcome, retried: job.table.retried[slot] ?? 0, spec: job.record.spec)
        let accountMissing = observation.accountMissing && attempt.record.stop == nil
        if accountMissing {
            // Held until the account is back and an operator releases it.
            let hold = Hold(kind: .account, scope: .task, by: .root, at: now.wall, reason: "user \(job.record.owner.name) has no account")
            job.table.holds.append(TaskHold(hold: hold, tasks: IntervalSet([slot])))
            again = .again
        }
        var decision = Decision(events: [event(.finished, attempt: id, outcome: outcome)])
        switch again {
        case .final:
            if outcome == .succeeded { job.table.succeeded.insert(slot) } else { job.table.unsuccessful.insert(slot) }
            if outcome == .cancelled { job.table.cancelled.insert(slot) }
            if id.number > 1 { job.table.attempts[slot] = id.number }
            job.table.retried[slot] = nil
            scheduler.apply(.ended(id, .finished(.attempt(outcome))))
        case .again, .retry:
            var notBefore: WallTime?
            if case .retry(let delay) = again {
                job.table.retried[slot, default: 0] += 1
                if delay > .zero { notBefore = now.wall + delay }
            }
            job.table.pending.insert(slot)
            job.table.pendingSince[slot] = now.wall
            job.table.attempts[slot] = id.number
            job.table.notBefore[slot] = notBefore
            scheduler.apply(.ended(id, .pending(notBefore: notBefore)))
            decision.events.append(event(.requeued, task: id.task, detail: "after \(outcome)"))
        }
        if accountMissing { scheduler.apply(.holds(id.task.job, job.table.holds)) }
        jobs[id.task.job] = job
        decision.remove(.attempt(id))
        decision.remove(.observation(id))
        if let usage = observation.usage {
            totals.add(usage)
            decision.node["totals"] = .accountTotals(totals)
        }
        let account = ledgerAttempt(attempt.record, observation, job.record, outcome)
        metrics.ended(account)
        decision.ledger.append(.attempt(account))
        let passed = times(of: attempt, job)
        settle(job, &decision)
        commit(decision) { controller in
            var times = passed
            times[.ended] = controller.clock.now().boot
            controller.timings.add(id, times)
            controller.release(id)
            controller.wakeWaiters()
        }
        replan()
    }

    /// Writes a job's table, or, once nothing of it is left to do, moves the job to the ledger.
    func settle(_ job: LiveJob, _ decision: inout Decision) {
        let id = job.record.id
        guard job.table.isFinished else {
            decision.put(.tasks(id, job.table))
            return
        }
        decision.remove(.job(id))
        decision.remove(.tasks(id))
        decision.ledger.append(.job(LedgerJob(record: job.record, tasks: job.table, endedAt: clock.now().wall)))
        scheduler.apply(.jobRemoved(id))
        scheduler.apply(.finishedElsewhere(JobOutcomes(job.record, job.table)))
        jobs[id] = nil
        if let batch = job.record.batch {
            members[batch]?.remove(id)
            if members[batch]?.isEmpty == true { members[batch] = nil }
        }
    }

    private func ledgerAttempt(
        _ record: AttemptRecord, _ observation: AttemptObservation, _ job: JobRecord, _ outcome: AttemptOutcome
    ) -> LedgerAttempt {
        let sameBoot = record.assignedAt.bootID == clock.bootID
        let ended = observation.endedAt ?? (sameBoot ? clock.stamp() : record.assignedAt)
        let started = observation.startedAt
        let ran = started.map { ended.boot - $0.boot - observation.pausedFor } ?? .zero
        let begun = started ?? ended
        let starting = begun.bootID == record.assignedAt.bootID ? begun.boot - record.assignedAt.boot : begun.wall - record.assignedAt.wall
        return LedgerAttempt(
            id: record.id, owner: job.owner.user, ownerName: job.owner.name, name: job.spec.name, batch: job.spec.batch, queue: job.queue,
            image: job.spec.image, node: settings.nodeName, demand: job.demand, timeLimit: job.timeLimit, placement: record.placement,
            submittedAt: job.submittedAt, startedAt: started?.wall, endedAt: ended.wall,
            queuedFor: max(.zero, record.assignedAt.wall - (record.queuedAt ?? job.submittedAt)), ranFor: max(.zero, ran),
            pausedFor: observation.pausedFor, outcome: outcome, usage: observation.usage ?? Usage(), startedBoot: started?.boot,
            startingFor: max(.zero, starting), note: outcome == .monitorLost ? observation.note : nil)
    }
}
