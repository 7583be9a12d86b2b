import API
import JobModel
import JobStore

/// Some tasks of one living job.
struct Chosen: Sendable {
    var job: JobID
    var slots: IntervalSet
}

extension Controller {
    /// The living tasks that a selection means, in order, and what could not be meant. Refuses what the peer may not touch.
    func choose(_ selection: Selection, _ action: Access.Action, peer: Peer) async throws(APIError) -> (
        chosen: [Chosen], refused: [ActionReply.Refusal]
    ) {
        guard !selection.isEmpty else {
            throw APIError(.invalid, "found nothing selected, accepted ids, a batch, a user, a queue, a state or a name", field: "selection")
        }
        try refuse { () throws(Access.Refusal) in try settings.access.require(action, for: peer) }
        let user = try await user(of: selection, peer)
        guard let ids = selection.ids else {
            if selection.meansAllUsers {
                try refuse { () throws(Access.Refusal) in try settings.access.require(.operate, for: peer) }
                return (jobs.ids(in: 0...(.max)).compactMap { narrow(Chosen(job: $0, slots: living($0)), selection, nil) }, [])
            }
            let owner = user ?? peer.user
            try refuse { () throws(Access.Refusal) in try settings.access.require(action, for: peer, on: owner, what: "jobs of user \(owner)") }
            let mine = jobs.values.filter { $0.record.owner.user == owner }.map(\.record.id).sorted()
            return (mine.compactMap { narrow(Chosen(job: $0, slots: living($0)), selection, user) }, [])
        }
        return try await choose(ids, selection, user, action, peer)
    }

    /// The user that a selection names; nil when it names none.
    func user(of selection: Selection, _ peer: Peer) async throws(APIError) -> UserID? {
        if selection.meansAllUsers { return nil }
        guard let text = selection.user else { return selection.batch != nil && selection.ids == nil ? peer.user : nil }
        guard let user = await surroundings.userNumber(text) else {
            throw APIError(.invalid, "found user \(DocumentText.quoted(text)), accepted a user of this machine", field: "user")
        }
        return user
    }

    private func choose(
        _ ids: [TaskSelector], _ selection: Selection, _ user: UserID?, _ action: Access.Action, _ peer: Peer
    ) async throws(APIError) -> (chosen: [Chosen], refused: [ActionReply.Refusal]) {
        guard ids.count <= APILimit.selectors else {
            throw APIError(.invalid, "found \(ids.count) ids, accepted at most \(APILimit.selectors)", field: "ids")
        }
        var chosen: [JobID: IntervalSet] = [:]
        var refused: [ActionReply.Refusal] = []
        for selector in ids {
            let living = jobs.ids(in: selector.jobs)
            if living.isEmpty {
                if let error = await absence(of: selector) { refused.append(ActionReply.Refusal(selector, error)) }
                continue
            }
            for id in living {
                guard let job = jobs[id] else { continue }
                do {
                    try refuse { () throws(Access.Refusal) in
                        try settings.access.require(action, for: peer, on: job.record.owner.user, what: "job \(id)")
                    }
                    chosen[id] = (chosen[id] ?? IntervalSet()).union(try slots(selector, job))
                } catch {
                    if selector.job != nil { refused.append(ActionReply.Refusal(selector, error)) }
                }
            }
        }
        let narrowed = chosen.keys.sorted().compactMap { narrow(Chosen(job: $0, slots: chosen[$0] ?? IntervalSet()), selection, user) }
        return (narrowed, refused)
    }

    private func slots(_ selector: TaskSelector, _ job: LiveJob) throws(APIError) -> IntervalSet {
        guard let indices = selector.indices else { return living(job.record.id) }
        guard job.record.isArray else { throw APIError(.unknown, "job \(job.record.id) is not an array") }
        let unknown = indices.subtracting(job.record.indices)
        guard unknown.isEmpty else { throw APIError(.unknown, "job \(job.record.id) has no task \(unknown)") }
        let alive = indices.intersection(living(job.record.id))
        guard !alive.isEmpty else { throw APIError(.conflict, "\(selector) has finished") }
        return alive
    }

    /// Pending and active tasks.
    func living(_ id: JobID) -> IntervalSet { jobs[id].map { $0.table.pending.union($0.table.active) } ?? IntervalSet() }

    private func absence(of selector: TaskSelector) async -> APIError? {
        guard let id = selector.job else { return nil }
        if id.value <= lastJob, (try? await finishedJob(id)) != nil { return APIError(.conflict, "job \(id) has finished") }
        return APIError(.unknown, "no job \(id)")
    }

    /// Nil when nothing is left.
    func narrow(_ chosen: Chosen, _ selection: Selection, _ user: UserID?) -> Chosen? {
        guard let job = jobs[chosen.job] else { return nil }
        if let user, job.record.owner.user != user { return nil }
        if let batch = selection.batch, job.record.spec.batch != batch { return nil }
        if let queue = selection.queue, job.record.queue != queue { return nil }
        if let name = selection.name, job.record.spec.name != name { return nil }
        var slots = chosen.slots
        if let states = selection.states {
            slots = states.reduce(into: IntervalSet()) { $0 = $0.union(tasks(of: job, in: $1).intersection(chosen.slots)) }
        }
        return slots.isEmpty ? nil : Chosen(job: chosen.job, slots: slots)
    }

    /// The tasks of a living job that a state filter means.
    func tasks(of job: LiveJob, in state: StateFilter) -> IntervalSet {
        let table = job.table
        switch state {
        case .pending: return table.pending
        case .held: return held(job)
        case .active: return table.active
        case .running: return IntervalSet(job.active.filter { attempts[$0.value]?.observation?.state == .running }.map(\.key))
        case .paused: return IntervalSet(job.active.filter { attempts[$0.value]?.observation?.state == .paused }.map(\.key))
        case .finished: return table.succeeded.union(table.unsuccessful)
        case .succeeded: return table.succeeded
        case .failed: return table.unsuccessful.subtracting(table.cancelled)
        case .cancelled: return table.cancelled
        }
    }

    /// Pending tasks under a hold or pause of either scope.
    func held(_ job: LiveJob) -> IntervalSet {
        if let batch = job.record.batch, batches[batch]?.holds.isEmpty == false { return job.table.pending }
        return job.table.holds.reduce(into: IntervalSet()) { $0 = $0.union($1.tasks) }.intersection(job.table.pending)
    }

    /// An array's slots as one selector.
    func selector(_ chosen: Chosen) -> TaskSelector {
        guard let job = jobs[chosen.job], job.record.isArray, chosen.slots != job.record.indices else { return TaskSelector(chosen.job) }
        return TaskSelector(chosen.job, indices: chosen.slots)
    }
}
