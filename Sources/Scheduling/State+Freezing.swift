import JobModel

extension State {
    /// Memory, scratch and named resources stay; the time limit stands still.
    mutating func freeze(_ id: AttemptID, keepCores: Bool, at: BootTime) {
        guard let attempt = attempts[id.task], attempt.number == nil || attempt.number == id.number else { return }
        if attempt.frozenAt == nil {
            attempts[id.task]!.frozenAt = at
            attempts[id.task]!.phase = .frozen
        }
        if !keepCores, attempts[id.task]!.phase != .resuming, !attempt.coresReleased {
            giveCores(id.task)
            attempts[id.task]!.coresReleased = true
        }
        refreshEnd(id.task)
    }

    func holdingWithoutCores(_ holding: Machine.Holding) -> Machine.Holding {
        var rest = holding
        rest.cpus = CpuSet()
        rest.millis = 0
        return rest
    }

    mutating func giveCores(_ task: TaskID) {
        guard let attempt = attempts[task] else { return }
        let rest = holdingWithoutCores(attempt.holding)
        var cores = machine.noHolding
        cores.cpus = attempt.holding.cpus
        cores.millis = attempt.holding.millis
        machine.give(cores)
        attempts[task]!.holding = rest
    }

    mutating func takeCores(_ task: TaskID, cpus: CpuSet) {
        guard let attempt = attempts[task] else { return }
        var cores = machine.noHolding
        if attempt.placement.shared { cores.millis = Int64(attempt.demand.cpuMillis) } else { cores.cpus = cpus }
        let taken = machine.take(cores)
        attempts[task]!.holding.cpus = taken.cpus
        attempts[task]!.holding.millis = taken.millis
        attempts[task]!.placement.cpus = cpus
        attempts[task]!.coresReleased = false
        attempts[task]!.tookCores = true
    }

    mutating func wait(_ id: AttemptID, at: BootTime) {
        guard let attempt = attempts[id.task], attempt.phase == .frozen, attempt.number == id.number else { return }
        attempts[id.task]!.phase = .waiting
        attempts[id.task]!.waitingSince = at
        addWaiter(Waiter(since: at, task: id.task))
    }

    mutating func addWaiter(_ waiter: Waiter) {
        let place = waiters.firstIndex { waiter < $0 } ?? waiters.count
        waiters.insert(waiter, at: place)
    }

    /// Frozen by a new pause before it had its cores.
    mutating func stopWaiting(_ id: AttemptID) {
        if attempts[id.task]?.phase == .resuming { withdraw(id.task) }
        guard let attempt = attempts[id.task], attempt.phase == .waiting, attempt.number == id.number else { return }
        waiters.removeAll { $0.task == id.task }
        attempts[id.task]!.phase = .frozen
        attempts[id.task]!.waitingSince = nil
    }

    mutating func resume(_ id: AttemptID, _ placement: Placement, at: BootTime) {
        guard let attempt = attempts[id.task], attempt.number == nil || attempt.number == id.number, let frozenAt = attempt.frozenAt else {
            return
        }
        if attempt.coresReleased { takeCores(id.task, cpus: placement.cpus) }
        waiters.removeAll { $0.task == id.task }
        attempts[id.task]!.pausedFor += max(0, at.nanoseconds - frozenAt.nanoseconds)
        attempts[id.task]!.frozenAt = nil
        attempts[id.task]!.waitingSince = nil
        attempts[id.task]!.resumingAt = nil
        attempts[id.task]!.tookCores = false
        attempts[id.task]!.phase = .running
        refreshEnd(id.task)
    }
}

extension Machine {
    /// What an attempt found at restart holds, as its placement tells.
    func holding(_ placement: Placement, demand: ResourceDemand, cores: Bool) -> Holding {
        var holding = noHolding
        if cores, placement.shared { holding.millis = Int64(demand.cpuMillis) }
        if cores, !placement.shared { holding.cpus = placement.cpus.intersection(usable) }
        holding.instances = positions(placement)
        let need = vector(demand)
        holding.scratch = need?.scratch ?? 0
        let own = nodes.indices.filter { placement.memoryNodes.contains(nodes[$0].id) }
        holding.memory = shares(of: need?.memory ?? Int64(capped: demand.memory.count), along: own)
        holding.huge = hugeShares(of: need?.huge ?? nothing.huge, along: own)
        return holding
    }
}
