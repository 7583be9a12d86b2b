public import API
import JobModel
import JobStore
public import Reports

extension Controller {
    /// Attempts of a selection, or sums by batch, user, queue or job; those the peer may see.
    public func report(_ request: ReportRequest, peer: Peer) async throws(APIError) -> ReportReply {
        try refuse { () throws(Access.Refusal) in try settings.access.require(.report, for: peer) }
        var filter = LedgerFilter()
        filter.owner = settings.access.isOperator(peer) ? nil : peer.user
        if let text = request.selection.user {
            guard let user = await surroundings.userNumber(text) else {
                throw APIError(.invalid, "found user '\(text)', accepted a user of this machine", field: "user")
            }
            try refuse { () throws(Access.Refusal) in
                try settings.access.require(.report, for: peer, on: user, what: "accounts of user \(text)")
            }
            filter.owner = user
        }
        filter.batch = request.selection.batch
        filter.queue = request.selection.queue
        filter.since = request.since
        filter.until = request.until
        if let ids = request.selection.ids, ids.allSatisfy({ $0.job != nil }) { filter.jobs = Set(ids.compactMap(\.job)) }
        let selection = request.selection
        try await settled()
        do throws(StoreError) {
            guard let grouping = request.by else { return try await list(request, filter, peer) }
            var builder = try await store.foldAttempts(matching: filter, into: ReportTable.Builder(by: grouping)) { table, attempt in
                if Self.isMeant(attempt, selection) { table.add(attempt) }
            }
            // Jobs that ended before a task of theirs started are jobs too.
            builder = try await store.foldJobs(matching: filter, into: builder) { table, job in
                if Self.isMeant(job, selection) { table.add(job) }
            }
            return ReportReply(table: builder.table(since: request.since, until: request.until))
        } catch { throw APIError(.internal, "\(error)") }
    }

    /// The newest attempts; with one job alone, also how it stands.
    private func list(_ request: ReportRequest, _ filter: LedgerFilter, _ peer: Peer) async throws(StoreError) -> ReportReply {
        let selection = request.selection
        let limit = min(request.limit ?? APILimit.attempts, APILimit.attempts)
        let found = try await store.foldAttempts(matching: filter, into: ReportList(limit: limit)) { list, attempt in
            if Self.isMeant(attempt, selection) { list.add(attempt) }
        }
        var reply = ReportReply(attempts: found.attempts)
        reply.truncated = found.isTruncated ? true : nil
        guard let selectors = selection.ids, selectors.count == 1, let id = selectors[0].job, selectors[0].indices == nil else { return reply }
        if let living = jobs[id], settings.access.maySeePrivate(peer, owner: living.record.owner.user) {
            reply.job = JobReport(record: living.record, tasks: living.table, total: found.total)
        } else if let ended = try await store.ledgerJob(id), settings.access.maySeePrivate(peer, owner: ended.record.owner.user) {
            reply.job = JobReport(record: ended.record, tasks: ended.tasks, endedAt: ended.endedAt, total: found.total)
        }
        return reply
    }

    private static func isMeant(_ job: LedgerJob, _ selection: Selection) -> Bool {
        if let name = selection.name, job.record.spec.name != name { return false }
        guard let ids = selection.ids else { return true }
        return ids.contains { $0.jobs.contains(job.record.id.value) && $0.indices == nil && $0.attempt == nil }
    }

    private static func isMeant(_ attempt: LedgerAttempt, _ selection: Selection) -> Bool {
        if let name = selection.name, attempt.name != name { return false }
        guard let ids = selection.ids else { return true }
        return ids.contains { selector in
            selector.jobs.contains(attempt.id.task.job.value) && (selector.indices?.contains(attempt.id.task.slot) ?? true)
                && (selector.attempt.map { $0 == attempt.id.number } ?? true)
        }
    }
}
