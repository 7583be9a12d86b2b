public import API
import JobModel
import JobStore
import LinuxSys
import NodeAgent
public import Reports
import Scheduling
import Synchronization

extension Controller {
    /// Attempts of a selection, or sums by batch, user and so on; those the peer may see.
    public func report(_ request: ReportRequest, peer: Peer) async throws(APIError) -> ReportReply {
        try refuse { () throws(Access.Refusal) in try settings.access.require(.report, for: peer) }
        var filter = LedgerFilter()
        filter.owner = settings.access.isOperator(peer) ? nil : peer.user
        if let text = request.selection.user {
            guard let user = await surroundings.userNumber(text) else {
                throw APIError(.invalid, "found user \(DocumentText.quoted(text)), accepted a user of this machine", field: "user")
            }
            try refuse { () throws(Access.Refusal) in
                try settings.access.require(.report, for: peer, on: user, what: "accounts of user \(text)")
            }
            filter.owner = user
        }
        filter.batch = request.selection.batch
        filter.queue = request.selection.queue
        filter.name = request.selection.name
        filter.outcomes = try Self.outcomes(request.selection.states)
        filter.since = request.since
        filter.until = request.until
        if let ids = request.selection.ids, ids.allSatisfy({ $0.job != nil }) { filter.jobs = Set(ids.compactMap(\.job)) }
        try await settled()
        do throws(StoreError) {
            return request.by == nil ? try await list(request, filter, peer) : try await sums(request, filter, peer)
        } catch { throw APIError(.internal, "\(error)") }
    }

    /// Only runs that have ended are reported.
    private static func outcomes(_ states: [StateFilter]?) throws(APIError) -> Set<AttemptOutcome.Kind>? {
        guard let states else { return nil }
        var outcomes: Set<AttemptOutcome.Kind> = []
        for state in states {
            switch state {
            case .finished: outcomes.formUnion(AttemptOutcome.Kind.allCases)
            case .succeeded: outcomes.insert(.succeeded)
            case .failed: outcomes.formUnion(AttemptOutcome.Kind.allCases.filter { $0 != .succeeded })
            case .cancelled: outcomes.insert(.cancelled)
            default:
                throw APIError(.invalid, "found \(state.rawValue), accepted are finished, succeeded, failed, cancelled", field: "state")
            }
        }
        return outcomes
    }

    /// What a report gathers in one pass over the ledger.
    private struct Gathering: Sendable {
        var table: ReportTable.Builder?
        var total: ReportTotal?
        var plots: ReportPlots.Builder?

        mutating func add(_ attempt: AttemptFacts) {
            table?.add(attempt)
            total?.add(attempt)
            plots?.add(attempt)
        }
    }

    private func gather(_ request: ReportRequest, _ filter: LedgerFilter) async throws(StoreError) -> Gathering {
        let selection = request.selection
        var start = Gathering()
        if let grouping = request.by {
            start.table = ReportTable.Builder(by: grouping, limit: request.limit, secondsFromUTC: Self.zone(request))
        } else {
            start.total = ReportTotal()
        }
        if request.plots == true {
            let now = clock.now().wall
            start.plots = ReportPlots.Builder(
                cores: scheduler.shape.cpus.count, memory: scheduler.shape.memory, secondsFromUTC: Self.zone(request)(now))
        }
        return try await store.foldFacts(matching: filter, into: start) { gathering, attempt in
            if Self.isMeant(attempt.job, attempt.slot, attempt.number, selection) { gathering.add(attempt) }
        }
    }

    /// The asker's zone, or the daemon's.
    private static func zone(_ request: ReportRequest) -> @Sendable (WallTime) -> Int {
        if let seconds = request.secondsFromUTC { return { _ in seconds } }
        let offsets = ZoneOffsets()
        return { offsets.secondsFromUTC($0) }
    }

    private func sums(_ request: ReportRequest, _ filter: LedgerFilter, _ peer: Peer) async throws(StoreError) -> ReportReply {
        var gathered = try await gather(request, filter)
        // Jobs that ended before a task of theirs started are jobs too.
        if filter.outcomes == nil, let isKnown = gathered.table?.isKnown {
            for job in try await store.ledgerJobs(matching: filter, unless: isKnown) where Self.isMeant(job, request.selection) {
                gathered.table?.add(job)
            }
        }
        var reply = ReportReply(table: gathered.table?.table(since: request.since, until: request.until))
        if let plots = gathered.plots {
            reply.plots = plots.plots
            reply.attempts = try await newest(request, filter).map { AttemptReport($0) }
            reply.truncated = (reply.table?.total.attempts ?? 0) > reply.attempts.count ? true : nil
        }
        if settings.access.isOperator(peer), request.selection.meansEverything { reply.table?.machine = await reconciliation() }
        return reply
    }

    private func newest(_ request: ReportRequest, _ filter: LedgerFilter) async throws(StoreError) -> [LedgerAttempt] {
        let (selection, limit) = (request.selection, min(request.limit ?? APILimit.attempts, APILimit.attempts))
        return try await store.newestAttempts(matching: filter, limit: limit) { attempt in
            let isNamed = selection.name.map { $0 == attempt.name } ?? true
            return isNamed && Self.isMeant(attempt.id.task.job, attempt.id.task.slot, attempt.id.number, selection)
        }
    }

    /// The newest attempts; with one job alone, also how it stands.
    private func list(_ request: ReportRequest, _ filter: LedgerFilter, _ peer: Peer) async throws(StoreError) -> ReportReply {
        let selection = request.selection
        let gathered = try await gather(request, filter)
        guard let total = gathered.total else { return ReportReply() }
        var reply = ReportReply(attempts: try await newest(request, filter).map { AttemptReport($0) })
        reply.plots = gathered.plots?.plots
        reply.truncated = total.count > reply.attempts.count ? true : nil
        guard let selectors = selection.ids, selectors.count == 1, let id = selectors[0].job, selectors[0].indices == nil else { return reply }
        if let living = jobs[id], settings.access.maySeePrivate(peer, owner: living.record.owner.user) {
            reply.job = JobReport(record: living.record, tasks: living.table, total: total)
        } else if let ended = try await store.ledgerJob(id), settings.access.maySeePrivate(peer, owner: ended.record.owner.user) {
            reply.job = JobReport(record: ended.record, tasks: ended.tasks, endedAt: ended.endedAt, total: total)
        } else if let last = reply.attempts.last {
            reply.job = JobReport(last, total: total)
        }
        return reply
    }

    private static func isMeant(_ job: LedgerJob, _ selection: Selection) -> Bool {
        if let name = selection.name, job.record.spec.name != name { return false }
        guard let ids = selection.ids else { return true }
        return ids.contains { $0.jobs.contains(job.record.id.value) && $0.indices == nil && $0.attempt == nil }
    }

    private static func isMeant(_ job: JobID, _ slot: TaskIndex, _ number: UInt32, _ selection: Selection) -> Bool {
        guard let ids = selection.ids else { return true }
        return ids.contains { selector in
            selector.jobs.contains(job.value) && (selector.indices?.contains(slot) ?? true) && (selector.attempt.map { $0 == number } ?? true)
        }
    }
}

/// Offsets of the machine's zone; one look an hour of the ledger, since the C library takes a lock for each.
private final class ZoneOffsets: Sendable {
    private let known = Mutex<(hour: Int64, offset: Int)?>(nil)

    func secondsFromUTC(_ time: WallTime) -> Int {
        let hour = time.milliseconds / 3_600_000
        return known.withLock { known in
            if let known, known.hour == hour { return known.offset }
            let offset = LocalTime(secondsSince1970: time.milliseconds / 1000).secondsFromUTC
            known = (hour, offset)
            return offset
        }
    }
}
