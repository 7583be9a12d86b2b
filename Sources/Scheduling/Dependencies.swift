import DequeModule
public import JobModel

/// Turns outcomes of tasks into released and failed tasks of the jobs that depend on them: contract §3. Pure; `State` holds one.
///
/// A job's tasks wait while one of its dependencies is open. One that can no longer hold fails all tasks, `aftercorr` only the index.
public struct Dependencies: Sendable {
    /// What is known of a job that others may depend on.
    struct Source: Sendable {
        var outcomes: JobOutcomes
        var counts: Counts
        /// False for jobs of the ledger.
        var live: Bool
        /// Jobs that depend on it.
        var dependents: Set<JobID> = []
    }

    /// Kept beside the sets, so that an ending costs the same however the sets are fragmented.
    struct Counts: Sendable {
        var started: Int
        var succeeded: Int
        var unsuccessful: Int
        var total: Int
    }

    /// One dependency of one job.
    struct Condition: Sendable {
        let dependency: Dependency
        var state = ConditionState.open
        /// Of `aftercorr`: indices that wait, and those that can no longer start.
        var openIndices = IntervalSet()
        var failedIndices = IntervalSet()
    }

    enum ConditionState: Sendable { case open, met, failed }

    struct Dependent: Sendable {
        let indices: IntervalSet
        var conditions: [Condition]
    }

    var sources: [JobID: Source] = [:]
    var dependents: [JobID: Dependent] = [:]
    /// Jobs of the ledger that nobody depends on yet, oldest first; the oldest are forgotten.
    private var idle: Deque<JobID> = []
    static let mostIdle = 1024

    public init() {}

    /// A job that others may depend on, live or from the ledger; told again, it replaces what was known. Returns the jobs whose tasks are affected.
    @discardableResult
    public mutating func know(_ outcomes: JobOutcomes, live: Bool) -> [JobID] {
        let counts = Counts(
            started: outcomes.started.union(outcomes.ended).count, succeeded: outcomes.succeeded.count,
            unsuccessful: outcomes.unsuccessful.count, total: outcomes.indices.count)
        let followers = sources[outcomes.job]?.dependents ?? []
        sources[outcomes.job] = Source(outcomes: outcomes, counts: counts, live: live, dependents: followers)
        if !live, followers.isEmpty { keepIdle(outcomes.job) }
        return reevaluate(outcomes.job)
    }

    private mutating func keepIdle(_ job: JobID) {
        idle.append(job)
        while idle.count > Self.mostIdle {
            let oldest = idle.removeFirst()
            if let source = sources[oldest], !source.live, source.dependents.isEmpty, oldest != job { sources[oldest] = nil }
        }
    }

    /// A job with dependencies. A dependency on a job that is not known can never hold.
    public mutating func add(_ job: JobID, indices: IntervalSet, dependencies: [Dependency]) {
        guard !dependencies.isEmpty else { return }
        dependents[job] = Dependent(indices: indices, conditions: dependencies.map { Condition(dependency: $0) })
        for dependency in dependencies { sources[dependency.job]?.dependents.insert(job) }
        for position in dependencies.indices { evaluate(job, position) }
    }

    /// The job is gone. What still waited for its outcome can no longer hold. Returns the jobs whose tasks are affected.
    @discardableResult
    public mutating func remove(_ job: JobID) -> [JobID] {
        drop(job)
        guard var source = sources[job] else { return [] }
        source.live = false
        guard !source.dependents.isEmpty else {
            sources[job] = nil
            return []
        }
        let lost = source.outcomes.indices.subtracting(source.outcomes.ended)
        source.outcomes.unsuccessful = source.outcomes.unsuccessful.union(lost)
        return know(source.outcomes, live: false)
    }

    /// The job depends on nothing any more.
    mutating func drop(_ job: JobID) {
        for condition in dependents.removeValue(forKey: job)?.conditions ?? [] { forget(condition.dependency.job, dependent: job) }
    }

    private mutating func forget(_ source: JobID, dependent: JobID) {
        sources[source]?.dependents.remove(dependent)
        if let left = sources[source], !left.live, left.dependents.isEmpty { sources[source] = nil }
    }

    /// Tasks that wait for a dependency, the failed ones included.
    public func waiting(_ job: JobID) -> IntervalSet {
        guard let dependent = dependents[job] else { return IntervalSet() }
        if dependent.conditions.contains(where: { $0.state != .met && $0.dependency.kind != .aftercorr || $0.state == .failed }) {
            return dependent.indices
        }
        return dependent.conditions.reduce(IntervalSet()) { $0.union($1.openIndices).union($1.failedIndices) }
    }

    /// Tasks with a dependency that can no longer hold.
    public func failed(_ job: JobID) -> IntervalSet {
        guard let dependent = dependents[job] else { return IntervalSet() }
        if dependent.conditions.contains(where: { $0.state == .failed }) { return dependent.indices }
        return dependent.conditions.reduce(IntervalSet()) { $0.union($1.failedIndices) }
    }

    /// The dependencies that keep one task, with whether they can still hold.
    public func open(_ job: JobID, slot: TaskIndex) -> [(dependency: Dependency, failed: Bool)] {
        (dependents[job]?.conditions ?? []).compactMap { condition in
            if condition.state == .failed || condition.failedIndices.contains(slot) { return (condition.dependency, true) }
            if condition.dependency.kind == .aftercorr { return condition.openIndices.contains(slot) ? (condition.dependency, false) : nil }
            return condition.state == .open ? (condition.dependency, false) : nil
        }
    }
}
