import JobModel

extension State {
    /// What is not free at this moment, resource by resource.
    func shortage(_ demand: ResourceDemand, need: ResourceVector) -> [PendingReason] {
        let free = machine.free
        var reasons: [PendingReason] = []
        if need.cpu > free.cpu {
            let most = machine.usable.count
            let text =
                demand.cores > 0
                ? "needs \(Machine.cores(demand.cores * 1000)), \(max(0, free.cpu) / 1000) of \(most) free"
                : "needs \(Machine.cpus(need.cpu)) cpu of the shared pool, \(Machine.cpus(max(0, free.cpu))) of \(most) free"
            reasons.append(PendingReason(.cores, text))
        }
        if need.memory > free.memory {
            let all = Machine.bytes(machine.total.memory)
            reasons.append(
                PendingReason(.memory, "needs \(Machine.bytes(need.memory)) of memory, \(Machine.bytes(free.memory)) of \(all) free"))
        }
        if need.scratch > free.scratch {
            let all = Machine.bytes(machine.total.scratch)
            reasons.append(
                PendingReason(.scratch, "needs \(Machine.bytes(need.scratch)) of scratch, \(Machine.bytes(free.scratch)) of \(all) free"))
        }
        for (size, bytes) in need.huge.enumerated() where bytes > free.huge[size] {
            let page = Int64(machine.hugeSizes[size].count)
            let text = "needs \(bytes / page) huge pages of \(machine.hugeSizes[size]), "
            reasons.append(PendingReason(.hugePages, text + "\(max(0, free.huge[size]) / page) of \(machine.total.huge[size] / page) free"))
        }
        return reasons + namedShortage(demand, need: need)
    }

    private func namedShortage(_ demand: ResourceDemand, need: ResourceVector) -> [PendingReason] {
        machine.named.indices.compactMap { resource in
            let name = machine.named[resource].name
            let free = machine.free.named[resource]
            if case .instances(let names)? = demand.named[name], let chosen = machine.chosen(names, of: resource) {
                let busy = chosen.filter { !machine.instancesFree[resource][$0] }.map { machine.named[resource].instances[$0].name }
                return busy.isEmpty ? nil : PendingReason(.named, "needs \(name) \(busy.joined(separator: ", ")), in use")
            }
            guard need.named[resource] > free else { return nil }
            let all = machine.named[resource].instances.count
            return PendingReason(.named, "needs \(need.named[resource]) \(name), \(free) of \(all) free")
        }
    }

    /// Who is ahead, and whom a start would delay.
    func lineReasons(_ entry: Entry, _ task: TaskID, fits: Bool) -> [PendingReason] {
        guard let reserve, reserve.task != task, stands(reserve) else { return [] }
        let ahead = reserve.order.map { $0.job == task.job ? reserve.task < task : $0 < entry.order } ?? true
        let when = reserve.wall.map { _ in "" } ?? " (start not known: frozen tasks hold what it needs)"
        if !fits {
            return ahead ? [PendingReason(.priority, "\(reserve.task) is ahead in the line\(when)")] : []
        }
        guard ahead, reserve.isKnown else { return [] }
        let limit = entry.job.timeLimit
        return [PendingReason(.reservation, "with its time limit of \(limit) it could delay \(reserve.task), which is ahead in the line")]
    }

    /// The reservation of the last plan is for a task that still waits.
    private func stands(_ reserve: Reserve) -> Bool {
        if let attempt = attempts[reserve.task] { return attempt.phase == .waiting }
        return positions[reserve.task.job].map { entries[$0].pending.contains(reserve.task.slot) } ?? false
    }
}
