public import JobModel

extension State {
    /// Why a demand can never be met on this machine, told at submit.
    public func refusal(of demand: ResourceDemand) -> PendingReason? { machine.refusal(of: demand) }

    /// Why a job can never start under its queue's and user's limits or on this machine, or is one task too many in the queue; told at submit.
    public func refusal(of job: Job) -> PendingReason? {
        if let reason = machine.refusal(of: job.demand) { return reason }
        for key in limitKeys(job) {
            let limits = limits(key)
            let book = LimitBook(key, limits)
            if let (field, text) = excess(job.demand, job.timeLimit, over: limits) {
                return PendingReason(.impossible, "\(book.name): \(text)", field: field)
            }
            guard let most = limits.pendingTasks, positions[job.id] == nil else { continue }
            let waiting = bookPositions[key].map { books[$0].pending } ?? 0
            if waiting + job.indices.count > most {
                return PendingReason(
                    book.reason, "\(book.name): \(job.indices.count) more tasks, \(waiting) wait, at most \(most) may (pending_tasks)")
            }
        }
        return nil
    }

    /// Why the dependencies of a job cannot be accepted: an unknown job or index, index sets of `aftercorr` that differ.
    public func refusal(ofDependencies job: Job) -> SpecError? {
        dependencies.refusal(job.id, indices: job.indices, dependencies: job.dependencies)
    }

    /// The field that asks for more than the limits, and how.
    private func excess(_ demand: ResourceDemand, _ timeLimit: TimeSpan, over limits: ResourceLimits) -> (field: String?, text: String)? {
        let cores = [limits.coresPerTask, limits.activeCores].compactMap { $0 }.min()
        let millis = max(demand.cores * 1000, demand.cpuMillis)
        if let cores, millis > cores * 1000 {
            let field = demand.cores > 0 ? "resources.cores" : "resources.cpuMillis"
            let name = cores == limits.coresPerTask ? "cores" : "active_cores"
            return (field, "needs \(Machine.cores(millis)), at most \(cores) \(cores == 1 ? "is" : "are") allowed (\(name))")
        }
        let memory = [limits.memoryPerTask, limits.activeMemory].compactMap { $0 }.min()
        if let memory, demand.memory > memory {
            let name = memory == limits.memoryPerTask ? "memory" : "active_memory"
            return ("resources.memory", "needs \(demand.memory) of memory, at most \(memory) is allowed (\(name))")
        }
        if let scratch = limits.scratchPerTask, demand.scratch > scratch {
            return ("resources.scratch", "needs \(demand.scratch) of scratch, at most \(scratch) is allowed (scratch)")
        }
        if let pids = limits.pidsPerTask, demand.pids > pids {
            return ("resources.pids", "needs \(demand.pids) pids, at most \(pids) are allowed (pids)")
        }
        if let longest = limits.timeLimit, timeLimit > longest {
            return ("timeLimit", "time limit \(timeLimit), at most \(longest) is allowed (time_limit)")
        }
        if limits.activeTasks == 0 { return (nil, "no task may be active (active_tasks)") }
        return nil
    }
}
