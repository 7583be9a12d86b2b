/// Everything known of a run: what clients asked and saw, what the tasks wrote, and what the daemon says in the end.
public struct History: Sendable {
    public var orders: [Order] = []
    public var sightings: [Sighting] = []
    public var journals: [TaskName: Journal] = [:]
    public var records: [JobRecord] = []
    /// By attempt: when it was decided that it starts, on the boot clock; from the events.
    public var assignments: [AttemptName: UInt64] = [:]
    /// By attempt: how often its end was told.
    public var toldEnds: [AttemptName: Int] = [:]
    /// How many licences there are.
    public var licences = 0
    /// Whether the machine lost power: what ran then may be lost.
    public var lostPower = false

    public init() {}

    /// Forgets what happened after the moment at which the disk's state was taken. A call that was under way may have been done or not.
    public mutating func losePower(at moment: UInt64) {
        lostPower = true
        sightings.removeAll { if case .look = $0.kind { $0.ended > moment } else { $0.began > moment } }
        for index in sightings.indices where sightings[index].ended > moment {
            sightings[index].isAcknowledged = false
            if case .submit(let order, _, let isHeld) = sightings[index].kind {
                sightings[index].kind = .submit(order: order, job: nil, isHeld: isHeld)
            }
        }
    }

    public func order(_ name: String) -> Order? { orders.first { $0.name == name } }
}

/// What one client saw: a call with the time it was made and the time its answer was there, in boot nanoseconds.
public struct Sighting: Sendable {
    public enum Act: String, Sendable, CaseIterable { case hold, release, pause, resume, cancel }
    public enum Target: Hashable, Sendable {
        case job(Int)
        case batch(String)
    }
    public enum Kind: Sendable {
        /// Nil when no id was told.
        case submit(order: String, job: Int?, isHeld: Bool)
        case act(Act, Target)
        /// What `show` said; of tasks that have ended how they did.
        case look(job: Int, holds: Set<HoldSeen>, paused: Set<TaskName>, ended: [TaskName: String])
    }

    public var began: UInt64
    public var ended: UInt64
    public var kind: Kind
    /// The daemon said that it was done. Without that it may have been done or not.
    public var isAcknowledged: Bool

    public init(_ kind: Kind, began: UInt64, ended: UInt64, isAcknowledged: Bool = true) {
        self.kind = kind
        self.began = began
        self.ended = ended
        self.isAcknowledged = isAcknowledged
    }
}

/// A hold as `show` lists it, without who and when.
public struct HoldSeen: Hashable, Sendable {
    public enum Kind: String, Sendable { case user, userPause }
    public var kind: Kind
    public var isOfBatch: Bool
    public init(_ kind: Kind, isOfBatch: Bool = false) {
        self.kind = kind
        self.isOfBatch = isOfBatch
    }
}

/// A job at the end, as the daemon tells it.
public struct JobRecord: Sendable {
    public var job: Int
    public var name: String
    /// The state of each task, such as `succeeded`.
    public var states: [TaskName: String]
    public var attempts: [AttemptRecord]

    public init(job: Int, name: String, states: [TaskName: String] = [:], attempts: [AttemptRecord] = []) {
        self.job = job
        self.name = name
        self.states = states
        self.attempts = attempts
    }

    public func attempts(of task: TaskName) -> [AttemptRecord] { attempts.filter { $0.name.task == task }.sorted { $0.name.number < $1.name.number } }
}

/// An attempt at the end.
public struct AttemptRecord: Sendable {
    public var name: AttemptName
    /// A kind of `AttemptOutcome`, such as `failed`.
    public var outcome: String
    public var code: Int?
    public var signal: String?
    /// What failed of a start.
    public var operation: String?
    public var cpuMicroseconds: UInt64?

    public init(_ name: AttemptName, outcome: String, code: Int? = nil, signal: String? = nil, cpuMicroseconds: UInt64? = nil) {
        self.name = name
        self.outcome = outcome
        self.code = code
        self.signal = signal
        self.cpuMicroseconds = cpuMicroseconds
    }
}
