public import JobModel

extension InMemoryStore {
    func append(_ entry: LedgerEntry) {
        switch entry {
        case .job(let job): ended[job.record.id] = job
        case .livesAgain(let id): ended[id] = nil
        case .attempt(let attempt):
            if attemptIDs.insert(attempt.id).inserted { attempts.append(attempt) }
        }
    }

    func record(_ events: [Event]) -> UInt64? {
        guard !events.isEmpty else { return nil }
        let first = UInt64(recorded.count) + 1
        for (sequence, event) in zip(first..., events) {
            var event = event
            event.sequence = sequence
            recorded.append(event)
        }
        return first
    }

    func apply(_ change: NodeChange) {
        switch change {
        case .put(let table, let key, let value): node[table, default: [:]][key] = value
        case .remove(let table, let key): node[table]?[key] = nil
        }
    }

    public func ledgerJob(_ id: JobID) -> LedgerJob? {
        ledgerQueries += 1
        return ended[id]
    }

    public func ledgerJobs(matching filter: LedgerFilter, before: JobID?, limit: Int) -> [LedgerJob] {
        let wanted = ended.values.filter { job in filter.matches(job) && (before.map { job.record.id < $0 } ?? true) }
        return Array(wanted.sorted { $0.record.id > $1.record.id }.prefix(limit))
    }

    public func ledgerAttempts(of job: JobID, after: AttemptID?, limit: Int) -> [LedgerAttempt] {
        let wanted = attempts.filter { attempt in attempt.id.task.job == job && (after.map { $0 < attempt.id } ?? true) }
        return Array(wanted.sorted { $0.id < $1.id }.prefix(limit))
    }

    public func newestLedgerAttempts(of job: JobID, limit: Int) -> (attempts: [LedgerAttempt], count: Int) {
        let all = attempts.filter { $0.id.task.job == job }
        let newest = all.sorted { ($0.endedAt, $0.id) < ($1.endedAt, $1.id) }.suffix(limit)
        return (newest.sorted { $0.id < $1.id }, all.count)
    }

    public func foldAttempts<Result: Sendable>(
        matching filter: LedgerFilter, into initial: Result, _ body: @escaping @Sendable (inout Result, LedgerAttempt) -> Void
    ) -> Result {
        attempts.filter(filter.matches).sorted { $0.id < $1.id }.reduce(into: initial, body)
    }

    public func newestAttempts(
        matching filter: LedgerFilter, limit: Int, where isMeant: @escaping @Sendable (LedgerAttempt) -> Bool
    ) -> [LedgerAttempt] {
        attempts.filter { filter.matches($0) && isMeant($0) }.sorted { $0.id < $1.id }.suffix(limit)
    }

    public func foldFacts<Result: Sendable>(
        matching filter: LedgerFilter, into initial: Result, _ body: @escaping @Sendable (inout Result, AttemptFacts) -> Void
    ) -> Result {
        let wanted = attempts.filter { attempt in filter.matches(attempt) && (filter.name.map { $0 == attempt.name } ?? true) }
        return wanted.sorted { $0.id > $1.id }.reduce(into: initial) { body(&$0, AttemptFacts($1)) }
    }

    public func ledgerJobs(matching filter: LedgerFilter, unless isKnown: @escaping @Sendable (JobID) -> Bool) -> [LedgerJob] {
        ended.values.filter { filter.matches($0) && !isKnown($0.record.id) }.sorted { $0.record.id < $1.record.id }
    }

    public func foldJobs<Result: Sendable>(
        matching filter: LedgerFilter, into initial: Result, _ body: @escaping @Sendable (inout Result, LedgerJob) -> Void
    ) -> Result {
        ledgerQueries += 1
        return ended.values.filter(filter.matches).sorted { $0.record.id < $1.record.id }.reduce(into: initial, body)
    }

    public func events(after sequence: UInt64, limit: Int) -> EventPage {
        let page = recorded.dropFirst(Int(clamping: sequence)).prefix(limit)
        return EventPage(events: Array(page), oldest: recorded.first?.sequence ?? 0, newest: UInt64(recorded.count))
    }

    public func nodeEntries(_ table: NodeTable) -> [String: [UInt8]] { node[table] ?? [:] }

    public func nodeEntry(_ table: NodeTable, key: String) -> [UInt8]? { node[table]?[key] }
}
