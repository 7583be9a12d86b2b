public import JobModel

/// The scheduler: told what changed, it says what to start. A value without clock, randomness or I/O; the daemon and the simulator share it.
///
///     change ──► apply ──► plan(now) ──► decisions ──► committed by the caller ──► started / resumed / withdrawn ──► apply
///
/// Priority (queue's plus own), then the order of submission; EASY backfill on cores, memory, scratch and named resources.
/// A decision counts as given at once: planning again does not repeat it, and `withdrawn` takes it back.
public struct State: Sendable {
    public private(set) var settings: Settings
    public private(set) var shape: MachineShape

    public init(shape: MachineShape, settings: Settings = Settings()) {
        self.shape = shape
        self.settings = settings
    }

    /// Takes in what happened; its cost is bound to what changed.
    public mutating func apply(_ change: Change) {}

    /// Decides what can start now; its cost grows with what can start, not with what waits.
    public mutating func plan(now: Instant) -> Plan { Plan() }

    /// Every reason why the task waits, with numbers; empty when it is unknown, runs, or would start with the next plan.
    public func reasons(for task: TaskID, now: Instant) -> [PendingReason] { [] }

    /// When the task is expected to start, from the last plan's reservation; nil: not known.
    public func estimatedStart(of task: TaskID) -> WallTime? { nil }

    /// Why a demand can never be met on this machine, told at submit.
    public func refusal(of demand: ResourceDemand) -> PendingReason? { nil }

    /// Why a job can never start under its queue's and user's limits or on this machine, told at submit.
    public func refusal(of job: Job) -> PendingReason? { nil }

    /// Why the dependencies of a job cannot be accepted: an unknown job or index, index sets of `aftercorr` that differ.
    public func refusal(ofDependencies job: Job) -> SpecError? { nil }

    /// One line for each invariant that is broken; for debug builds and tests.
    public func checkInvariants() -> [String] { [] }
}
