public import JobModel

extension State {
    /// Something that happened, told to the scheduler after it was committed. A change about a job or task that the state does not know is ignored.
    public enum Change: Hashable, Sendable {
        /// A job and where its tasks stand. Each task in `tasks.active` comes as `adopted` after it.
        /// Jobs that this one depends on and that the state does not hold must be told first by `finishedElsewhere`.
        case jobAdded(Job, tasks: TaskTable)
        /// Priority, demand, time limit, begin, limit, queue or batch changed; what runs keeps what it has.
        case jobUpdated(Job)
        /// The job is gone from the store, with all its tasks.
        case jobRemoved(JobID)
        /// Outcomes of a job that ended before (in the ledger), for jobs yet to be added that depend on it.
        case finishedElsewhere(JobOutcomes)
        /// All holds of task scope of a job, in place of the former ones.
        case holds(JobID, [TaskHold])
        /// All holds of a batch, in place of the former ones; members present and to come inherit them.
        case batchHolds(BatchID, [Hold])
        /// Pending tasks ended without an attempt: cancelled, or a dependency that can no longer hold.
        case pendingEnded(JobID, IntervalSet, TaskOutcome)
        /// Tasks go back to pending without an attempt that ends (`requeue` of finished tasks).
        case pendingAgain(JobID, IntervalSet)
        /// The start that a plan proposed was committed; the time limit runs from `at`.
        case started(AttemptID, Placement, at: BootTime)
        /// An attempt found at restart, with all that stands about it: told once, in place of `started` and `frozen`.
        case adopted(Adoption)
        /// The start or resume that a plan proposed was not committed: it may be proposed again.
        case withdrawn(TaskID)
        /// The attempt ended and its groups are gone; its resources come back.
        case ended(AttemptID, Ending)
        /// The attempt is frozen since `at`; without `keepCores` its cores (or its share of the pool) go to others, memory stays.
        case frozen(AttemptID, keepCores: Bool, at: BootTime)
        /// No pause stands any more: the frozen attempt waits for cores, first in line.
        case wantsResume(AttemptID, at: BootTime)
        /// A pause was placed again before it got its cores.
        case noLongerWantsResume(AttemptID)
        /// The resume that a plan proposed was committed; the time limit goes on from `at`.
        case resumed(AttemptID, Placement, at: BootTime)
        /// Nothing starts for this reason, but what waits for cores after a pause goes on; nil: starts are free again.
        case startsHeld(String?)
        /// The wall clock was set: back-offs are spans and move along; begin times are dates and stay.
        case wallClockSet(by: TimeSpan)
        case shape(MachineShape)
        case settings(Settings)
    }

    /// What becomes of a task when its attempt ends.
    public enum Ending: Hashable, Sendable {
        case finished(TaskOutcome)
        /// Back in the queue (retry, preempted, rerun), at its old place; not before a moment.
        case pending(notBefore: WallTime?)
    }
}

extension State {
    /// An attempt that was active before the state was built.
    public struct Adoption: Hashable, Sendable, Codable {
        public var attempt: AttemptID
        public var placement: Placement
        public var startedAt: BootTime
        /// Frozen before the present freeze.
        public var pausedFor: TimeSpan
        /// Since when it is frozen; nil: it runs.
        public var frozenAt: BootTime?
        /// While frozen it gave its cores to others.
        public var coresReleased: Bool
        /// While frozen: it waits for cores since then.
        public var waitingSince: BootTime?

        public init(
            _ attempt: AttemptID, _ placement: Placement, startedAt: BootTime, pausedFor: TimeSpan = .zero, frozenAt: BootTime? = nil,
            coresReleased: Bool = false, waitingSince: BootTime? = nil
        ) {
            self.attempt = attempt
            self.placement = placement
            self.startedAt = startedAt
            self.pausedFor = pausedFor
            self.frozenAt = frozenAt
            self.coresReleased = coresReleased
            self.waitingSince = waitingSince
        }
    }
}
