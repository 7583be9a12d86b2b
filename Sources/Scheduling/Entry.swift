import JobModel

/// A job in the scheduler: one entry however many tasks wait.
struct Entry: Sendable {
    var job: State.Job
    var order: Order
    /// Tasks that are not active and not finished.
    var pending: IntervalSet
    /// Those of them that could start as far as holds, dependencies and back-off go.
    var ready = IntervalSet()
    var active: Set<TaskIndex> = []
    var holds: [TaskHold]
    /// The union of the holds.
    var held = IntervalSet()
    /// Waiting for dependencies, or failed by them.
    var dependent = IntervalSet()
    /// Waiting out a back-off.
    var backoff = IntervalSet()
    var notBefore: [TaskIndex: WallTime]
    /// False until a plan found the begin time passed.
    var begun: Bool
    var demandClass = 0
    /// Positions of the limits that count this job.
    var books: [Int] = []
    /// In the heap of its class.
    var listed = false

    init(job: State.Job, order: Order, tasks: TaskTable) {
        self.job = job
        self.order = order
        pending = tasks.pending
        holds = tasks.holds
        notBefore = tasks.notBefore
        begun = job.begin == nil
        held = Self.union(holds)
        for index in tasks.notBefore.keys { backoff.insert(index) }
    }

    static func union(_ holds: [TaskHold]) -> IntervalSet { holds.reduce(IntervalSet()) { $0.union($1.tasks) } }

    /// From scratch, after holds or dependencies changed.
    mutating func refreshReady() {
        ready = pending.subtracting(held).subtracting(dependent).subtracting(backoff)
    }

    /// After single tasks came back or their back-off ended.
    mutating func refreshReady(_ index: TaskIndex) {
        guard pending.contains(index), !held.contains(index), !dependent.contains(index), !backoff.contains(index) else {
            return ready.remove(index)
        }
        ready.insert(index)
    }

    /// The limit on active tasks of the array is reached.
    var isSaturated: Bool { job.arrayLimit.map { active.count >= $0 } ?? false }
}

/// A batch: its holds and the jobs that inherit them.
struct BatchEntry: Sendable {
    var holds: [Hold] = []
    var members: Set<JobID> = []
}

/// A moment on the wall clock at which a job or a task may become ready.
struct Timer: Comparable, Sendable {
    let at: WallTime
    let job: JobID
    /// Nil: the begin time of the job.
    let index: TaskIndex?

    static func < (a: Timer, b: Timer) -> Bool { (a.at, a.job, a.index ?? 0) < (b.at, b.job, b.index ?? 0) }
}
