public import API
import JobModel
import JobStore
import NodeAgent

/// A request that is held until something changes or its time is over.
struct Waiter {
    var continuation: CheckedContinuation<Void, Never>
}

extension Controller {
    /// Holds the caller until the condition is true or the moment has come.
    func wait(until deadline: BootTime, _ condition: (isolated Controller) -> Bool) async {
        while !condition(self), clock.now().boot < deadline, !Task.isCancelled {
            await nextChange(within: deadline - clock.now().boot)
        }
    }

    private func nextChange(within span: TimeSpan) async {
        nextWaiter += 1
        let id = nextWaiter
        let timer = Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(max(span.milliseconds, 1)))
            await self?.wake(id)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiters[id] = Waiter(continuation: $0) }
        } onCancel: {
            Task { [weak self] in await self?.wake(id) }
        }
        timer.cancel()
    }

    private func wake(_ id: UInt64) { waiters.removeValue(forKey: id)?.continuation.resume() }

    /// Lets every held request look again.
    func wakeWaiters() {
        let all = waiters.values
        waiters = [:]
        for waiter in all { waiter.continuation.resume() }
    }

    /// Held until everything selected has finished or the time is over.
    public func wait(for request: WaitRequest, peer: Peer) async throws(APIError) -> WaitReply {
        try refuse { () throws(Access.Refusal) in try settings.access.require(.wait, for: peer) }
        let hold = min(request.holdFor.milliseconds, APILimit.longPollMilliseconds)
        let deadline = clock.now().boot + TimeSpan(milliseconds: hold)
        while true {
            let reply = try await waitReply(request.selection, peer)
            if reply.remaining == 0 || clock.now().boot >= deadline || Task.isCancelled { return reply }
            await nextChange(within: deadline - clock.now().boot)
        }
    }

    private func waitReply(_ selection: Selection, _ peer: Peer) async throws(APIError) -> WaitReply {
        guard let ids = selection.ids else { return try await waitReply(byFilter: selection, peer) }
        var sum = WaitReply(tasks: 0, remaining: 0, counts: TaskCounts())
        for selector in ids {
            var found = false
            for id in jobs.keys.filter({ selector.jobs.contains($0.value) }).sorted() {
                guard let job = jobs[id] else { continue }
                found = true
                try count(job.record, job.table, selector, peer, &sum)
            }
            let last = min(selector.jobs.upperBound, lastJob)
            guard selector.jobs.lowerBound <= last else { throw APIError(.unknown, "no job \(selector)") }
            for number in selector.jobs.lowerBound...last where jobs[JobID(number)] == nil {
                guard let finished = try await finishedJob(JobID(number)) else { continue }
                found = true
                try count(finished.record, finished.tasks, selector, peer, &sum)
                try await lowest(of: finished, selector, &sum)
            }
            guard found else { throw APIError(.unknown, "no job \(selector)") }
        }
        try await lowestOfLiving(ids, &sum)
        return sum
    }

    private func waitReply(byFilter selection: Selection, _ peer: Peer) async throws(APIError) -> WaitReply {
        let (chosen, _) = try await choose(selection, .wait, peer: peer)
        let remaining = chosen.reduce(0) { $0 + $1.slots.count }
        return WaitReply(tasks: remaining, remaining: remaining, counts: TaskCounts())
    }

    func finishedJob(_ id: JobID) async throws(APIError) -> LedgerJob? {
        // Memory is ahead of the ledger by what is being committed.
        try await settled()
        do throws(StoreError) { return try await store.ledgerJob(id) } catch { throw APIError(.internal, "\(error)") }
    }

    private func count(_ record: JobRecord, _ table: TaskTable, _ selector: TaskSelector, _ peer: Peer, _ sum: inout WaitReply) throws(APIError) {
        try refuse { () throws(Access.Refusal) in
            try settings.access.require(.wait, for: peer, on: record.owner.user, what: "job \(record.id)")
        }
        let slots = try wanted(record, selector)
        sum.tasks += slots.count
        sum.remaining += slots.intersection(table.pending.union(table.active)).count
        sum.counts.pending += slots.intersection(table.pending).count
        sum.counts.running += slots.intersection(table.active).count
        sum.counts.succeeded += slots.intersection(table.succeeded).count
        sum.counts.cancelled += slots.intersection(table.cancelled).count
        sum.counts.failed += slots.intersection(table.unsuccessful.subtracting(table.cancelled)).count
    }

    private func wanted(_ record: JobRecord, _ selector: TaskSelector) throws(APIError) -> IntervalSet {
        guard let indices = selector.indices else { return record.indices }
        let slots = indices.intersection(record.indices)
        guard record.isArray, !slots.isEmpty else { throw APIError(.unknown, "no task \(selector)") }
        return slots
    }

    // MARK: The lowest task that did not succeed

    private func lowest(of finished: LedgerJob, _ selector: TaskSelector, _ sum: inout WaitReply) async throws(APIError) {
        try await consider(finished.record, finished.tasks, try wanted(finished.record, selector), &sum)
    }

    private func lowestOfLiving(_ ids: [TaskSelector], _ sum: inout WaitReply) async throws(APIError) {
        for selector in ids {
            for id in jobs.keys.filter({ selector.jobs.contains($0.value) }).sorted() {
                guard let job = jobs[id] else { continue }
                try await consider(job.record, job.table, try wanted(job.record, selector), &sum)
            }
        }
    }

    private func consider(_ record: JobRecord, _ table: TaskTable, _ slots: IntervalSet, _ sum: inout WaitReply) async throws(APIError) {
        guard let slot = slots.intersection(table.unsuccessful).first else { return }
        let task = record.task(slot)
        if let lowest = sum.lowestUnsuccessful, lowest.task < task { return }
        sum.lowestUnsuccessful = WaitReply.Result(task, OutcomeView(try await outcome(of: task, table)))
    }

    /// The outcome of a task that has ended.
    func outcome(of task: TaskID, _ table: TaskTable) async throws(APIError) -> TaskOutcome {
        if table.succeeded.contains(task.slot) { return .attempt(.succeeded) }
        if table.dependencyFailed.contains(task.slot) { return .dependencyFailed }
        let number = table.attempts[task.slot] ?? 1
        let after = number > 1 ? AttemptID(task, number - 1) : task.slot > 0 ? AttemptID(TaskID(task.job, task.slot - 1), .max) : nil
        try await settled()
        let found: [LedgerAttempt]
        do throws(StoreError) {
            found = try await store.ledgerAttempts(of: task.job, after: after, limit: 1)
        } catch { throw APIError(.internal, "\(error)") }
        if let last = found.first, last.id.task == task { return .attempt(last.outcome) }
        return .cancelled
    }
}
