import JobModel
import Scheduling

/// What a history has done so far, kept apart from the scheduler and as simply as possible, to judge its plans by.
struct HistoryModel {
    struct Live {
        var id: AttemptID
        var placement: Placement
        var demand: ResourceDemand
        var limit: Int64
        var start: Int64
        var paused: Int64 = 0
        var frozenAt: Int64?
        var released = false
        var waiting = false
        var end: Int64 { start + limit + paused }
    }

    struct JobState {
        var job: State.Job
        var pending: Set<TaskIndex>
        var holds: [TaskHold] = []
        var notBefore: [TaskIndex: Int64] = [:]
        var outcomes: [TaskIndex: Bool] = [:]
        var started: Set<TaskIndex> = []
        /// Still in the store; a job that is finished may leave it.
        var stored = true
    }

    var shape: MachineShape
    var settings: State.Settings
    var jobs: [JobID: JobState] = [:]
    var batchHolds: [BatchID: [Hold]] = [:]
    var live: [TaskID: Live] = [:]
    var numbers: [TaskID: UInt32] = [:]
    var now: Int64 = 0

    func active(_ id: JobID) -> Int { live.keys.filter { $0.job == id }.count }

    /// Whether a dependency holds, can still hold (nil), or cannot, by its definition.
    func holds(_ dependency: Dependency, for slot: TaskIndex) -> Bool? {
        guard let source = jobs[dependency.job] else { return false }
        var seen = dependency.index.map { [$0] } ?? Array(source.job.indices.members)
        if dependency.kind == .aftercorr { seen = [slot] }
        let ended = seen.filter { source.outcomes[$0] != nil }
        let failed = seen.contains { source.outcomes[$0] == false }
        switch dependency.kind {
        case .after: return seen.allSatisfy { source.started.contains($0) || source.outcomes[$0] != nil } ? true : nil
        case .afterany: return ended.count == seen.count ? true : nil
        case .afterok, .aftercorr: return failed ? false : ended.count == seen.count ? true : nil
        case .afternotok: return ended.count < seen.count ? nil : failed
        }
    }

    /// Why a start is wrong; nil: it is right.
    func objection(to task: TaskID, _ placement: Placement) -> String? {
        guard let state = jobs[task.job], state.stored, state.pending.contains(task.slot) else { return "is not pending" }
        let job = state.job
        if state.holds.contains(where: { $0.tasks.contains(task.slot) }) { return "is held" }
        if let batch = job.batch, batchHolds[batch]?.isEmpty == false { return "is held by its batch" }
        if let begin = job.begin, begin > Fixture.wall(now) { return "begins later" }
        if let next = state.notBefore[task.slot], next > now { return "waits out a back-off" }
        if job.dependencies.contains(where: { holds($0, for: task.slot) != true }) { return "depends on others" }
        if let limit = job.arrayLimit, active(job.id) >= limit { return "goes beyond the array's limit" }
        for (name, limits, counted) in limitsCounting(job) where !admits(limits, counted, job.demand) {
            return "goes beyond the limit of the \(name)"
        }
        return mismatch(placement, job.demand)
    }

    private func limitsCounting(_ job: State.Job) -> [(String, ResourceLimits, [Live])] {
        func counted(_ same: (State.Job) -> Bool) -> [Live] { live.values.filter { same(jobs[$0.id.task.job]!.job) } }
        var result = [
            ("user", settings.users[job.user] ?? settings.userLimits, counted { $0.user == job.user }),
            ("queue", settings.queues.first { $0.name == job.queue }?.maximum ?? ResourceLimits(), counted { $0.queue == job.queue }),
        ]
        if let batch = job.batch {
            result.append(("batch", settings.batches[batch] ?? settings.batchLimits, counted { $0.batch == batch }))
        }
        return result
    }

    private func admits(_ limits: ResourceLimits, _ counted: [Live], _ demand: ResourceDemand) -> Bool {
        let all = counted.map(\.demand) + [demand]
        if let most = limits.activeTasks, all.count > most { return false }
        if let most = limits.activeCores, all.reduce(0, { $0 + $1.cores * 1000 + $1.cpuMillis }) > most * 1000 { return false }
        if let most = limits.activeMemory, all.reduce(Bytes.zero, { $0 + $1.memory }) > most { return false }
        return true
    }

    private func mismatch(_ placement: Placement, _ demand: ResourceDemand) -> String? {
        if placement.shared != (demand.cores == 0) { return "is shared \(placement.shared)" }
        if !placement.shared, placement.cpus.count != demand.cores { return "gets cpus \(placement.cpus)" }
        if placement.memoryNodes.isEmpty || !placement.memoryNodes.isSubset(of: shape.memoryNodes) {
            return "gets nodes \(placement.memoryNodes)"
        }
        let nodes = Set(shape.cpus.filter { placement.cpus.contains($0.id) }.map(\.node))
        if !placement.shared, !nodes.allSatisfy(placement.memoryNodes.contains) {
            return "gets cpus of \(nodes), memory of \(placement.memoryNodes)"
        }
        for (name, request) in demand.named where placement.named[name]?.count ?? 0 != request.count { return "gets \(placement.named)" }
        return nil
    }

    /// What is given twice or beyond what is there, by the placements alone.
    func overcommitted() -> String? {
        let holding = live.values.filter { !$0.released }
        var exclusive = CpuSet()
        for attempt in holding where !attempt.placement.shared {
            if !attempt.placement.cpus.isDisjoint(with: exclusive) { return "cpus \(attempt.placement.cpus) are given twice" }
            exclusive = exclusive.union(attempt.placement.cpus)
        }
        let usable = CpuSet(shape.allCpus.members.dropFirst(settings.reservedCores ?? (shape.cpus.count > 2 ? 1 : 0)))
        if !exclusive.isSubset(of: usable) { return "cpus \(exclusive) are not all for jobs" }
        let quota = holding.filter(\.placement.shared).reduce(0) { $0 + $1.demand.cpuMillis }
        if quota > usable.subtracting(exclusive).count * 1000 {
            return "a pool of \(usable.subtracting(exclusive)) for a quota sum of \(quota)"
        }
        if live.values.reduce(Bytes.zero, { $0 + $1.demand.memory }) > shape.pageMemory - settings.reservedMemory { return "memory" }
        for pool in shape.hugePages {
            func taken(_ attempts: some Sequence<Live>) -> UInt64 {
                attempts.flatMap { $0.demand.hugePages ?? [] }.filter { $0.size == pool.size }.reduce(0) { $0 + $1.bytes.count }
            }
            if taken(live.values) > pool.bytes.count { return "huge pages of \(pool.size)" }
            for node in shape.nodes {
                let own = (node.hugePages ?? []).filter { $0.size == pool.size }.reduce(UInt64(0)) { $0 + $1.bytes.count }
                let bound = live.values.filter { $0.placement.memoryNodes == MemoryNodeSet([node.id]) }
                if taken(bound) > own { return "huge pages of \(pool.size) on node \(node.id)" }
            }
        }
        if let most = settings.scratchCapacity, live.values.reduce(Bytes.zero, { $0 + $1.demand.scratch }) > most { return "scratch" }
        for node in shape.nodes {
            let bound = live.values.filter { $0.placement.memoryNodes == MemoryNodeSet([node.id]) }
            if bound.reduce(Bytes.zero, { $0 + $1.demand.memory }) > node.pageMemory { return "memory of node \(node.id)" }
        }
        let instances = live.values.flatMap { $0.placement.named.flatMap { name, list in list.map { "\(name) \($0)" } } }
        return Set(instances).count == instances.count ? nil : "instances \(instances)"
    }
}
