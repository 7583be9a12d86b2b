public import API
public import JobModel
import JobStore
import Logging
import NodeAgent
import Scheduling

extension Controller {
    /// `cancel`, `signal`, `requeue`, `pause`, `resume`, `hold` and `release` of a selection.
    public func act(_ route: Route, _ request: ActionRequest, peer: Peer) async throws(APIError) -> ActionReply {
        let action = try accessAction(route, asOperator: request.asOperator == true)
        if route != .signal { try requireStore(route.rawValue) }
        if route == .requeue { return try await requeue(request, peer: peer) }
        var (chosen, refused) = try await choose(request.selection, action, peer: peer)
        if request.asOperator == true { try refuse { () throws(Access.Refusal) in try settings.access.require(.operate, for: peer) } }
        if route == .signal { _ = try Self.signalNumber(request) }
        let done = chosen.map(selector)
        let tasks = chosen.reduce(0) { $0 + $1.slots.count }
        if request.dryRun == true { return ActionReply(done: done, jobs: chosen.count, tasks: tasks, refused: refused) }
        audit(route.rawValue, chosen, peer)
        switch route {
        case .cancel: for part in chosen { cancel(part, grace: request.grace.map { max($0, .zero) }) }
        case .signal: (chosen, refused) = try await signal(chosen, request, refused)
        case .pause, .resume, .hold, .release: place(route, chosen, request, peer)
        default: throw APIError(.internal, "internal error: \(route) is no action")
        }
        replan()
        try await settled()
        if route == .pause { await frozenOrFailed(chosen, &refused) }
        return ActionReply(done: done, jobs: chosen.count, tasks: tasks, refused: refused)
    }

    private func accessAction(_ route: Route, asOperator: Bool) throws(APIError) -> Access.Action {
        switch route {
        case .cancel: .cancel
        case .signal: .signal
        case .requeue: .requeue
        case .pause, .resume: .pause
        case .hold, .release: .hold
        default: throw APIError(.internal, "internal error: \(route) is no action")
        }
    }

    /// Each act of an operator on another's job leaves a line (contract §8).
    func audit(_ action: String, _ chosen: [Chosen], _ peer: Peer) {
        let others = chosen.filter { jobs[$0.job].map { $0.record.owner.user != peer.user } ?? false }
        guard !others.isEmpty else { return }
        let events = others.map { event(.audit, job: $0.job, detail: Self.audited(action, "\(selector($0))", peer)) }
        record(events, action, "\(others.map(\.job))", peer)
    }

    /// The same of what is no living job's: a batch without any, a job that is purged, an image.
    func audit(_ action: String, _ what: String, job: JobID? = nil, batch: String? = nil, owner: UserID, _ peer: Peer) {
        guard owner != peer.user else { return }
        var event = event(.audit, job: job, batch: batch, detail: Self.audited(action, what, peer))
        event.owner = owner
        record([event], action, what, peer)
    }

    /// An operator enters another's job, by `exec` or `attach`.
    public func auditEntry(_ action: Access.Action, _ task: TaskID, _ peer: Peer) {
        guard let owner = jobs[task.job]?.record.owner.user, owner != peer.user else { return }
        record([event(.audit, task: task, detail: Self.audited(action.rawValue, "\(task)", peer))], action.rawValue, "\(task)", peer)
    }

    /// An operator removes another's image; the operators' own are theirs together.
    public func auditImage(_ action: String, _ name: String, owner: UserID, _ peer: Peer) {
        audit(action, "image \(name)", owner: owner, peer)
    }

    /// An operator takes a copy of everybody's jobs along.
    public func auditBackup(_ peer: Peer) { audit("backup", "the database", owner: .root, peer) }

    private static func audited(_ action: String, _ what: String, _ peer: Peer) -> String {
        "\(action) of \(what) by user \(peer.user) (\(peer.name))"
    }

    private func record(_ events: [Event], _ action: String, _ what: String, _ peer: Peer) {
        logger.notice("operator acts on what is another user's", metadata: ["action": "\(action)", "by": "\(peer.name)", "on": "\(what)"])
        commit(Decision(events: events))
    }

    // MARK: Cancel

    func cancel(_ chosen: Chosen, grace: TimeSpan?) {
        guard let job = jobs[chosen.job] else { return }
        for slot in chosen.slots.intersection(job.table.active).members {
            guard let id = job.active[slot] else { continue }
            if let grace { shortenGrace(id, grace) }
            stop(id, .cancelled)
        }
        let pending = chosen.slots.intersection(job.table.pending)
        if !pending.isEmpty { endPending(chosen.job, pending, .cancelled, Decision()) }
    }

    private func shortenGrace(_ id: AttemptID, _ grace: TimeSpan) {
        guard var attempt = attempts[id] else { return }
        attempt.record.grace = grace
        // A second cancel with a shorter grace changes a stop under way.
        attempts[id] = attempt
        guard attempt.record.stop != nil else { return }
        var decision = Decision()
        decision.put(.attempt(attempt.record))
        commit(decision) { $0.reconcile(id) }
    }

    /// Ends tasks that never started or wait for another try.
    func endPending(_ id: JobID, _ tasks: IntervalSet, _ outcome: TaskOutcome, _ decision: Decision) {
        guard var job = jobs[id] else { return }
        let tasks = tasks.intersection(job.table.pending)
        guard !tasks.isEmpty else { return }
        var decision = decision
        job.table.pending = job.table.pending.subtracting(tasks)
        job.table.unsuccessful = job.table.unsuccessful.union(tasks)
        // A back-off ends with its task, so that one put back by hand starts at once, also after a restart.
        job.table.notBefore = job.table.notBefore.filter { !tasks.contains($0.key) }
        job.table.retried = job.table.retried.filter { !tasks.contains($0.key) }
        job.table.pendingSince = job.table.pendingSince.filter { !tasks.contains($0.key) }
        if outcome == .cancelled { job.table.cancelled = job.table.cancelled.union(tasks) }
        if outcome == .dependencyFailed { job.table.dependencyFailed = job.table.dependencyFailed.union(tasks) }
        jobs[id] = job
        scheduler.apply(.pendingEnded(id, tasks, outcome))
        decision.events.append(event(.finished, job: id, detail: job.record.isArray ? "\(outcome): tasks \(tasks)" : "\(outcome)"))
        settle(job, &decision)
        commit(decision) { $0.wakeWaiters() }
        replan()
    }

    // MARK: Signal

    private func signal(
        _ chosen: [Chosen], _ request: ActionRequest, _ refused: [ActionReply.Refusal]
    ) async throws(APIError) -> ([Chosen], [ActionReply.Refusal]) {
        let number = try Self.signalNumber(request)
        let name = request.signal ?? ""
        var refused = refused
        for part in chosen {
            for slot in part.slots.members {
                let task = jobs[part.job]?.record.task(slot) ?? TaskID(part.job)
                guard let id = jobs[part.job]?.active[slot] else {
                    refused.append(ActionReply.Refusal(TaskSelector(task), APIError(.conflict, "job \(task) is not running")))
                    continue
                }
                do { try await agent.signal(id, number: number, toAll: request.toAll == true) } catch {
                    refused.append(ActionReply.Refusal(TaskSelector(task), APIError(.conflict, "signal \(name) to job \(task): \(error)")))
                }
            }
        }
        return (chosen, refused)
    }

    private static func signalNumber(_ request: ActionRequest) throws(APIError) -> Int32 {
        guard let name = request.signal, let number = SignalName.number(name) else {
            throw APIError(.invalid, "found \(DocumentText.quoted(request.signal ?? "")), accepted \(SignalName.accepted)", field: "signal")
        }
        return number
    }

    // MARK: Holds and pauses

    private func place(_ route: Route, _ chosen: [Chosen], _ request: ActionRequest, _ peer: Peer) {
        let kind = Self.holdKind(route, asOperator: request.asOperator == true)
        // The account may be back: should it not be, the next start holds the task again.
        let lifted: Set<Hold.Kind> = route == .release ? [kind, .account] : [kind]
        for part in chosen {
            guard var job = jobs[part.job] else { continue }
            if route == .hold || route == .pause {
                let hold = Hold(
                    kind: kind, scope: .task, by: peer.user, byName: peer.name, at: clock.now().wall, keepCores: request.keepCores ?? false,
                    reason: request.reason)
                let already = job.table.holds.filter { $0.hold.kind == kind }.reduce(into: IntervalSet()) { $0 = $0.union($1.tasks) }
                let added = part.slots.subtracting(already)
                if !added.isEmpty { job.table.holds.append(TaskHold(hold: hold, tasks: added)) }
            } else {
                for index in job.table.holds.indices where lifted.contains(job.table.holds[index].hold.kind) {
                    job.table.holds[index].tasks = job.table.holds[index].tasks.subtracting(part.slots)
                }
                job.table.holds.removeAll { $0.tasks.isEmpty }
            }
            guard job.table.holds != jobs[part.job]?.table.holds else { continue }
            jobs[part.job] = job
            scheduler.apply(.holds(part.job, job.table.holds))
            var decision = Decision(events: [event(route == .hold || route == .pause ? .held : .released, job: part.job, detail: kind.rawValue)])
            decision.put(.tasks(part.job, job.table))
            let changed = pausesChanged(part.job, part.slots)
            commit(decision) { controller in for id in changed { controller.reconcile(id) } }
        }
    }

    static func holdKind(_ route: Route, asOperator: Bool) -> Hold.Kind {
        switch route {
        case .pause, .resume, .batchPause, .batchResume: asOperator ? .operatorPause : .userPause
        default: asOperator ? .operator : .user
        }
    }

    /// Tells the scheduler at once which frozen attempts want cores again, so that they come before what has not started yet; the attempts
    /// that the agent is to look at once the decision is durable.
    func pausesChanged(_ id: JobID, _ slots: IntervalSet) -> [AttemptID] {
        guard let job = jobs[id] else { return [] }
        let affected = job.active.filter { slots.contains($0.key) }.map(\.value).sorted()
        for attempt in affected { pauseChanged(attempt) }
        return affected
    }

    private func pauseChanged(_ id: AttemptID) {
        guard var attempt = attempts[id] else { return }
        attempt.freezeGeneration += 1
        attempts[id] = attempt
        let stands = pauseStands(id)
        if attempt.record.coresReleased, attempt.record.stop == nil, stands == attempt.waitsForCores {
            attempt.waitsForCores = !stands
            attempts[id] = attempt
            scheduler.apply(stands ? .noLongerWantsResume(id) : .wantsResume(id, at: clock.now().boot))
            if !stands { commit(Decision(events: [event(.waitingForCores, attempt: id)])) }
        } else if !attempt.record.coresReleased, !stands, attempt.observation?.state == .paused {
            scheduler.apply(.resumed(id, attempt.record.placement, at: clock.now().boot))
        }
    }

    /// None runs after `pause` returned: waits until each is frozen, gone, or could not be frozen.
    func frozenOrFailed(_ chosen: [Chosen], _ refused: inout [ActionReply.Refusal]) async {
        let wanted = chosen.flatMap { part in
            (jobs[part.job]?.active ?? [:]).filter { part.slots.contains($0.key) }.map(\.value)
        }
        await frozenOrFailed(wanted, &refused)
    }

    func frozenOrFailed(_ wanted: [AttemptID], _ refused: inout [ActionReply.Refusal]) async {
        let deadline = clock.now().boot + .seconds(30)
        await wait(until: deadline) { controller in
            wanted.allSatisfy { id in
                guard let attempt = controller.attempts[id], controller.pauseStands(id) else { return true }
                if attempt.record.stop != nil { return true }
                return attempt.isPausedAsWanted || attempt.isAnswered && attempt.observation?.freezeFailed == true
            }
        }
        for id in wanted {
            guard let attempt = attempts[id], pauseStands(id), attempt.record.stop == nil, !attempt.isPausedAsWanted else { continue }
            let reason = attempt.observation?.note ?? "it was not frozen within 30s"
            refused.append(ActionReply.Refusal(TaskSelector(id.task), APIError(.conflict, "pause of job \(id.task): \(reason)")))
        }
    }
}
