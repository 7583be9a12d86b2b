import JobModel

extension State {
    /// Attempts that were paused and may run again, in the order in which they began to wait.
    mutating func resumeWaiters(_ pass: inout Pass) {
        for waiter in waiters {
            steps += 1
            guard let attempt = attempts[waiter.task] else { continue }
            let claim = claim(of: attempt)
            let outlasts = pass.reserve != nil && attempt.remaining > pass.window
            if outlasts, let reserve = pass.reserve, !claim.need.fits(in: reserve.extra) { continue }
            if let cpus = cores(for: attempt, claim, keeping: outlasts ? pass.reserve!.kept : Machine.Kept()) {
                if outlasts { pass.reserve!.extra -= claim.need }
                grantResume(waiter, cpus, &pass)
            } else if pass.reserve == nil {
                pass.reserve = reserve(claim, now: pass.now)
            }
        }
    }

    func claim(of attempt: Attempt) -> Claim {
        var need = machine.nothing
        guard attempt.coresReleased else {
            return Claim(task: attempt.task, order: nil, need: need, instances: machine.named.map { _ in [] })
        }
        need.cpu = attempt.placement.shared ? Int64(attempt.demand.cpuMillis) : Int64(attempt.demand.cores) * 1000
        var claim = Claim(task: attempt.task, order: nil, need: need, instances: machine.named.map { _ in [] })
        if !attempt.placement.shared { claim.cores = (attempt.demand.cores, allowedCpus(attempt)) }
        return claim
    }

    /// The CPUs of the nodes where its memory lies; all if those were never enough (nodes without CPUs).
    func allowedCpus(_ attempt: Attempt) -> CpuSet {
        let local = machine.cpus(of: attempt.placement.memoryNodes)
        return local.count >= attempt.demand.cores ? local : machine.usable
    }

    private func cores(for attempt: Attempt, _ claim: Claim, keeping kept: Machine.Kept) -> CpuSet? {
        guard attempt.coresReleased else { return attempt.placement.cpus }
        guard claim.need.fits(in: machine.free) else { return nil }
        guard let cores = claim.cores else { return machine.freeCpus }
        return machine.placeCores(cores.count, within: cores.allowed, near: attempt.placement.memoryNodes, keeping: kept)
    }

    private mutating func grantResume(_ waiter: Waiter, _ cpus: CpuSet, _ pass: inout Pass) {
        let task = waiter.task
        if attempts[task]!.coresReleased { takeCores(task, cpus: cpus) }
        waiters.removeAll { $0.task == task }
        attempts[task]!.phase = .resuming
        attempts[task]!.resumingAt = pass.now.boot
        refreshEnd(task)
        let attempt = attempts[task]!
        if attempt.placement.shared { pass.shared.append(pass.plan.decisions.count) }
        pass.plan.decisions.append(.resume(AttemptID(task, attempt.number ?? 1), attempt.placement))
    }
}
