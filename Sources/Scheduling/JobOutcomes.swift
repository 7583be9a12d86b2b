public import JobModel

/// What dependencies see of a job: which of its tasks started and how they ended.
public struct JobOutcomes: Hashable, Sendable, Codable {
    public var job: JobID
    public var isArray: Bool
    public var indices: IntervalSet
    /// Started at least once; those that ended count as started too.
    public var started: IntervalSet
    public var succeeded: IntervalSet
    /// Ended otherwise.
    public var unsuccessful: IntervalSet

    public init(
        job: JobID, isArray: Bool, indices: IntervalSet, started: IntervalSet = IntervalSet(), succeeded: IntervalSet = IntervalSet(),
        unsuccessful: IntervalSet = IntervalSet()
    ) {
        self.job = job
        self.isArray = isArray
        self.indices = indices
        self.started = started
        self.succeeded = succeeded
        self.unsuccessful = unsuccessful
    }

    /// Takes what counts from a stored job.
    public init(_ record: JobRecord, _ tasks: TaskTable) {
        self.init(
            job: record.id, isArray: record.isArray, indices: record.indices, started: tasks.started.union(tasks.active),
            succeeded: tasks.succeeded, unsuccessful: tasks.unsuccessful)
    }

    var ended: IntervalSet { succeeded.union(unsuccessful) }
    var isFinished: Bool { succeeded.count + unsuccessful.count == indices.count }
}
