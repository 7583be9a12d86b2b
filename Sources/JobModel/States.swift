/// Where a task stands.
public enum TaskPhase: String, Hashable, Sendable, Codable, CaseIterable { case pending, active, finished }

/// What is observed of an attempt: contract §2.
public enum AttemptState: String, Hashable, Sendable, Codable, CaseIterable {
    case assigned, starting, running, pausing, paused, resuming, suspending, suspended, migrating, stopping, unreachable, finished
}

/// How one run of a task ended.
public enum AttemptOutcome: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case succeeded, failed, killed, timedOut, outOfMemory, cancelled, startFailed, preempted, nodeLost, monitorLost
    }

    case succeeded
    case failed(code: Int32)
    case killed(signal: Int32)
    case timedOut
    case outOfMemory
    case cancelled
    /// The operation with its subject (`mount overlay on /x`) and the name of the errno (`ENOENT`).
    case startFailed(operation: String, errno: String)
    case preempted
    case nodeLost
    case monitorLost

    public var kind: Kind {
        switch self {
        case .succeeded: .succeeded
        case .failed: .failed
        case .killed: .killed
        case .timedOut: .timedOut
        case .outOfMemory: .outOfMemory
        case .cancelled: .cancelled
        case .startFailed: .startFailed
        case .preempted: .preempted
        case .nodeLost: .nodeLost
        case .monitorLost: .monitorLost
        }
    }
}

/// How a task ended: its last attempt's outcome once retries are used up, or one of its own.
public enum TaskOutcome: Hashable, Sendable, Codable {
    case attempt(AttemptOutcome)
    case cancelled
    case dependencyFailed

    public var succeeded: Bool { self == .attempt(.succeeded) }
}

/// What a stop was decided for; committed before anything is killed.
public enum StopReason: String, Hashable, Sendable, Codable, CaseIterable {
    case cancelled, timedOut, outOfMemory, preempted

    /// The outcome of an attempt that ends after this was decided.
    public var outcome: AttemptOutcome {
        switch self {
        case .cancelled: .cancelled
        case .timedOut: .timedOut
        case .outOfMemory: .outOfMemory
        case .preempted: .preempted
        }
    }
}
