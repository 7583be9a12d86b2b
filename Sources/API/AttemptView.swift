public import JobModel

/// One run of a task as shown. Times are the daemon's wall clock; spans were measured on the boot clock.
public struct AttemptView: Hashable, Sendable, Codable {
    public var id: AttemptID
    public var state: AttemptState
    public var node: String?
    public var placement: Placement?
    public var assignedAt: WallTime?
    public var startedAt: WallTime?
    public var endedAt: WallTime?
    public var queuedFor: TimeSpan?
    /// Without the time frozen.
    public var ranFor: TimeSpan?
    public var pausedFor: TimeSpan?
    /// Until the time limit; stands still while frozen.
    public var timeLeft: TimeSpan?
    /// Paused or resumed, and its cores went to others.
    public var coresReleased: Bool?
    /// Resumed, but its cores are not free yet.
    public var waitingForCores: Bool?
    /// Decided, not yet carried out.
    public var stop: StopReason?
    public var outcome: OutcomeView?
    /// So far of an active one; final once finished.
    public var usage: Usage?
    /// A line for people, such as why a freeze failed.
    public var note: String?
    /// The process id of the job's PID 1 on the machine, for those who may see the spec.
    public var pid: Int32?
    /// The name of its control groups, below `cgroupParent` of the node; for the same people.
    public var group: String?
    /// When asked for, and kept; for the same people.
    public var timing: AttemptTiming?

    public init(id: AttemptID, state: AttemptState) {
        self.id = id
        self.state = state
    }
}
