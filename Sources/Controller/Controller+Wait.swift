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
        let hold = min(max(request.holdFor.milliseconds, 0), APILimit.longPollMilliseconds)
        let deadline = clock.now().boot + TimeSpan(milliseconds: hold)
        let ids = try await waitedFor(request.selection, peer)
        while true {
            var reply = try await waitReply(ids, peer)
            if request.selection.ids == nil { reply.selection = Selection(ids) }
            if reply.remaining == 0 || clock.now().boot >= deadline || Task.isCancelled { return reply }
            // The ledger is asked again only once there is something to tell.
            await wait(until: deadline) { controller in ids.allSatisfy { controller.living($0).isEmpty } }
        }
    }

    /// What is meant, once and for all. A batch is waited for with all its jobs, also those that have ended; of a user those that live.
    private func waitedFor(_ selection: Selection, _ peer: Peer) async throws(APIError) -> [TaskSelector] {
        if let ids = selection.ids { return ids }
        let (chosen, _) = try await choose(selection, .wait, peer: peer)
        var meant = Dictionary(uniqueKeysWithValues: chosen.map { ($0.job, selector($0)) })
        if selection.batch != nil, selection.states == nil {
            var filter = LedgerFilter()
            filter.owner = try await user(of: selection, peer)
            filter.batch = selection.batch
            filter.queue = selection.queue
            let name = selection.name
            await caughtUp()
            let ended: [JobID]
            do throws(StoreError) {
                ended = try await store.foldJobs(matching: filter, into: [JobID]()) { found, job in
                    if name == nil || job.record.spec.name == name { found.append(job.record.id) }
                }
            } catch { throw APIError(.internal, "\(error)") }
            for id in ended where meant[id] == nil { meant[id] = TaskSelector(id) }
        }
        return joined(meant.keys.sorted().compactMap { meant[$0] })
    }

    /// Jobs with consecutive numbers as one range.
    private func joined(_ selectors: [TaskSelector]) -> [TaskSelector] {
        selectors.reduce(into: []) { list, next in
            if let last = list.last, last.indices == nil, next.indices == nil, last.jobs.upperBound + 1 == next.jobs.lowerBound {
                list[list.count - 1] = TaskSelector(jobs: last.jobs.lowerBound...next.jobs.upperBound)
            } else {
                list.append(next)
            }
        }
    }

    /// Of the living jobs that a selector names, those with tasks that have not ended.
    private func living(_ selector: TaskSelector) -> [JobID] {
        jobs.ids(in: selector.jobs).filter { id in
            let alive = living(id)
            return !(selector.indices.map { alive.intersection($0) } ?? alive).isEmpty
        }
    }

    private func waitReply(_ ids: [TaskSelector], _ peer: Peer) async throws(APIError) -> WaitReply {
        var tally = WaitTally(settings.access, peer)
        for selector in ids {
            tally.found = 0
            let living = jobs.ids(in: selector.jobs)
            for id in living {
                guard let job = jobs[id] else { continue }
                try tally.add(job.record, job.table, selector)
            }
            let last = min(selector.jobs.upperBound, lastJob)
            guard selector.jobs.lowerBound <= last else { throw APIError(.unknown, "no job \(selector)") }
            let numbers = selector.jobs.lowerBound...last
            if living.count <= last - numbers.lowerBound { tally = try await addEnded(numbers, besides: Set(living), selector, tally) }
            guard tally.found > 0 else { throw APIError(.unknown, "no job \(selector)") }
        }
        if let (task, table) = tally.lowest {
            tally.reply.lowestUnsuccessful = WaitReply.Result(task, OutcomeView(try await outcome(of: task, table)))
        }
        return tally.reply
    }

    /// Adds what has ended of a range, in one query: most of its numbers may be long forgotten.
    private func addEnded(
        _ numbers: ClosedRange<UInt64>, besides living: Set<JobID>, _ selector: TaskSelector, _ tally: WaitTally
    ) async throws(APIError) -> WaitTally {
        // Memory is ahead of the ledger by what is being committed.
        await caughtUp()
        var filter = LedgerFilter()
        filter.numbers = numbers
        let sum: WaitTally
        do throws(StoreError) {
            sum = try await store.foldJobs(matching: filter, into: tally) { tally, job in
                // One that lived a moment ago is counted already.
                guard tally.refusal == nil, !living.contains(job.record.id) else { return }
                do throws(APIError) { try tally.add(job.record, job.tasks, selector) } catch { tally.refusal = error }
            }
        } catch { throw APIError(.internal, "\(error)") }
        if let refusal = sum.refusal { throw refusal }
        return sum
    }

    func finishedJob(_ id: JobID) async throws(APIError) -> LedgerJob? {
        // Memory is ahead of the ledger by what is being committed.
        await caughtUp()
        do throws(StoreError) { return try await store.ledgerJob(id) } catch { throw APIError(.internal, "\(error)") }
    }

    /// The outcome of a task that has ended.
    func outcome(of task: TaskID, _ table: TaskTable) async throws(APIError) -> TaskOutcome {
        if table.succeeded.contains(task.slot) { return .attempt(.succeeded) }
        if table.dependencyFailed.contains(task.slot) { return .dependencyFailed }
        let found = try await lastEnded(of: task, table)
        // One that was cancelled while it waited for another try ended so, whatever its last attempt came to.
        guard let last = found, last.outcome == .cancelled || !table.cancelled.contains(task.slot) else { return .cancelled }
        return .attempt(last.outcome)
    }

    /// The last attempt of a task that has ended; nil when it never had one.
    func lastEnded(of task: TaskID, _ table: TaskTable) async throws(APIError) -> LedgerAttempt? {
        let number = table.attempts[task.slot] ?? 1
        let after = number > 1 ? AttemptID(task, number - 1) : task.slot > 0 ? AttemptID(TaskID(task.job, task.slot - 1), .max) : nil
        await caughtUp()
        do throws(StoreError) {
            return try await store.ledgerAttempts(of: task.job, after: after, limit: 1).first { $0.id.task == task }
        } catch { throw APIError(.internal, "\(error)") }
    }
}
