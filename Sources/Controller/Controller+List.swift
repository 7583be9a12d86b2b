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
        var after = request.after?.value ?? 0
        while true {
            let (rows, next) = try await rows(request, selection, owner, peer, after: after, limit: limit)
            // No page is empty that is not the last.
            if let next, rows.isEmpty { after = next.value } else { return ListReply(now: clock.now().wall, jobs: rows, next: next) }
        }
    }

    /// Rows up to the limit, or to so many tasks that a page would be long by them alone; with what comes after, the job to go on behind.
    private func rows(
        _ request: ListRequest, _ selection: Selection, _ owner: UserID?, _ peer: Peer, after: UInt64, limit: Int
    ) async throws(APIError) -> (rows: [JobSummary], next: JobID?) {
        var rows: [JobSummary] = []
        var groups = 0
        let finished = try await finishedJobs(request, selection, owner, peer, after: after, limit: limit + 1)
        let living = await livingJobs(selection, owner, peer, after: after, limit: limit + 1)
        // Behind the last of those of which there may be more, nothing is known.
        let end = [living, finished.map(\.record.id)].compactMap { $0.count > limit ? $0.last : nil }.min()
        let ended = finished.filter { jobs[$0.record.id] == nil }
        let merged = (living.map { ($0, LedgerJob?.none) } + ended.map { ($0.record.id, $0) }).sorted { $0.0 < $1.0 }
        for (id, ledger) in merged where end.map({ id <= $0 }) ?? true {
            if rows.count == limit || groups >= APILimit.page { return (rows, rows.last?.id) }
            if let ledger {
                rows.append(await summary(of: ledger, selection, peer, expand: request.expand))
            } else if let job = jobs[id], let row = summary(of: job, selection, peer, expand: request.expand) {
                rows.append(row)
            } else {
                continue
            }
            groups += rows[rows.count - 1].groups.count
        }
        return (rows, end)
    }

    /// So many jobs are looked at before others get their turn: a filter may pass over most of a long queue.
    private static let lookedAtOnce = 4096

    /// The next living jobs that are meant, in order.
    private func livingJobs(_ selection: Selection, _ owner: UserID?, _ peer: Peer, after: UInt64, limit: Int) async -> [JobID] {
        let lowest = selection.ids?.map(\.jobs.lowerBound).min() ?? 0
        let highest = selection.ids.map { $0.map(\.jobs.upperBound).max() ?? 0 } ?? .max
        var after = max(after, lowest > 0 ? lowest - 1 : 0)
        var found: [JobID] = []
        var most = limit
        while true {
            let next = jobs.ids(after: after, most: most)
            for id in next {
                guard id.value <= highest else { return found }
                if matches(id, selection, owner, peer) { found.append(id) }
                if found.count == limit { return found }
            }
            guard next.count == most, let last = next.last else { return found }
            after = last.value
            most = Self.lookedAtOnce
            await Task.yield()
        }
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
        // A page of a long ledger reads what it shows, and more only where the selection passes over most.
        var found: [LedgerJob] = []
        let lowest = selection.ids?.map(\.jobs.lowerBound).min() ?? 1
        var from = max(after, max(lowest, 1) - 1)
        let last = min(lastJob, selection.ids.map { $0.map(\.jobs.upperBound).max() ?? 0 } ?? .max)
        var width = UInt64(limit) * 2
        while from < last, found.count < limit {
            let through = last - from > width ? from + width : last
            filter.numbers = (from + 1)...through
            found += try await endedJobs(filter, selection, most: limit - found.count)
            from = through
            width = width > .max / 4 ? .max : width * 4
        }
        return found
    }

    /// In order.
    private func endedJobs(_ filter: LedgerFilter, _ selection: Selection, most: Int) async throws(APIError) -> [LedgerJob] {
        do throws(StoreError) {
            return try await store.foldJobs(matching: filter, into: [LedgerJob]()) { list, job in
                guard list.count < most else { return }
                if let ids = selection.ids, !ids.contains(where: { $0.jobs.contains(job.record.id.value) }) { return }
                if let name = selection.name, job.record.spec.name != name { return }
                if let states = selection.states, !states.contains(where: { Self.hasEnded(job, in: $0) }) { return }
                list.append(job)
            }
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
        let parts = [(TaskState.held, held), (.pending, pending.subtracting(held))].filter { !$0.1.isEmpty }
        if expand { return parts.flatMap { eachPending(job, $0.0, $0.1) } }
        return parts.map { state, members in
            let task = job.record.task(members.first ?? 0)
            var group = TaskGroup(state: state, indices: job.record.isArray ? members : nil, count: members.count)
            group.reasons = scheduler.reasons(for: task, now: clock.now())
            group.estimatedStart = scheduler.estimatedStart(of: task)
            return group
        }
    }

    /// Each task by itself, as many as go into a page. Why they wait is looked up once for those in line that wait for the same.
    private func eachPending(_ job: LiveJob, _ state: TaskState, _ tasks: IntervalSet) -> [TaskGroup] {
        let now = clock.now()
        var groups: [TaskGroup] = []
        var group = TaskGroup(state: state)
        var last: TaskIndex?
        for slot in tasks.members.prefix(APILimit.page) {
            if last.map({ slot > $0 }) ?? true {
                let task = job.record.task(slot)
                group.reasons = scheduler.reasons(for: task, now: now)
                group.estimatedStart = scheduler.estimatedStart(of: task)
                last = scheduler.lastAlike(task)
            }
            if job.record.isArray { group.indices = IntervalSet(slot...slot) }
            groups.append(group)
        }
        return groups
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
