public import JobModel

/// `GET /v1/jobs/{job}`: everything about one job, or about some of its tasks.
public struct ShowRequest: QueryRequest {
    /// Only these tasks of an array.
    public var indices: IntervalSet?
    /// Only this attempt.
    public var attempt: UInt32?
    /// The script in full.
    public var script: Bool
    /// The steps of each attempt's start.
    public var timing: Bool

    public init(indices: IntervalSet? = nil, attempt: UInt32? = nil, script: Bool = false, timing: Bool = false) {
        self.indices = indices
        self.attempt = attempt
        self.script = script
        self.timing = timing
    }

    public init(query: Query) throws(APIError) {
        indices = try query.value("indices", accepted: IntervalSet.accepted) { IntervalSet(list: $0) }
        attempt = try query.value("attempt", accepted: "a number from 1") { UInt32($0) }
        script = query.flag("script")
        timing = query.flag("timing")
    }

    public var query: Query {
        var query = Query()
        query.add("indices", indices)
        query.add("attempt", attempt)
        query.add(flag: "script", script)
        query.add(flag: "timing", timing)
        return query
    }
}

/// Redacted of another user's job: no spec, batch or holds, and of attempts neither outcome, usage, pid, groups, timing nor notes; placement stays.
public struct JobDetail: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var now: WallTime
    public var job: JobSummary
    /// After defaults; the script only when asked for. Nil when redacted.
    public var spec: JobSpec?
    public var scriptBytes: Int?
    /// On the job's own tasks.
    public var holds: [TaskHold]?
    /// Inherited from its batch.
    public var batchHolds: [Hold]?
    public var dependencies: [DependencyView]?
    /// Jobs that wait for this one.
    public var dependents: [JobID]?
    /// Newest last, at most `APILimit.attempts`.
    public var attempts: [AttemptView]
    /// How many more there are.
    public var attemptsOmitted: Int?

    public init(now: WallTime, job: JobSummary, attempts: [AttemptView] = []) {
        self.now = now
        self.job = job
        self.attempts = attempts
    }
}

/// A dependency and how it stands.
public struct DependencyView: Hashable, Sendable, Codable {
    public enum State: String, Hashable, Sendable, Codable, CaseIterable { case waiting, met, impossible }
    public var dependency: Dependency
    public var state: State
    public init(_ dependency: Dependency, state: State) {
        self.dependency = dependency
        self.state = state
    }
}
