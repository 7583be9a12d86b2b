internal import JobModel

/// Learns from how the attempts of a job went what it needs: from those that succeeded, and from those that ended for want of something.
struct Advisor: Sendable {
    /// Shorter runs do not tell how many cores a longer one keeps busy.
    private static let leastRun = TimeSpan.seconds(1)

    private var succeeded = 0
    private var peak: UInt64?
    private var failures: UInt64 = 0
    private var longest = TimeSpan.zero
    /// The most cores that a run kept busy on average, of runs that are long enough.
    private var busy: Double?
    /// The largest part of its time for which a run stood still for want of its share.
    private var throttled = 0.0
    private var outOfMemory = (count: 0, limit: Bytes.zero)
    private var timedOut = 0

    mutating func add(_ attempt: AttemptFacts) {
        switch attempt.outcome {
        case .outOfMemory: outOfMemory = (outOfMemory.count + 1, max(outOfMemory.limit, attempt.memory))
        case .timedOut: timedOut += 1
        case .succeeded:
            succeeded += 1
            if let value = attempt.usage.memoryPeak { peak = max(peak ?? 0, value) }
            failures = max(failures, attempt.usage.memoryFailures ?? 0)
            longest = max(longest, attempt.ranFor)
            guard attempt.ranFor >= Self.leastRun, let used = CPUEfficiency.used(attempt.usage) else { return }
            busy = max(busy ?? 0, Double(used) / Double(attempt.ranFor.milliseconds) / 1000)
            throttled = max(throttled, Double(attempt.usage.throttledMicroseconds ?? 0) / Double(attempt.ranFor.milliseconds) / 1000)
        default: break
        }
    }

    func advice(_ demand: ResourceDemand, timeLimit: TimeSpan) -> [ReportAdvice] {
        [memory(demand.memory), demand.cores > 0 ? cores(demand.cores) : share(demand.cpuMillis), time(timeLimit)]
    }

    // MARK: Memory

    private func memory(_ asked: Bytes) -> ReportAdvice {
        func advice(_ suggested: Bytes?, _ reason: String) -> ReportAdvice {
            ReportAdvice(field: "memory", asked: "\(asked)", suggested: suggested.map { "\($0)" }, reason: reason)
        }
        if outOfMemory.count > 0, succeeded == 0 || asked <= outOfMemory.limit {
            return advice(Self.rounded(outOfMemory.limit + outOfMemory.limit), "\(outOfMemory.count) ended for lack of it with \(outOfMemory.limit)")
        }
        guard succeeded > 0 else { return advice(nil, Self.nothingSucceeded) }
        guard let peak else { return advice(nil, "this kernel does not tell the peak") }
        let most = Bytes(peak)
        if peak >= asked.count / 100 * 95 {
            let times = failures > 0 ? ", at its limit \(failures) times" : ""
            return advice(nil, "peak \(most)\(times); some of it may be page cache, which the kernel takes back")
        }
        let wanted = Self.rounded(most + Bytes(peak / 5))
        if wanted > asked || wanted.count + wanted.count / 4 < asked.count { return advice(wanted, "peak \(most), and a fifth to spare") }
        return advice(nil, "peak \(most): it fits")
    }

    /// Up to a size that people would write.
    private static func rounded(_ bytes: Bytes) -> Bytes {
        let step: UInt64 = bytes < .mebibytes(64) ? 8 << 20 : bytes < .gibibytes(1) ? 32 << 20 : bytes < .gibibytes(8) ? 256 << 20 : 1 << 30
        return Bytes(max(16 << 20, (bytes.count / step + (bytes.count % step == 0 ? 0 : 1)) * step))
    }

    // MARK: Cores

    private static let nothingSucceeded = "no run has succeeded: too little is known"

    private func cores(_ asked: Int) -> ReportAdvice {
        func advice(_ suggested: String?, _ reason: String, field: String = "cores") -> ReportAdvice {
            ReportAdvice(field: field, asked: "\(asked)", suggested: suggested, reason: reason)
        }
        guard succeeded > 0 else { return advice(nil, Self.nothingSucceeded) }
        guard let busy else { return advice(nil, tooShort) }
        let text = "\(Self.tenths(busy)) of \(asked) busy on average"
        // A tenth of a core is what a program does beside its work.
        let wanted = max(1, Int((busy - 0.1).rounded(.up)))
        if wanted < asked { return advice("\(wanted)", text) }
        if asked == 1, busy < 0.5 { return advice(Self.shareText(busy), "\(text); a share of the pool would do", field: "cpu") }
        return advice(nil, "\(text): it fits")
    }

    private func share(_ millis: Int) -> ReportAdvice {
        func advice(_ suggested: String?, _ reason: String) -> ReportAdvice {
            ReportAdvice(field: "cpu", asked: Self.tenths(Double(millis) / 1000), suggested: suggested, reason: reason)
        }
        guard succeeded > 0 else { return advice(nil, Self.nothingSucceeded) }
        guard let busy else { return advice(nil, tooShort) }
        let text = "\(Self.tenths(busy)) used on average"
        if throttled >= 0.1 {
            return advice(Self.shareText(Double(millis) / 1000 * 1.2), "\(text), throttled \(Int(min(throttled, 1) * 100))% of the time")
        }
        if busy * 2 < Double(millis) / 1000, millis > 100 { return advice(Self.shareText(busy), text) }
        return advice(nil, "\(text): it fits")
    }

    private var tooShort: String {
        longest < Self.leastRun ? "the longest run took \(longest): too short to tell" : "this kernel does not tell the CPU time"
    }

    /// With a quarter to spare, in tenths.
    private static func shareText(_ cpus: Double) -> String { tenths(max(0.1, (cpus * 1.25 * 10).rounded(.up) / 10)) }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    // MARK: Time

    private func time(_ limit: TimeSpan) -> ReportAdvice {
        func advice(_ suggested: TimeSpan?, _ reason: String) -> ReportAdvice {
            ReportAdvice(field: "time_limit", asked: "\(limit)", suggested: suggested.map { "\($0)" }, reason: reason)
        }
        guard succeeded > 0 else {
            return timedOut > 0 ? advice(Self.rounded(limit + limit), "\(timedOut) reached the limit") : advice(nil, Self.nothingSucceeded)
        }
        let wanted = Self.rounded(longest + TimeSpan(milliseconds: longest.milliseconds / 2))
        let text = "the longest run took \(longest)"
        if timedOut > 0 { return advice(max(wanted, Self.rounded(limit + limit)), "\(text), \(timedOut) reached the limit") }
        if wanted > limit || wanted.milliseconds * 2 <= limit.milliseconds { return advice(wanted, "\(text), and half of it to spare") }
        return advice(nil, "\(text): it fits")
    }

    private static func rounded(_ span: TimeSpan) -> TimeSpan {
        let minutes = max(1, (span.milliseconds + 59_999) / 60_000)
        let step: Int64 = minutes <= 10 ? 1 : minutes <= 60 ? 5 : minutes <= 360 ? 15 : 60
        return .minutes((minutes + step - 1) / step * step)
    }
}
