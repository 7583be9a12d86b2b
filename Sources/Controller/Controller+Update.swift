public import API
import JobModel
import JobStore
import NodeAgent
import Scheduling

extension Controller {
    /// New values for pending tasks; time limit, priority, array limit and name also while they run. Bad input changes nothing.
    public func update(_ request: UpdateRequest, peer: Peer) async throws(APIError) -> ActionReply {
        try requireStore("update")
        var (chosen, refused) = try await choose(request.selection, .update, peer: peer)
        guard !request.changes.isEmpty else { throw APIError(.invalid, "found no change, accepted at least one field", field: "changes") }
        var updated: [JobRecord] = []
        for part in chosen {
            guard let job = jobs[part.job] else { continue }
            do { updated.append(try changed(job, request.changes, peer)) } catch {
                refused.append(ActionReply.Refusal(TaskSelector(part.job), error))
            }
        }
        chosen.removeAll { part in !updated.contains { $0.id == part.job } }
        audit("update", chosen, peer)
        for record in updated {
            let former = jobs[record.id]?.record.batch
            jobs[record.id]?.record = record
            scheduler.apply(.jobUpdated(schedulerJob(record)))
            var decision = Decision(events: [event(.updated, job: record.id)])
            if former != record.batch {
                if let former { members[former]?.remove(record.id) }
                if let former, members[former]?.isEmpty == true { members[former] = nil }
                if let batch = record.batch { join(batch, record.id, &decision) }
                // Pauses of the former batch no longer stand, and those of the new one do.
                _ = pausesChanged(record.id, record.indices)
            }
            decision.put(.job(record))
            commit(decision) { controller in
                for id in controller.jobs[record.id]?.active.values.sorted() ?? [] { controller.reconcile(id) }
            }
        }
        replan()
        try await settled()
        let tasks = chosen.reduce(0) { $0 + $1.slots.count }
        return ActionReply(done: chosen.map(selector), jobs: chosen.count, tasks: tasks, refused: refused)
    }

    private func changed(_ job: LiveJob, _ changes: SpecChanges, _ peer: Peer) throws(APIError) -> JobRecord {
        var spec = job.record.spec
        let touchesPlacement =
            changes.cores != nil || changes.cpuMillis != nil || changes.memory != nil || changes.swap != nil || changes.scratch != nil
            || changes.begin != nil || changes.queue != nil
        if touchesPlacement, !job.table.active.isEmpty {
            throw APIError(.conflict, "job \(job.record.id) runs: resources, begin and queue change only while all its tasks wait")
        }
        if let name = changes.name { spec.name = name }
        if let priority = changes.priority {
            guard priority <= job.record.priority || settings.access.isOperator(peer) else {
                throw APIError(.denied, "priority of job \(job.record.id): users may lower it, operators raise it")
            }
            spec.priority = priority
        }
        if let limit = changes.timeLimit { spec.timeLimit = limit }
        if let cores = changes.cores { (spec.resources.cores, spec.resources.cpuMillis) = (cores, nil) }
        if let millis = changes.cpuMillis { (spec.resources.cpuMillis, spec.resources.cores) = (millis, nil) }
        if let memory = changes.memory {
            spec.resources.memory = memory
            // The default of shared memory was cut to the former memory; it is cut again.
            if let shared = spec.sharedMemory, shared > memory { spec.sharedMemory = memory }
        }
        if let swap = changes.swap { spec.resources.swap = swap }
        if let scratch = changes.scratch { spec.resources.scratch = scratch }
        if let limit = changes.arrayLimit {
            try requireArray(job, "\(limit)")
            spec.array?.limit = limit
        }
        if let begin = changes.begin { spec.begin = begin }
        if let queue = changes.queue { spec.queue = queue }
        if let batch = changes.batch { spec.batch = batch }
        if let retries = changes.retries { spec.retries = retries }
        if let grace = changes.gracePeriod { spec.gracePeriod = grace }
        for field in changes.clear ?? [] {
            switch field {
            case .begin: spec.begin = nil
            case .arrayLimit:
                try requireArray(job, "none")
                spec.array?.limit = nil
            case .dependencies: spec.dependencies = nil
            case .batch: spec.batch = nil
            }
        }
        return try resolved(spec, of: job.record, peer)
    }

    private func requireArray(_ job: LiveJob, _ limit: String) throws(APIError) {
        if job.record.isArray { return }
        throw APIError(
            .invalid, "found \(limit) for job \(job.record.id), which is not an array, accepted for arrays only", field: "array.limit")
    }

    private func resolved(_ spec: JobSpec, of former: JobRecord, _ peer: Peer) throws(APIError) -> JobRecord {
        let name = spec.queue ?? former.queue
        guard let queue = settings.queue(name) else {
            throw APIError(
                .invalid, "found queue \(DocumentText.quoted(name)), accepted \(settings.queues.map(\.name).joined(separator: ", "))", field: "queue")
        }
        var record = former
        let rights = SubmitterRights(groups: peer.groupNames, isOperator: settings.access.isOperator(peer))
        do throws(SpecError) {
            let resolved = try spec.resolved(queue: queue, defaults: settings.defaults, site: settings.site, submitter: rights)
            record.spec = resolved.spec
            record.demand = resolved.demand
            record.timeLimit = resolved.timeLimit
        } catch {
            throw APIError(.invalid, "found \(error.found), accepted \(error.accepted)", field: error.field)
        }
        record.queue = name
        record.priority = record.spec.priority ?? 0
        if let reason = scheduler.refusal(of: State.Job(record)) { throw APIError(.invalid, reason.text, field: reason.field ?? "resources") }
        return record
    }

    // MARK: Requeue

    /// Puts running tasks back in the queue, and finished ones of a job that still lives.
    func requeue(_ request: ActionRequest, peer: Peer) async throws(APIError) -> ActionReply {
        var (chosen, refused) = try await choose(request.selection, .requeue, peer: peer)
        let ending = takeOutEnding(&chosen)
        if request.dryRun == true {
            return ActionReply(
                done: chosen.map(selector), jobs: chosen.count, tasks: chosen.reduce(0) { $0 + $1.slots.count }, refused: refused + ending)
        }
        audit("requeue", chosen, peer)
        for part in chosen {
            guard let job = jobs[part.job] else { continue }
            for slot in part.slots.intersection(job.table.active).members { job.active[slot].map { stop($0, .preempted, detail: "requeued") } }
        }
        for refusal in refused where refusal.error.code == .conflict {
            do throws(APIError) {
                guard let again = try await revive(refusal.selector, peer) else { continue }
                chosen.append(again)
                refused.removeAll { $0 == refusal }
            } catch {
                guard error.code == .conflict, let place = refused.firstIndex(of: refusal) else { throw error }
                refused[place].error = error
            }
        }
        if request.hold == true {
            var hold = ActionRequest(Selection(chosen.map(selector)))
            hold.reason = "requeued"
            if !chosen.isEmpty { _ = try await act(.hold, hold, peer: peer) }
        }
        replan()
        try await settled()
        return ActionReply(
            done: chosen.map(selector), jobs: chosen.count, tasks: chosen.reduce(0) { $0 + $1.slots.count }, refused: refused + ending)
    }

    /// Takes out the tasks whose end is decided already: a cancel is the last word, and a limit that was reached is no requeue (contract §2).
    private func takeOutEnding(_ chosen: inout [Chosen]) -> [ActionReply.Refusal] {
        var refused: [ActionReply.Refusal] = []
        for index in chosen.indices {
            guard let job = jobs[chosen[index].job] else { continue }
            var ending: [StopReason: IntervalSet] = [:]
            for slot in chosen[index].slots.intersection(job.table.active).members {
                guard let stop = job.active[slot].flatMap({ attempts[$0]?.record.stop }), stop != .preempted else { continue }
                ending[stop, default: IntervalSet()].insert(slot)
            }
            for (stop, slots) in ending.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                chosen[index].slots = chosen[index].slots.subtracting(slots)
                let part = selector(Chosen(job: job.record.id, slots: slots))
                refused.append(ActionReply.Refusal(part, APIError(.conflict, "requeue of job \(part): it is ending as \(stop.outcome)")))
            }
        }
        chosen.removeAll { $0.slots.isEmpty }
        return refused
    }

    /// Finished tasks wait again; a job that left for the ledger comes back with them.
    private func revive(_ selector: TaskSelector, _ peer: Peer) async throws(APIError) -> Chosen? {
        guard let id = selector.job else { return nil }
        if purging.contains(id) { throw APIError(.conflict, "requeue of job \(id): it is being purged") }
        // From its reading on nothing of it may be forgotten.
        reviving[id, default: 0] += 1
        defer { reviving[id] = reviving[id].flatMap { $0 > 1 ? $0 - 1 : nil } }
        let finished = jobs[id] == nil ? try await finishedJob(id) : nil
        if let finished {
            do { try await learnFinishedDependencies(of: [finished.record]) } catch { throw APIError(.internal, "\(error)") }
        }
        guard var job = jobs[id] ?? finished.map({ LiveJob(record: $0.record, table: $0.tasks) }) else { return nil }
        try refuse { () throws(Access.Refusal) in
            try settings.access.require(.requeue, for: peer, on: job.record.owner.user, what: "job \(id)")
        }
        let indices = selector.indices ?? job.record.indices
        let ended = indices.intersection(job.table.succeeded.union(job.table.unsuccessful))
        guard !ended.isEmpty else { return nil }
        for slot in ended.members where job.table.started.contains(slot) { job.table.attempts[slot] = job.table.attempts[slot] ?? 1 }
        job.table.succeeded = job.table.succeeded.subtracting(ended)
        job.table.unsuccessful = job.table.unsuccessful.subtracting(ended)
        job.table.cancelled = job.table.cancelled.subtracting(ended)
        job.table.dependencyFailed = job.table.dependencyFailed.subtracting(ended)
        job.table.pending = job.table.pending.union(ended)
        let now = clock.now().wall
        for slot in ended.members { job.table.pendingSince[slot] = now }
        let returns = jobs[id] == nil
        jobs[id] = job
        audit("requeue", [Chosen(job: id, slots: ended)], peer)
        var decision = Decision(events: [event(.requeued, job: id, detail: "tasks \(ended)")])
        if returns {
            decision.ledger.append(.livesAgain(id))
            scheduler.apply(.jobAdded(schedulerJob(job.record), tasks: job.table))
            if let batch = job.record.batch { join(batch, id, &decision) }
            decision.put(.job(job.record))
        } else {
            scheduler.apply(.pendingAgain(id, ended))
        }
        decision.put(.tasks(id, job.table))
        commit(decision)
        return Chosen(job: id, slots: ended)
    }
}
