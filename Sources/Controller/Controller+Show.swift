public import API
public import JobModel
import JobStore
import NodeAgent
import Scheduling

extension Controller {
    /// Everything about one job, or about some of its tasks.
    public func show(_ id: JobID, _ request: ShowRequest, peer: Peer) async throws(APIError) -> JobDetail {
        try refuse { () throws(Access.Refusal) in try settings.access.require(.see, for: peer) }
        var selection = Selection([TaskSelector(id, indices: request.indices)])
        selection.states = nil
        let record: JobRecord
        var detail: JobDetail
        if let job = jobs[id] {
            record = job.record
            guard let row = summary(of: job, selection, peer, expand: false) else {
                throw APIError(.unknown, "job \(id) has no task \(request.indices.map { "\($0)" } ?? "")")
            }
            detail = JobDetail(now: clock.now().wall, job: row)
            detail.holds = job.table.holds.isEmpty ? nil : job.table.holds
            detail.batchHolds = record.batch.flatMap { batches[$0]?.holds }.flatMap { $0.isEmpty ? nil : $0 }
        } else if let finished = try await finishedJob(id) {
            record = finished.record
            detail = JobDetail(now: clock.now().wall, job: await summary(of: finished, selection, peer, expand: false))
        } else {
            throw APIError(.unknown, "no job \(id)")
        }
        try await addAttempts(to: &detail, record, request, peer)
        guard settings.access.maySeePrivate(peer, owner: record.owner.user) else {
            detail.holds = nil
            detail.batchHolds = nil
            return detail
        }
        addSpec(to: &detail, record, request)
        return detail
    }

    private func addSpec(to detail: inout JobDetail, _ record: JobRecord, _ request: ShowRequest) {
        var spec = record.spec
        detail.scriptBytes = spec.script?.utf8.count
        if !request.script { spec.script = nil }
        detail.spec = spec
        detail.dependencies = spec.dependencies?.map { dependency in
            DependencyView(dependency, state: dependencyState(dependency, of: record.id))
        }
        let dependents = scheduler.dependents(of: record.id)
        detail.dependents = dependents.isEmpty ? nil : dependents.sorted()
    }

    private func dependencyState(_ dependency: Dependency, of id: JobID) -> DependencyView.State {
        guard let job = jobs[id] else { return .met }
        if !job.table.dependencyFailed.isEmpty { return .impossible }
        guard let slot = job.table.pending.first else { return .met }
        let waits = scheduler.reasons(for: job.record.task(slot), now: clock.now()).contains { reason in
            reason.kind == .dependency && reason.text.contains("\(dependency.job)")
        }
        return waits ? .waiting : .met
    }

    private func addAttempts(to detail: inout JobDetail, _ record: JobRecord, _ request: ShowRequest, _ peer: Peer) async throws(APIError) {
        await caughtUp()
        let ended = try await endedAttempts(of: record, request)
        func meant(_ attempt: AttemptID) -> Bool {
            (request.indices?.contains(attempt.task.slot) ?? true) && (request.attempt.map { $0 == attempt.number } ?? true)
        }
        var views = ended.attempts.map { AttemptView($0) }
        let all = ended.count + (jobs[record.id]?.active.values.count(where: meant) ?? 0)
        if let job = jobs[record.id] {
            for (_, attempt) in job.active.sorted(by: { $0.key < $1.key }) where meant(attempt) { views.append(view(of: attempt, job, peer)) }
        }
        if request.timing { addTimings(to: &views, of: record.id) }
        if !settings.access.maySeePrivate(peer, owner: record.owner.user) { views = views.map(\.redactedForOthers) }
        if all > APILimit.attempts {
            detail.attemptsOmitted = all - APILimit.attempts
            views.removeFirst(max(0, views.count - APILimit.attempts))
        }
        detail.attempts = views
    }

    /// The newest of the ended attempts that are meant, by task and number, and how many are meant.
    private func endedAttempts(of record: JobRecord, _ request: ShowRequest) async throws(APIError) -> (attempts: [LedgerAttempt], count: Int) {
        do throws(StoreError) {
            guard request.indices != nil || request.attempt != nil else {
                return try await store.newestLedgerAttempts(of: record.id, limit: APILimit.attempts)
            }
            var kept: [LedgerAttempt] = []
            var count = 0
            for range in (request.indices ?? record.indices).ranges {
                var after = range.lowerBound > 0 ? AttemptID(TaskID(record.id, range.lowerBound - 1), .max) : nil
                while true {
                    let page = try await store.ledgerAttempts(of: record.id, after: after, limit: APILimit.attempts)
                    let meant = page.filter { range.contains($0.id.task.slot) && (request.attempt ?? $0.id.number) == $0.id.number }
                    count += meant.count
                    kept += meant
                    if kept.count > APILimit.attempts {
                        kept = Array(kept.sorted { ($0.endedAt, $0.id) < ($1.endedAt, $1.id) }.suffix(APILimit.attempts))
                    }
                    guard let last = page.last?.id, last.task.slot <= range.upperBound else { break }
                    after = last
                }
            }
            return (kept.sorted { $0.id < $1.id }, count)
        } catch { throw APIError(.internal, "\(error)") }
    }

    /// A running attempt as shown.
    func view(of id: AttemptID, _ job: LiveJob, _ peer: Peer) -> AttemptView {
        guard let attempt = attempts[id] else { return AttemptView(id: id, state: .finished) }
        let seen = attempt.observation
        var view = AttemptView(id: id, state: seen?.state ?? .assigned)
        if attempt.record.stop != nil, view.state == .running { view.state = .stopping }
        view.node = settings.nodeName
        view.placement = attempt.record.placement
        view.assignedAt = attempt.record.assignedAt.wall
        view.startedAt = seen?.startedAt?.wall
        view.coresReleased = attempt.record.coresReleased ? true : nil
        view.waitingForCores = attempt.waitsForCores ? true : nil
        view.stop = attempt.record.stop
        view.note = seen?.note
        view.pid = seen?.monitor
        view.group = seen?.groupName
        view.queuedFor = max(.zero, (seen?.startedAt ?? attempt.record.assignedAt).wall - (attempt.record.queuedAt ?? job.record.submittedAt))
        guard let started = seen?.startedAt, started.bootID == clock.bootID else { return view }
        let now = clock.now().boot
        let paused = (seen?.pausedFor ?? .zero) + (seen?.pausedSince.map { now - $0 } ?? .zero)
        view.pausedFor = paused
        view.ranFor = max(.zero, now - started.boot - paused)
        view.timeLeft = max(.zero, job.record.timeLimit - (view.ranFor ?? .zero))
        return view
    }
}

extension AttemptView {
    /// An ended attempt as shown.
    init(_ attempt: LedgerAttempt) {
        self.init(id: attempt.id, state: .finished)
        node = attempt.node
        placement = attempt.placement
        startedAt = attempt.startedAt
        endedAt = attempt.endedAt
        queuedFor = attempt.waitedFor
        ranFor = attempt.ranFor
        pausedFor = attempt.pausedFor
        outcome = OutcomeView(attempt.outcome)
        usage = attempt.usage
        note = attempt.note
    }
}
