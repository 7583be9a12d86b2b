import HeapModule
public import JobModel

/// The scheduler: told what changed, it says what to start. A value without clock, randomness or I/O; the daemon and the simulator share it.
///
///     change ──► apply ──► plan(now) ──► decisions ──► committed by the caller ──► started / resumed / withdrawn ──► apply
///
/// Priority (queue's plus own), then the order of submission; EASY backfill on cores, memory, scratch and named resources.
/// A decision counts as given at once: planning again does not repeat it, and `withdrawn` takes it back.
public struct State: Sendable {
    public internal(set) var settings: Settings
    public internal(set) var shape: MachineShape
    var machine: Machine

    /// Jobs by position; a position is used again after its job went.
    var entries: [Entry] = []
    /// Raised whenever an entry leaves the line, so that what the heaps still hold of it is known to be stale.
    var stamps: [UInt32] = []
    var positions: [JobID: Int] = [:]
    var vacantPositions: [Int] = []

    /// Jobs of equal demand, time limit and limits: one that does not fit speaks for all.
    var classes: [DemandClass] = []
    var classPositions: [DemandClass.Key: Int] = [:]
    var vacantClasses: [Int] = []
    var tree: ClassTree

    var books: [LimitBook] = []
    var bookPositions: [LimitBook.Key: Int] = [:]

    var attempts: [TaskID: Attempt] = [:]
    /// What runs, by expected end.
    var profile = Profile()
    /// Frozen attempts that wait for cores, first come first served.
    var waiters: [Waiter] = []

    var batches: [BatchID: BatchEntry] = [:]
    var timers = Heap<Timer>()
    var dependencies = Dependencies()
    /// Jobs with pending tasks whose dependencies can no longer hold.
    var failing: Set<JobID> = []

    /// What the agent was last told; nil while no task of the pool is active.
    var announcedPool: CpuSet?
    /// The machine or its settings shrank below what is given; until enough has ended, that is no broken invariant.
    var shrunk = false
    /// Why nothing starts at the moment.
    var startsHeld: String?
    /// Of the last plan.
    var reserve: Reserve?
    /// Steps done outside the tree, for the tests of cost.
    var steps = 0

    public init(shape: MachineShape, settings: Settings = Settings()) {
        self.shape = shape
        self.settings = settings
        machine = Machine(shape: shape, settings: settings)
        tree = ClassTree(width: machine.total.flat.count)
    }

    /// Steps done so far, by which tests see that the cost is bound to what changed.
    var operations: Int { steps + tree.visits }
}
