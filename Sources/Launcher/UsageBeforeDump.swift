internal import JobLog

/// What the job had used before it was dumped. The kernel counts for the processes that are restored from nothing: what PID 1 had reaped it keeps
/// itself, what the living had used the restorer read before the dump and tells.
///
///     dumped ──► told, told … ──► goes on        restored: all of it belongs to the job, once
///        └───────────────────────► goes on        the dump failed: the kernel's counters are whole
struct UsageBeforeDump {
    /// Of all lives but this one.
    private(set) var sum = ProcessUsage()
    /// A restore lost something: the switches of threads and processes that had ended by then.
    private(set) var isPartial = false
    private var reaped = ProcessUsage()
    private var living: ProcessUsage?

    /// - Parameter reaped: what the kernel has counted of the processes that PID 1 reaped.
    mutating func dumped(_ reaped: ProcessUsage) {
        self.reaped = reaped
        living = nil
    }

    /// Of one counter, by its number in the record; more than one process's may come one after the other.
    mutating func told(counter: UInt16, _ value: UInt64) {
        var one = ProcessUsage()
        var counters = one.counters
        if Int(counter) < counters.count { counters[Int(counter)] = value }
        one.counters = counters
        living = (living ?? ProcessUsage()) + one
    }

    mutating func goesOn(_ now: ProcessUsage) {
        // The kernel never counts down: who has less is another process. What was reaped in between is no sign of one.
        let isRestored = living != nil || zip(now.counters, reaped.counters).contains { $0 < $1 }
        defer { dumped(ProcessUsage()) }
        guard isRestored else { return }
        sum = sum + reaped + (living ?? ProcessUsage())
        isPartial = true
    }
}
