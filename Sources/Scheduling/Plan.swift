public import JobModel

/// What to do now: commit the decisions in their order, then carry them out in their order.
public struct Plan: Hashable, Sendable {
    public enum Decision: Hashable, Sendable {
        /// Start a new attempt of the task. Counts as given until `started`, `ended` or `withdrawn` is applied.
        case start(TaskID, Placement)
        /// Thaw the attempt on these cores, which may differ from the former ones. Counts as given until `resumed` or `withdrawn`.
        case resume(AttemptID, Placement)
        /// Set the shared pool's CPUs before the decisions that follow; told only while tasks of the pool are active.
        case poolChanged(CpuSet)
        /// These pending tasks can never start: end them as `dependencyFailed`. Repeated until `pendingEnded` is applied.
        case dependencyFailed(JobID, IntervalSet)
    }

    /// When the first task that cannot start will start at the latest, if what runs keeps its time limits.
    public struct Reservation: Hashable, Sendable {
        public var task: TaskID
        /// On the boot clock; nil: not known, because frozen attempts hold what it needs.
        public var start: BootTime?
        public var wall: WallTime?
        public init(task: TaskID, start: BootTime?, wall: WallTime?) {
            self.task = task
            self.start = start
            self.wall = wall
        }
    }

    public var decisions: [Decision] = []
    /// At most one with EASY: of the attempt first in line for cores, else of the first task that cannot start.
    public var reservations: [Reservation] = []
    /// Plan again after this time even if nothing changes (begin, back-off, reservation); nil: only after a change.
    public var wakeAfter: TimeSpan?

    public init() {}
}
