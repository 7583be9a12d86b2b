import JobModel
import JobStore
import Logging
import NodeAgent
import Scheduling

extension Controller {
    /// Reads the store, tells the scheduler and the agent what should be, and begins to plan. Call once, before requests are taken.
    public func start() async throws {
        term = try await store.lead()
        let state = StoreState(try await store.snapshot())
        // A database from a backup does not know what was given out since; no job may come to another's log.
        lastJob = max(state.counters[.jobs]?.value ?? 0, await surroundings.newestLog()?.value ?? 0)
        for batch in state.batches.values { take(batch.value) }
        let ordered = state.jobs.values.map(\.value).sorted { $0.id < $1.id }
        jobs = LivingJobs(ordered.map { LiveJob(record: $0, table: TaskTable(pending: $0.indices)) })
        try await learnFinishedDependencies(of: ordered)
        for record in ordered { take(record, state.tasks[record.id]?.value ?? TaskTable(pending: record.indices)) }
        for attempt in state.attempts.values.map(\.value).sorted(by: { $0.id < $1.id }) {
            take(attempt, seen: state.observations[attempt.id]?.value)
        }
        lastEvent = try await store.events(after: .max, limit: 1).newest
        commit(Decision(events: [event(.daemonStarted, detail: "boot \(clock.bootID)")]))
        // First of all: what is started from here on is not in the list of what is kept.
        await agent.sweep(keeping: Set(attempts.keys))
        try await beginAccounts()
        for id in attempts.keys.sorted() { await reconcileNow(id) }
        replan()
    }

    private func take(_ batch: BatchRecord) {
        batches[batch.id] = batch
        scheduler.apply(.batchHolds(batch.id, batch.holds))
    }

    private func take(_ record: JobRecord, _ table: TaskTable) {
        jobs[record.id] = LiveJob(record: record, table: table)
        if let batch = record.batch { members[batch, default: []].insert(record.id) }
        scheduler.apply(.jobAdded(schedulerJob(record), tasks: table))
        if !table.holds.isEmpty { scheduler.apply(.holds(record.id, table.holds)) }
    }

    private func take(_ record: AttemptRecord, seen: AttemptObservation?) {
        let task = record.id.task
        guard jobs[task.job] != nil else {
            logger.error("attempt without a job in the store is left alone", metadata: ["attempt": "\(record.id)"])
            return
        }
        attempts[record.id] = LiveAttempt(record: record, durable: record, observation: seen)
        jobs[task.job]?.active[task.slot] = record.id
        let started = seen?.startedAt ?? record.assignedAt
        let isFrozen = record.coresReleased || seen?.state == .paused && pauseStands(record.id)
        let waits = record.coresReleased && record.stop == nil && !pauseStands(record.id)
        attempts[record.id]?.waitsForCores = waits
        // Asked anew: what a freeze has to be followed by may not have been committed.
        attempts[record.id]?.freezeGeneration = (seen?.freezeGeneration ?? 0) + 1
        scheduler.apply(
            .adopted(
                State.Adoption(
                    record.id, record.placement, startedAt: started.boot, pausedFor: seen?.pausedFor ?? .zero,
                    frozenAt: isFrozen ? seen?.pausedSince ?? started.boot : nil, coresReleased: record.coresReleased,
                    waitingSince: waits ? clock.now().boot : nil)))
    }

    /// Tells the scheduler how the jobs ended that these depend on and that no longer live.
    func learnFinishedDependencies(of records: [JobRecord]) async throws {
        let wanted = Set(records.flatMap { ($0.spec.dependencies ?? []).map(\.job) })
        for id in wanted.sorted() where jobs[id] == nil {
            guard let finished = try await store.ledgerJob(id) else {
                if jobs[id] == nil { purgedSources.insert(id) }
                continue
            }
            purgedSources.remove(id)
            if jobs[id] == nil { scheduler.apply(.finishedElsewhere(JobOutcomes(finished.record, finished.tasks))) }
        }
    }

    /// The job as the scheduler sees it, without dependencies on jobs that were purged. One that could not hold any more ended the task as soon
    /// as the other job had ended, long before that could be purged: to tasks that still wait, it held.
    func schedulerJob(_ record: JobRecord) -> State.Job {
        var job = State.Job(record)
        job.dependencies.removeAll { purgedSources.contains($0.job) }
        return job
    }

    /// Makes an event; its sequence is given by the store.
    func event(
        _ kind: Event.Kind, job: JobID? = nil, task: TaskID? = nil, attempt: AttemptID? = nil, batch: String? = nil,
        outcome: AttemptOutcome? = nil, detail: String? = nil
    ) -> Event {
        let task = task ?? attempt?.task
        let job = job ?? task?.job
        let record = job.flatMap { jobs[$0]?.record }
        return Event(
            sequence: 0, at: clock.now().wall, kind: kind, job: job, task: task, attempt: attempt, owner: record?.owner.user,
            batch: batch ?? record?.spec.batch, outcome: outcome, detail: detail)
    }
}
