public import API
public import JobModel
import JobStore
import Logging
import NodeAgent
import Scheduling

/// Where one task stands, for those who follow it.
public enum TaskStatus: Sendable {
    /// With the last attempt, when it has had one.
    case pending(TaskGroup, lastAttempt: AttemptID?)
    case active(AttemptID, AttemptState)
    case finished(TaskOutcome, lastAttempt: AttemptID?)
}

extension Controller {
    /// Where a task stands; refuses what the peer may not see.
    public func status(of task: TaskID, _ action: Access.Action, peer: Peer) async throws(APIError) -> TaskStatus {
        if let job = jobs[task.job] {
            try admit(action, job.record, task, peer)
            if let id = job.active[task.slot] { return .active(id, attempts[id]?.observation?.state ?? .assigned) }
            if job.table.pending.contains(task.slot) {
                var group = TaskGroup(state: held(job).contains(task.slot) ? .held : .pending)
                group.reasons = scheduler.reasons(for: task, now: clock.now())
                group.estimatedStart = scheduler.estimatedStart(of: task)
                return .pending(group, lastAttempt: lastAttempt(of: task, job.table))
            }
            return try await ended(task, job.table)
        }
        guard let finished = try await finishedJob(task.job) else { throw APIError(.unknown, "no job \(task.job)") }
        try admit(action, finished.record, task, peer)
        return try await ended(task, finished.tasks)
    }

    private func admit(_ action: Access.Action, _ record: JobRecord, _ task: TaskID, _ peer: Peer) throws(APIError) {
        try refuse { () throws(Access.Refusal) in
            try settings.access.require(action, for: peer, on: record.owner.user, what: "job \(task)")
        }
        guard record.isArray == (task.index != nil) else {
            throw APIError(
                .invalid,
                record.isArray
                    ? "job \(task.job) is an array: name a task, such as \(task.job).\(record.indices.first ?? 0)"
                    : "job \(task.job) is not an array", field: "index")
        }
        guard record.indices.contains(task.slot) else { throw APIError(.unknown, "no task \(task)") }
    }

    private func ended(_ task: TaskID, _ table: TaskTable) async throws(APIError) -> TaskStatus {
        let outcome = try await outcome(of: task, table)
        return .finished(outcome, lastAttempt: lastAttempt(of: task, table))
    }

    private func lastAttempt(of task: TaskID, _ table: TaskTable) -> AttemptID? {
        let number = table.attempts[task.slot] ?? (table.started.contains(task.slot) ? 1 : 0)
        return number > 0 ? AttemptID(task, number) : nil
    }

    /// When an attempt started by both clocks, which is how its log's times are to be read: the boot clock may be another boot's, and the wall
    /// clock may have been set since. Nil when that is not known.
    public func started(_ id: AttemptID) async throws(APIError) -> Instant? {
        if let attempt = attempts[id] { return attempt.observation?.startedAt.map { Instant(boot: $0.boot, wall: $0.wall) } }
        await caughtUp()
        let task = id.task
        let before = id.number > 1 ? AttemptID(task, id.number - 1) : task.slot > 0 ? AttemptID(TaskID(task.job, task.slot - 1), .max) : nil
        let found: LedgerAttempt?
        do throws(StoreError) { found = try await store.ledgerAttempts(of: task.job, after: before, limit: 1).first { $0.id == id } } catch {
            throw APIError(.internal, "\(error)")
        }
        guard let wall = found?.startedAt, let boot = found?.startedBoot else { return nil }
        return Instant(boot: boot, wall: wall)
    }

    /// Held until an attempt has started, however long that takes, and the agent watches over it; false when it never will.
    public func awaitStart(of id: AttemptID) async -> Bool {
        while !isShuttingDown, !Task.isCancelled {
            guard let attempt = attempts[id], attempt.observation?.state != .finished else { return false }
            if attempt.isWatched, attempt.hasStarted { return true }
            await wait(until: clock.now().boot + .hours(1)) { controller in
                controller.isShuttingDown || controller.attempts[id].map { $0.isWatched && $0.hasStarted } ?? true
            }
        }
        return false
    }

    /// The record of a living job's task, for sessions; nil once it has finished.
    public func livingRecord(_ job: JobID) -> JobRecord? { jobs[job]?.record }

    /// The job of an attempt, if its processes may use the socket.
    /// Its owner is who asks, whatever ids the process has taken inside.
    public func jobInside(_ attempt: AttemptID) -> (AttemptID, BatchID, Owner)? {
        guard attempts[attempt] != nil, let job = jobs[attempt.task.job], job.record.spec.api == true, let batch = job.record.batch else {
            return nil
        }
        return (attempt, batch, job.record.owner)
    }

    /// Tasks of `run`s whose clients had not detached: to be cancelled when none of them comes back.
    public var tasksOfClients: [TaskID] {
        jobs.values.filter { $0.record.cancelWhenLost == true }.map { TaskID($0.record.id) }.sorted()
    }

    /// The client of a `run` left it to itself.
    public func detached(_ job: JobID) {
        guard jobs[job]?.record.cancelWhenLost == true else { return }
        jobs[job]?.record.cancelWhenLost = nil
        guard let record = jobs[job]?.record else { return }
        var decision = Decision()
        decision.put(.job(record))
        commit(decision)
    }

    /// Cancels a task on behalf of a session whose client is gone.
    public func cancelLost(_ task: TaskID) {
        logger.notice("client of a run is gone: cancelled", metadata: ["task": "\(task)"])
        cancel(Chosen(job: task.job, slots: IntervalSet([task.slot])), grace: nil)
        replan()
    }

    /// Refuses what the peer may not do with anything.
    public func require(_ action: Access.Action, _ peer: Peer) throws(APIError) {
        try refuse { () throws(Access.Refusal) in try settings.access.require(action, for: peer) }
    }

    public func isOperator(_ peer: Peer) -> Bool { settings.access.isOperator(peer) }
}
