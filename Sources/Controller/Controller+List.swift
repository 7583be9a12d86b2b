public import API
import JobModel
import JobStore
import NodeAgent
import Scheduling

extension Controller {
    /// A page of jobs, living ones and, when asked for, finished ones from the ledger; newest last.
    public func list(_ request: ListRequest, peer: Peer) async throws(APIError) -> ListReply {
        try refuse { () throws(Access.Refusal) in try settings.access.require(.list, for: peer) }
        var selection = request.selection
        var owner: UserID?
        if let text = selection.user, !selection.meansAllUsers {
            owner = await surroundings.userNumber(text)
            guard owner != nil else {
                throw APIError(.invalid, "found user \(DocumentText.quoted(text)), accepted a user of this machine", field: "user")
            }
        }
        if case .job(_, let batch) = peer.origin {
            selection.batch = batch.name
            owner = batch.owner
        }
        let limit = min(request.limit ?? APILimit.page, APILimit.page)
        let after = request.after?.value ?? 0
        var rows: [JobSummary] = []
        let finished = try await finishedJobs(request, selection, owner, peer, after: after, limit: limit + 1)
        let living = jobs.keys.filter { $0.value > after && matches($0, selection, owner, peer) }.sorted()
        let merged = (living.map { ($0, LedgerJob?.none) } + finished.map { ($0.record.id, $0) }).sorted { $0.0 < $1.0 }
        for (id, ledger) in merged {
            if rows.count == limit { return ListReply(now: clock.now().wall, jobs: rows, next: rows.last?.id) }
            if let ledger {
                rows.append(await summary(of: ledger, selection, peer, expand: request.expand))
            } else if let job = jobs[id], let row = summary(of: job, selection, peer, expand: request.expand) {
                rows.append(row)
            }
        }
        return ListReply(now: clock.now().wall, jobs: rows)
    }

    /// Whether a filter may look at a job: by what is private only of jobs whose private parts the peer may see, or it would tell them one guess
    /// at a time (contract §8).
    private func mayFilter(_ selection: Selection, of owner: UserID, _ peer: Peer) -> Bool {
        selection.name == nil && selection.batch == nil || settings.access.maySeePrivate(peer, owner: owner)
    }

    private func matches(_ id: JobID, _ selection: Selection, _ owner: UserID?, _ peer: Peer) -> Bool {
        guard let job = jobs[id] else { return false }
        if let ids = selection.ids, !ids.contains(where: { $0.jobs.contains(id.value) }) { return false }
        guard mayFilter(selection, of: job.record.owner.user, peer) else { return false }
        return narrow(Chosen(job: id, slots: job.record.indices), selection, owner) != nil
    }

    private func finishedJobs(
        _ request: ListRequest, _ selection: Selection, _ owner: UserID?, _ peer: Peer, after: UInt64, limit: Int
    ) async throws(APIError) -> [LedgerJob] {
        let finishedStates: Set<StateFilter> = [.finished, .succeeded, .failed, .cancelled]
        let wanted = selection.states.map { !finishedStates.isDisjoint(with: $0) } ?? false
        guard request.all || wanted || selection.ids != nil else { return [] }
        var filter = LedgerFilter()
        filter.owner = owner
        filter.batch = selection.batch
        filter.queue = selection.queue
        if selection.name != nil || selection.batch != nil, !settings.access.isOperator(peer) {
            guard owner == nil || owner == peer.user else { return [] }
            filter.owner = peer.user
        }
        await caughtUp()
        do throws(StoreError) {
            let found = try await store.foldJobs(matching: filter, into: [LedgerJob]()) { list, job in
                guard job.record.id.value > after, list.count < limit else { return }
                if let ids = selection.ids, !ids.contains(where: { $0.jobs.contains(job.record.id.value) }) { return }
                if let name = selection.name, job.record.spec.name != name { return }
                if let states = selection.states, !states.contains(where: { Self.hasEnded(job, in: $0) }) { return }
                list.append(job)
            }
            return found.filter { jobs[$0.record.id] == nil }
        } catch { throw APIError(.internal, "\(error)") }
    }

    private static func hasEnded(_ job: LedgerJob, in state: StateFilter) -> Bool {
        switch state {
        case .finished: true
        case .succeeded: !job.tasks.succeeded.isEmpty
        case .failed: !job.tasks.unsuccessful.subtracting(job.tasks.cancelled).isEmpty
        case .cancelled: !job.tasks.cancelled.isEmpty
        default: false
        }
    }

    // MARK: One row

    /// The row of a living job; nil when no task of it is meant.
    func summary(of job: LiveJob, _ selection: Selection, _ peer: Peer, expand: Bool) -> JobSummary? {
        var slots = selectedSlots(job.record, selection)
        if let states = selection.states {
            slots = states.reduce(into: IntervalSet()) { $0 = $0.union(tasks(of: job, in: $1)) }.intersection(slots)
        }
        guard !slots.isEmpty else { return nil }
        var groups = pendingGroups(job, slots, expand: expand)
        for (slot, id) in job.active.sorted(by: { $0.key < $1.key }) where slots.contains(slot) { groups.append(activeGroup(job, slot, id, peer)) }
        groups += finishedGroups(job.record, job.table, slots)
        return redact(base(job.record, counts(of: job), groups), job.record, peer)
    }

    private func selectedSlots(_ record: JobRecord, _ selection: Selection) -> IntervalSet {
        guard let ids = selection.ids else { return record.indices }
        return ids.filter { $0.jobs.contains(record.id.value) }.reduce(into: IntervalSet()) { sum, selector in
            sum = sum.union(selector.indices?.intersection(record.indices) ?? record.indices)
        }
    }

    func summary(of finished: LedgerJob, _ selection: Selection, _ peer: Peer, expand: Bool) async -> JobSummary {
        let table = finished.tasks
        var counts = TaskCounts()
        counts.succeeded = table.succeeded.count
        counts.cancelled = table.cancelled.count
        counts.failed = table.unsuccessful.count - counts.cancelled
        let slots = selectedSlots(finished.record, selection)
        var groups = finishedGroups(finished.record, table, slots)
        if groups.count == 1, groups[0].count == 1, let slot = slots.first {
            let outcome = try? await outcome(of: finished.record.task(slot), table)
            groups[0].outcome = outcome.map { OutcomeView($0) }
            let last = try? await lastEnded(of: finished.record.task(slot), table)
            groups[0].attempt = (last ?? nil).map { AttemptView($0) }
        }
        return redact(base(finished.record, counts, groups), finished.record, peer)
    }

    private func base(_ record: JobRecord, _ counts: TaskCounts, _ groups: [TaskGroup]) -> JobSummary {
        var row = JobSummary(
            id: record.id, owner: record.owner.user, ownerName: record.owner.name, redacted: false, queue: record.queue,
            priority: record.priority, demand: record.demand, timeLimit: record.timeLimit, submittedAt: record.submittedAt,
            isArray: record.isArray, counts: counts, groups: groups)
        row.name = record.spec.name
        row.batch = record.spec.batch
        row.image = record.spec.image
        row.command = record.spec.script != nil && record.spec.command == nil ? ["(script)"] : record.spec.command.map { Array($0.prefix(8)) }
        row.tags = record.spec.tags
        row.arrayLimit = record.spec.array?.limit
        return row
    }

    /// Of others' jobs only id, owner, queue, states, resources and times (contract §8).
    private func redact(_ row: JobSummary, _ record: JobRecord, _ peer: Peer) -> JobSummary {
        settings.access.maySeePrivate(peer, owner: record.owner.user) ? row : row.redactedForOthers
    }

    // MARK: Groups of tasks that stand alike

    private func pendingGroups(_ job: LiveJob, _ slots: IntervalSet, expand: Bool) -> [TaskGroup] {
        let pending = job.table.pending.intersection(slots)
        guard !pending.isEmpty else { return [] }
        let held = held(job).intersection(pending)
        var parts = [(TaskState.held, held), (.pending, pending.subtracting(held))].filter { !$0.1.isEmpty }
        if expand { parts = parts.flatMap { part in part.1.members.prefix(APILimit.page).map { (part.0, IntervalSet([$0])) } } }
        return parts.map { state, members in
            let task = job.record.task(members.first ?? 0)
            var group = TaskGroup(state: state, indices: job.record.isArray ? members : nil, count: members.count)
            group.reasons = scheduler.reasons(for: task, now: clock.now())
            group.estimatedStart = scheduler.estimatedStart(of: task)
            return group
        }
    }

    private func activeGroup(_ job: LiveJob, _ slot: TaskIndex, _ id: AttemptID, _ peer: Peer) -> TaskGroup {
        let view = view(of: id, job, peer)
        var group = TaskGroup(state: TaskState(view.state), indices: job.record.isArray ? IntervalSet([slot]) : nil)
        group.attempt = view
        return group
    }

    private func finishedGroups(_ record: JobRecord, _ table: TaskTable, _ slots: IntervalSet) -> [TaskGroup] {
        let failed = table.unsuccessful.subtracting(table.cancelled).subtracting(table.dependencyFailed)
        let parts: [(TaskState, IntervalSet)] = [
            (.succeeded, table.succeeded), (.failed, failed), (.cancelled, table.cancelled), (.dependencyFailed, table.dependencyFailed),
        ]
        return parts.compactMap { state, members in
            let members = members.intersection(slots)
            guard !members.isEmpty else { return nil }
            return TaskGroup(state: state, indices: record.isArray ? members : nil, count: members.count)
        }
    }
}
