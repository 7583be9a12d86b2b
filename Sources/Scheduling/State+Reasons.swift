public import JobModel

extension State {
    /// Every reason why the task waits, with numbers; empty when it is unknown, runs, or would start with the next plan.
    public func reasons(for task: TaskID, now: Instant) -> [PendingReason] {
        guard let position = positions[task.job] else { return [] }
        let entry = entries[position]
        if let attempt = attempts[task] { return attempt.phase == .waiting ? waitingReasons(attempt) : [] }
        guard entry.pending.contains(task.slot) else { return [] }
        var reasons = holdReasons(entry, task.slot) + dependencyReasons(task) + timeReasons(entry, task.slot, now.wall)
        reasons += limitReasons(entry) + (startsHeld.map { [PendingReason(.disk, "waits for the disk: \($0)")] } ?? [])
        if let refusal = machine.refusal(of: entry.job.demand) { return reasons + [refusal] }
        let short = shortage(entry.job.demand, need: classes[entry.demandClass].need)
        return reasons + short + lineReasons(entry, task, fits: short.isEmpty)
    }

    /// The last index of the array up to which every pending task waits for the same reasons as this one, and has the same estimate. Perhaps more do.
    public func lastAlike(_ task: TaskID) -> TaskIndex {
        // A back-off is a task's own.
        guard let position = positions[task.job], entries[position].notBefore.isEmpty else { return task.slot }
        // Those name the other's task.
        if dependencies.open(task.job, slot: task.slot).contains(where: { $0.dependency.kind == .aftercorr }) { return task.slot }
        var sets = entries[position].holds.map(\.tasks) + [entries[position].pending]
        for condition in dependencies.dependents[task.job]?.conditions ?? [] {
            sets += [condition.openIndices, condition.failedIndices]
        }
        if let reserve, reserve.task.job == task.job { sets.append(IntervalSet(reserve.task.slot...reserve.task.slot)) }
        return sets.reduce(.max) { min($0, $1.last(alike: task.slot)) }
    }

    /// The jobs that name the job in a dependency.
    public func dependents(of job: JobID) -> Set<JobID> { dependencies.sources[job]?.dependents ?? [] }

    /// When the task is expected to start, from the last plan's reservation; nil: not known.
    public func estimatedStart(of task: TaskID) -> WallTime? {
        guard let position = positions[task.job], entries[position].pending.contains(task.slot) || attempts[task]?.phase == .waiting else {
            return nil
        }
        return reservedStart(task)
    }

    private func holdReasons(_ entry: Entry, _ slot: TaskIndex) -> [PendingReason] {
        let batch = entry.job.batch.flatMap { id in batches[id].map { (id, $0.holds) } }
        let own = entry.holds.filter { $0.tasks.contains(slot) }.map { PendingReason(.hold, Self.text($0.hold)) }
        return own + (batch?.1 ?? []).map { PendingReason(.hold, "batch \(batch!.0.name) \(Self.text($0))") }
    }

    private static func text(_ hold: Hold) -> String {
        let what =
            switch hold.kind {
            case .user: "held by \(hold.byName ?? "user \(hold.by)")"
            case .operator: "held by operator \(hold.who)"
            case .userPause: "paused by \(hold.byName ?? "user \(hold.by)")"
            case .operatorPause: "paused by operator \(hold.who)"
            case .dependency: "held for a dependency"
            case .begin: "held for its begin time"
            case .account: "held because the account is gone"
            case .preemption: "held after preemption"
            }
        return hold.reason.map { "\(what): \($0)" } ?? what
    }

    private func dependencyReasons(_ task: TaskID) -> [PendingReason] {
        dependencies.open(task.job, slot: task.slot).map { dependency, failed in
            var target = TaskID(dependency.job, dependency.index)
            if dependency.kind == .aftercorr { target = TaskID(dependency.job, task.slot) }
            let text = "\(dependency.kind.rawValue) \(target)"
            return PendingReason(.dependency, failed ? "\(text) can no longer hold" : "waits for \(text)")
        }
    }

    private func timeReasons(_ entry: Entry, _ slot: TaskIndex, _ now: WallTime) -> [PendingReason] {
        var reasons: [PendingReason] = []
        if let begin = entry.job.begin, begin > now { reasons.append(PendingReason(.begin, "begins in \(begin - now)")) }
        if let next = entry.notBefore[slot], next > now { reasons.append(PendingReason(.backoff, "tried again in \(next - now)")) }
        return reasons
    }

    private func limitReasons(_ entry: Entry) -> [PendingReason] {
        var reasons: [PendingReason] = []
        if entry.isSaturated, let limit = entry.job.arrayLimit {
            reasons.append(
                PendingReason(
                    .arrayLimit,
                    "\(entry.active.count) \(entry.active.count == 1 ? "task of the array is" : "tasks of the array are") active, at most \(limit) may"
                ))
        }
        let need = classes[entry.demandClass].need
        for book in entry.books.map({ books[$0] }) {
            reasons += book.excess(of: need).map { PendingReason(book.reason, "\(book.name): \($0)") }
        }
        return reasons
    }

    private func waitingReasons(_ attempt: Attempt) -> [PendingReason] {
        let claim = claim(of: attempt)
        guard let cores = claim.cores else {
            return [
                PendingReason(
                    .cores,
                    "waiting for cores: needs \(Machine.cpus(claim.need.cpu)) cpu, \(Machine.cpus(max(0, machine.free.cpu))) is free")
            ]
        }
        let free = machine.freeCpus.intersection(cores.allowed).count
        let nodes = attempt.placement.memoryNodes
        return [
            PendingReason(
                .cores, "waiting for cores: needs \(cores.count) on memory nodes \(nodes), \(free) of \(cores.allowed.count) free")
        ]
    }
}

extension LimitBook {
    /// What of a demand goes beyond the limit now.
    func excess(of need: ResourceVector) -> [String] {
        var texts: [String] = []
        if let most = limits.activeTasks, tasks >= most {
            texts.append("\(tasks) \(tasks == 1 ? "task is" : "tasks are") active, at most \(most) may (active_tasks)")
        }
        if let most = limits.activeCores, cpu + need.cpu > Int64(most) * 1000 {
            texts.append("needs \(Machine.cores(need.cpu)), \(Machine.cpus(cpu)) of at most \(most) are active (active_cores)")
        }
        if let most = limits.activeMemory, memory + need.memory > Int64(capped: most.count) {
            texts.append("needs \(Machine.bytes(need.memory)) of memory, \(Machine.bytes(memory)) of at most \(most) is active (active_memory)")
        }
        return texts
    }
}
