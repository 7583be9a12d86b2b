public import API
import JobModel
import JobStore

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
            if let by = request.by {
                let sums = try await store.foldAttempts(matching: filter, into: ReportSums(by)) { sums, attempt in
                    if Self.isMeant(attempt, selection) { sums.add(attempt) }
                }
                return ReportReply(by: by, rows: sums.rows)
            }
            let limit = min(request.limit ?? APILimit.attempts, APILimit.attempts)
            let found = try await store.foldAttempts(matching: filter, into: [LedgerAttempt]()) { list, attempt in
                guard Self.isMeant(attempt, selection) else { return }
                list.append(attempt)
                // The newest stay.
                if list.count > 2 * limit + 1 { list.removeFirst(limit) }
            }
            var reply = ReportReply(attempts: Array(found.suffix(limit)))
            reply.truncated = found.count > limit ? true : nil
            return reply
        } catch { throw APIError(.internal, "\(error)") }
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

/// Sums of attempts by one of their properties.
struct ReportSums: Sendable {
    private let by: ReportRequest.Grouping
    private var sums: [String: ReportRow] = [:]
    private var jobs: [String: Set<JobID>] = [:]

    init(_ by: ReportRequest.Grouping) { self.by = by }

    var rows: [ReportRow] {
        sums.keys.sorted(by: Self.numerically).compactMap { key in
            var row = sums[key]
            row?.jobs = jobs[key]?.count ?? 0
            return row
        }
    }

    private static func numerically(_ a: String, _ b: String) -> Bool {
        if let x = UInt64(a), let y = UInt64(b) { return x < y }
        return a < b
    }

    mutating func add(_ attempt: LedgerAttempt) {
        let key: String =
            switch by {
            case .batch: attempt.batch ?? ""
            case .user: attempt.ownerName
            case .queue: attempt.queue
            case .job: "\(attempt.id.task.job)"
            }
        var row = sums[key] ?? ReportRow(key: key)
        row.ownerName = row.attempts == 0 || row.ownerName == attempt.ownerName ? attempt.ownerName : nil
        row.attempts += 1
        switch attempt.outcome.kind {
        case .succeeded: row.succeeded += 1
        case .cancelled: row.cancelled += 1
        default: row.failed += 1
        }
        row.queuedFor = row.queuedFor + attempt.queuedFor
        row.ranFor = row.ranFor + attempt.ranFor
        row.pausedFor = row.pausedFor + attempt.pausedFor
        let cores = attempt.placement.shared ? 0 : attempt.placement.cpus.count
        row.coreMilliseconds += UInt64(max(0, attempt.ranFor.milliseconds)) * UInt64(cores)
        add(&row.cpuMicroseconds, attempt.usage.cpuMicroseconds)
        add(&row.throttledMicroseconds, attempt.usage.throttledMicroseconds)
        add(&row.readBytes, attempt.usage.readBytes)
        add(&row.writtenBytes, attempt.usage.writtenBytes)
        if let peak = attempt.usage.memoryPeak { row.memoryPeak = max(row.memoryPeak ?? .zero, peak) }
        sums[key] = row
        jobs[key, default: []].insert(attempt.id.task.job)
    }

    private func add(_ sum: inout UInt64?, _ value: UInt64?) { if let value { sum = (sum ?? 0) + value } }
}
