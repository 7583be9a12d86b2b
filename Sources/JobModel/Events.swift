/// Something that happened, as `berth events` shows it.
public struct Event: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case submitted, assigned, started, running, paused, resumed, waitingForCores, freezeFailed, finished, requeued, held, released
        case memoryThreshold, memorySignal, outOfMemory, warningSignal, stopping, updated, batchHeld, batchReleased, audit, daemonStarted
    }

    /// In the order of the store; a client resumes after the last it saw.
    public var sequence: UInt64
    public var at: WallTime
    public var kind: Kind
    public var job: JobID?
    public var task: TaskID?
    public var attempt: AttemptID?
    public var owner: UserID?
    public var batch: String?
    public var outcome: AttemptOutcome?
    public var detail: String?

    public init(
        sequence: UInt64, at: WallTime, kind: Kind, job: JobID? = nil, task: TaskID? = nil, attempt: AttemptID? = nil, owner: UserID? = nil,
        batch: String? = nil, outcome: AttemptOutcome? = nil, detail: String? = nil
    ) {
        self.sequence = sequence
        self.at = at
        self.kind = kind
        self.job = job
        self.task = task
        self.attempt = attempt
        self.owner = owner
        self.batch = batch
        self.outcome = outcome
        self.detail = detail
    }
}

/// One thing that keeps a task from starting; a task lists all of them.
public struct PendingReason: Hashable, Sendable, Codable, CustomStringConvertible {
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case hold, dependency, begin, backoff, arrayLimit, queueLimit, userLimit, batchLimit, cores, memory, hugePages, scratch, named, disk,
            priority, reservation, impossible
    }

    public var kind: Kind
    /// One line: what is wanted and what is there, such as `needs 2 cores, 1 of 2 is free`.
    public var text: String
    /// The field of the spec that asks for too much, such as `resources.memory`; of `impossible`, where there is one.
    public var field: String?
    public init(_ kind: Kind, _ text: String, field: String? = nil) {
        self.kind = kind
        self.text = text
        self.field = field
    }
    public var description: String { text }
}
