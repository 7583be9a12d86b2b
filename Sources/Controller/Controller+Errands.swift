import JobModel
import NodeAgent

/// What the agent is still to be told of one attempt.
struct Errands: Sendable {
    /// It was assigned, which is not durable yet.
    var prepare = false
    /// What should be of it has changed.
    var reconcile = false
    /// Its end is in the ledger.
    var release = false
}

extension Controller {
    /// Tells the agent what should be of an attempt. Only called once the decision is durable.
    func reconcile(_ id: AttemptID) {
        guard attempts[id] != nil else { return }
        errands[id, default: Errands()].reconcile = true
        guard !busyErrands.contains(id) else { return }
        Task { await self.runErrands(id) }
    }

    /// Lets the agent make a start ready while its assignment becomes durable.
    func prepare(_ id: AttemptID) {
        errands[id, default: Errands()].prepare = true
        Task { await self.runErrands(id) }
    }

    /// Lets the agent forget an attempt whose end is durable.
    func release(_ id: AttemptID) {
        errands[id, default: Errands()].release = true
        guard !busyErrands.contains(id) else { return }
        Task { await self.runErrands(id) }
    }

    func reconcileNow(_ id: AttemptID) async {
        errands[id, default: Errands()].reconcile = true
        await runErrands(id)
    }

    /// One call at a time for each attempt, each with what is durable at that moment: none overtakes another, and nothing is told of an attempt
    /// after its release, which would start it a second time.
    private func runErrands(_ id: AttemptID) async {
        guard busyErrands.insert(id).inserted else { return }
        defer { busyErrands.remove(id) }
        while let errand = errands.removeValue(forKey: id) {
            if errand.release {
                await agent.release(id)
                continue
            }
            // The pool shrinks before cores that were its are used by others.
            await poolChange?.value
            guard let attempt = attempts[id], let job = jobs[id.task.job] else { continue }
            let record = attempt.durable ?? attempt.record
            let frozen = pauseStands(id) || record.coresReleased
            var desired = DesiredAttempt(
                record: record, job: job.record, frozen: frozen, lastSeen: attempt.observation, freezeGeneration: attempt.freezeGeneration,
                clock: attempt.clock)
            if attempt.durable != nil {
                await agent.reconcile(desired)
            } else if errand.prepare {
                desired.isCommitted = false
                await agent.prepare(desired)
            }
        }
    }

    /// Tells the agent the new pool, after all earlier ones.
    func changePool(to cpus: CpuSet) {
        let (former, agent) = (poolChange, agent)
        poolChange = Task {
            await former?.value
            await agent.setSharedPool(cpus)
        }
    }
}
