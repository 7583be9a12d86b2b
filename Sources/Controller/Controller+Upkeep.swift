import Database
import JobModel
import JobStore
import Logging
import NodeAgent

extension Controller {
    static let upkeepInterval = TimeSpan.hours(24)

    /// Forgets what is older than the configuration keeps, now and once a day. Call once, after `start`.
    public func beginUpkeep() {
        upkeep = Task { [weak self, clock] in
            while !Task.isCancelled {
                let next = clock.now().boot + Self.upkeepInterval
                await self?.forgetWhatIsOld()
                do { try await clock.sleep(until: next) } catch { return }
            }
        }
    }

    private func forgetWhatIsOld() async {
        do {
            let now = clock.now().wall
            // What finished before this line is in the ledger after it, so that nothing seems to be neither here nor there.
            let logged = await agent.loggedAttempts()
            let alive = Set(attempts.keys)
            try await durable()
            try await forgetLogs(logged, sparing: alive, endedBefore: now - settings.retention.logs)
            guard let store = store as? any ForgettingStore else { return }
            try await forgetRecords(store, now)
        } catch {
            if Task.isCancelled { return }
            logger.error("what is older than the configuration keeps is not forgotten, tried again in a day", metadata: ["error": "\(error)"])
        }
    }

    private func forgetRecords(_ store: any ForgettingStore, _ now: WallTime) async throws(StoreError) {
        let retention = settings.retention
        let newest = lastJob
        let living = Set(jobs.keys)
        let awaited = Set(jobs.values.flatMap { ($0.record.spec.dependencies ?? []).map(\.job) })
        var gone = try await store.pruneEvents(keeping: retention.eventCount, since: now - retention.events)
        gone += try await store.pruneRequests(before: now - retention.jobs, keeping: Set(jobs.values.compactMap(\.record.requestKey)))
        gone += try await store.pruneJobs(endedBefore: now - retention.jobs, keeping: awaited)
        if let span = retention.ledger { gone += try await store.pruneAttempts(endedBefore: now - span, keeping: living) }
        if let count = retention.ledgerCount, let end = try await store.endOfAttempt(beyond: count) {
            gone += try await store.pruneAttempts(endedBefore: end + TimeSpan(milliseconds: 1), keeping: living)
        }
        // The store knows what finished; in memory only the keys of living jobs are of use.
        recentRequests = recentRequests.filter { entry in entry.value.contains { jobs[$0] != nil || $0.value > newest } }
        guard gone > 0 else { return }
        try await store.reclaim()
        logger.info("forgot what is older than the configuration keeps", metadata: ["entries": "\(gone)"])
    }

    /// Logs of attempts that ended before `time`, and of those that the ledger does not know any more.
    ///
    /// - Parameter alive: attempts that may end while the ledger is read, and are then neither there nor here.
    private func forgetLogs(
        _ logged: [JobID: [AttemptID]], sparing alive: Set<AttemptID>, endedBefore time: WallTime
    ) async throws(StoreError) {
        for (job, ids) in logged.sorted(by: { $0.key < $1.key }) {
            let ended = try await ends(of: ids, job)
            let old = ids.filter { id in !alive.contains(id) && attempts[id] == nil && (ended[id] ?? WallTime(milliseconds: .min)) < time }
            if !old.isEmpty { await agent.removeLogs(of: old) }
        }
    }

    private func ends(of ids: [AttemptID], _ job: JobID) async throws(StoreError) -> [AttemptID: WallTime] {
        let wanted = Set(ids)
        var ended: [AttemptID: WallTime] = [:]
        var last: AttemptID?
        while true {
            let page = try await store.ledgerAttempts(of: job, after: last, limit: 1000)
            for attempt in page where wanted.contains(attempt.id) { ended[attempt.id] = attempt.endedAt }
            guard page.count == 1000, ended.count < wanted.count else { return ended }
            last = page.last?.id
        }
    }
}
