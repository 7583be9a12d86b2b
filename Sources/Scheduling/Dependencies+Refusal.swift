public import JobModel

extension Dependencies {
    /// Why dependencies cannot be accepted, told at submit.
    public func refusal(_ job: JobID, indices: IntervalSet, dependencies: [Dependency]) -> SpecError? {
        for (position, dependency) in dependencies.enumerated() {
            let field = "dependencies[\(position)]"
            guard dependency.job != job, let source = sources[dependency.job] else {
                return SpecError(
                    field: field, found: dependency.job == job ? "the job itself" : "unknown job \(dependency.job)",
                    accepted: "an earlier job")
            }
            if let index = dependency.index, !source.outcomes.isArray || !source.outcomes.indices.contains(index) {
                return SpecError(
                    field: field, found: "no task \(dependency.job).\(index)",
                    accepted: source.outcomes.isArray
                        ? "an index of \(source.outcomes.indices)" : "job \(dependency.job), which is no array")
            }
            if dependency.kind == .aftercorr, source.outcomes.indices != indices || dependency.index != nil {
                return SpecError(
                    field: field, found: "aftercorr of indices \(indices) on indices \(source.outcomes.indices)",
                    accepted: "an array with the same indices")
            }
        }
        return nil
    }
}
