public import JobModel

extension Dependencies {
    /// Tasks started. Returns the jobs whose tasks are affected, in ascending order.
    public mutating func started(_ job: JobID, _ tasks: IntervalSet) -> [JobID] {
        guard sources[job] != nil else { return [] }
        let known = sources[job]!.outcomes.indices.intersection(within: tasks)
        let fresh = known.subtracting(sources[job]!.outcomes.started.intersection(within: known))
        let news = fresh.subtracting(sources[job]!.outcomes.ended(within: fresh)).count
        for range in fresh.ranges { sources[job]!.outcomes.started.insert(range) }
        sources[job]!.counts.started += news
        return news > 0 ? narrow(job, to: tasks, kinds: [.after]) : []
    }

    /// Tasks ended with their final outcome. Returns the jobs whose tasks are affected, in ascending order.
    public mutating func ended(_ job: JobID, _ tasks: IntervalSet, succeeded: Bool) -> [JobID] {
        guard let outcomes = sources[job]?.outcomes else { return [] }
        let fresh = outcomes.indices.intersection(within: tasks).subtracting(outcomes.ended(within: tasks))
        guard !fresh.isEmpty else { return [] }
        sources[job]!.counts.started += fresh.subtracting(outcomes.started.intersection(within: fresh)).count
        for range in fresh.ranges {
            if succeeded { sources[job]!.outcomes.succeeded.insert(range) } else { sources[job]!.outcomes.unsuccessful.insert(range) }
        }
        if succeeded { sources[job]!.counts.succeeded += fresh.count } else { sources[job]!.counts.unsuccessful += fresh.count }
        return narrow(job, to: fresh, kinds: Set(Dependency.Kind.allCases))
    }

    /// Finished tasks are pending again: their outcomes no longer count.
    public mutating func pendingAgain(_ job: JobID, _ tasks: IntervalSet) -> [JobID] {
        guard var outcomes = sources[job]?.outcomes, let live = sources[job]?.live else { return [] }
        outcomes.succeeded = outcomes.succeeded.subtracting(tasks)
        outcomes.unsuccessful = outcomes.unsuccessful.subtracting(tasks)
        return know(outcomes, live: live)
    }

    /// Looks again at the open conditions on a job after some of its tasks moved on.
    private mutating func narrow(_ source: JobID, to tasks: IntervalSet, kinds: Set<Dependency.Kind>) -> [JobID] {
        var affected: [JobID] = []
        for job in sources[source]!.dependents.sorted() {
            var changed = false
            for position in dependents[job]!.conditions.indices {
                let condition = dependents[job]!.conditions[position]
                guard condition.dependency.job == source, condition.state == .open, kinds.contains(condition.dependency.kind) else {
                    continue
                }
                if condition.dependency.kind == .aftercorr { settle(job, position, tasks) } else { evaluate(job, position) }
                changed = changed || condition.dependency.kind == .aftercorr || dependents[job]!.conditions[position].state != .open
            }
            if changed { affected.append(job) }
        }
        return affected
    }

    /// Of `aftercorr`: only the indices that ended just now.
    private mutating func settle(_ job: JobID, _ position: Int, _ tasks: IntervalSet) {
        let unsuccessful = sources[dependents[job]!.conditions[position].dependency.job]!.outcomes.unsuccessful
        for range in tasks.ranges {
            let failed = unsuccessful.intersection(within: IntervalSet(range)).intersection(dependents[job]!.indices)
            dependents[job]!.conditions[position].openIndices.remove(range)
            for part in failed.ranges { dependents[job]!.conditions[position].failedIndices.insert(part) }
        }
    }

    mutating func reevaluate(_ source: JobID) -> [JobID] {
        let affected = sources[source]!.dependents.sorted()
        for job in affected {
            for position in dependents[job]!.conditions.indices where dependents[job]!.conditions[position].dependency.job == source {
                evaluate(job, position)
            }
        }
        return affected
    }

    mutating func evaluate(_ job: JobID, _ position: Int) {
        let dependency = dependents[job]!.conditions[position].dependency
        guard let source = sources[dependency.job] else {
            dependents[job]!.conditions[position].state = .failed
            return
        }
        if dependency.kind == .aftercorr {
            let indices = dependents[job]!.indices
            dependents[job]!.conditions[position].openIndices = indices.subtracting(source.outcomes.ended)
            dependents[job]!.conditions[position].failedIndices = indices.intersection(source.outcomes.unsuccessful)
            dependents[job]!.conditions[position].state = source.outcomes.indices == indices ? .open : .failed
        } else {
            dependents[job]!.conditions[position].state = Self.judge(dependency, source)
        }
    }

    /// Whether a dependency on a whole job or on one index holds, can still hold, or cannot.
    private static func judge(_ dependency: Dependency, _ source: Source) -> ConditionState {
        var counts = source.counts
        if let index = dependency.index {
            let outcomes = source.outcomes
            guard outcomes.indices.contains(index) else { return .failed }
            let succeeded = outcomes.succeeded.contains(index)
            let unsuccessful = outcomes.unsuccessful.contains(index)
            let started = succeeded || unsuccessful || outcomes.started.contains(index)
            counts = Counts(started: started ? 1 : 0, succeeded: succeeded ? 1 : 0, unsuccessful: unsuccessful ? 1 : 0, total: 1)
        }
        let allEnded = counts.succeeded + counts.unsuccessful == counts.total
        switch dependency.kind {
        case .after: return counts.started == counts.total ? .met : .open
        case .afterany: return allEnded ? .met : .open
        case .afterok: return counts.unsuccessful > 0 ? .failed : counts.succeeded == counts.total ? .met : .open
        // Known only when all have ended: with Slurm too, the job that follows finds the whole array at rest.
        case .afternotok: return !allEnded ? .open : counts.unsuccessful > 0 ? .met : .failed
        case .aftercorr: return .open
        }
    }
}

extension JobOutcomes {
    func ended(within tasks: IntervalSet) -> IntervalSet {
        succeeded.intersection(within: tasks).union(unsuccessful.intersection(within: tasks))
    }
}
