import JobModel

/// An attempt that holds something.
struct Attempt: Sendable {
    typealias Phase = State.Snapshot.Attempt.Phase

    let task: TaskID
    var number: UInt32?
    /// Of the job's entry.
    let position: Int
    var placement: Placement
    /// As it was at the start.
    var demand: ResourceDemand
    var need: ResourceVector
    var timeLimit: TimeSpan
    var startedAt: BootTime
    /// Nanoseconds frozen before the present freeze.
    var pausedFor: Int64 = 0
    var frozenAt: BootTime?
    var waitingSince: BootTime?
    /// When a plan proposed its resume.
    var resumingAt: BootTime?
    var coresReleased = false
    /// The proposed resume took its cores from what was free; a withdrawal gives them back.
    var tookCores = false
    var phase: Phase
    var holding: Machine.Holding

    /// When its time limit ends, if it runs on; nil while it is frozen, because its time stands still.
    var expectedEnd: Int64? {
        switch phase {
        case .proposed, .running: startedAt.nanoseconds + timeLimit.cappedNanoseconds + pausedFor
        case .resuming: (resumingAt ?? startedAt).nanoseconds + remaining
        case .frozen, .waiting: nil
        }
    }

    /// Nanoseconds of its time limit that are left while it is frozen.
    var remaining: Int64 {
        guard let frozenAt else { return timeLimit.cappedNanoseconds }
        return max(0, timeLimit.cappedNanoseconds - (frozenAt.nanoseconds - startedAt.nanoseconds - pausedFor))
    }
}

/// A frozen attempt that waits for cores.
struct Waiter: Hashable, Comparable, Sendable {
    let since: BootTime
    let task: TaskID
    static func < (a: Waiter, b: Waiter) -> Bool { (a.since, a.task) < (b.since, b.task) }
}

/// What runs, sorted by expected end: as long as the machine is wide, whatever waits.
struct Profile: Sendable {
    struct Item: Hashable, Comparable, Sendable {
        /// Nanoseconds on the boot clock.
        let end: Int64
        let task: TaskID
        static func < (a: Item, b: Item) -> Bool { (a.end, a.task) < (b.end, b.task) }
    }

    private(set) var items: [Item] = []
    private(set) var ends: [TaskID: Int64] = [:]

    private func place(_ item: Item) -> Int {
        var low = 0
        var high = items.count
        while low < high {
            let middle = (low + high) / 2
            if items[middle] < item { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Adds, moves or (nil) removes a task.
    mutating func set(_ task: TaskID, end: Int64?) {
        if let old = ends.removeValue(forKey: task) { items.remove(at: place(Item(end: old, task: task))) }
        guard let end else { return }
        ends[task] = end
        items.insert(Item(end: end, task: task), at: place(Item(end: end, task: task)))
    }
}
