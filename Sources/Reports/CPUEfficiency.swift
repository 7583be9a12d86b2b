internal import JobModel

/// CPU time over the CPU time that was given.
///
/// The groups count the start too, which is no part of the run and most of what a run of a few milliseconds used. The processes that PID 1 reaped
/// are the run alone, but a process that nobody waited for is not among them. So at most what a start costs is taken off what the group counted,
/// and never what was reaped.
struct CPUEfficiency: Sendable {
    /// More than a start takes.
    private static let start: UInt64 = 100_000
    /// Times are kept to a millisecond: of shorter runs no ratio is told.
    private static let least: UInt64 = 5_000
    /// Where only the group counted, the start must be small beside the run.
    private static let leastWithoutReaped: UInt64 = 100_000

    private var used = 0.0
    private var given = 0.0
    private var leastKnown = CPUEfficiency.least

    mutating func add(_ usage: UsageFacts, given: UInt64) {
        guard let used = Self.used(usage) else { return }
        if usage.reapedCpuMicroseconds == nil { leastKnown = Self.leastWithoutReaped }
        // What runs beside a run, such as its end, does not make up for another one.
        self.used += usage.reapedCpuMicroseconds == nil ? Double(used) : Double(min(used, given))
        self.given += Double(given)
    }

    mutating func add(_ other: CPUEfficiency) {
        used += other.used
        given += other.given
        leastKnown = max(leastKnown, other.leastKnown)
    }

    /// Nil where too little is known.
    var ratio: Double? { given >= Double(leastKnown) ? used / given : nil }

    static func of(_ attempt: AttemptFacts) -> Double? {
        var one = CPUEfficiency()
        one.add(attempt.usage, given: attempt.givenCpuMicroseconds)
        return one.ratio
    }

    /// CPU time of the run, without its start as far as that is known.
    static func used(_ usage: UsageFacts) -> UInt64? {
        guard let counted = usage.cpuMicroseconds else { return nil }
        guard let reaped = usage.reapedCpuMicroseconds else { return counted }
        return min(counted, max(reaped, counted - min(counted, start)))
    }
}

extension AttemptFacts {
    /// CPU time that was set aside while it ran; what it was frozen does not count.
    var givenCpuMicroseconds: UInt64 {
        let millis = UInt64(max(cores, 0)) * 1000 + UInt64(max(cpuMillis, 0))
        // Thousandths of a CPU times milliseconds are microseconds.
        return millis * UInt64(max(ranFor.milliseconds, 0))
    }
}
