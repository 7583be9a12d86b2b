internal import JobModel

/// How times are spread: exactly for as many as may be kept, beyond that to a thousandth, so that memory stays bounded.
struct SpanSpread: Sendable {
    /// How many samples are kept as they are.
    static let mostSamples = 16_384
    /// Up to here each millisecond has a count of its own, above there are 1024 steps from one power of two to the next.
    private static let fine = 2048
    private static let steps = 1024

    private var samples: [Int64] = []
    private var counts: [UInt32] = []
    private var longest: Int64 = 0
    private(set) var count = 0

    mutating func add(_ span: TimeSpan) {
        let value = max(span.milliseconds, 0)
        count += 1
        longest = max(longest, value)
        if counts.isEmpty, samples.count < Self.mostSamples { return samples.append(value) }
        if counts.isEmpty { spread() }
        enter(value, 1)
    }

    mutating func add(_ other: SpanSpread) {
        count += other.count
        longest = max(longest, other.longest)
        if counts.isEmpty, other.counts.isEmpty, samples.count + other.samples.count <= Self.mostSamples {
            samples += other.samples
            return
        }
        if counts.isEmpty { spread() }
        for value in other.samples { enter(value, 1) }
        for (index, number) in other.counts.enumerated() where number > 0 { enter(Self.value(at: index), number) }
    }

    private mutating func spread() {
        counts = Array(repeating: 0, count: Self.fine)
        for value in samples { enter(value, 1) }
        samples = []
    }

    private mutating func enter(_ value: Int64, _ number: UInt32) {
        let index = Self.index(of: value)
        if index >= counts.count { counts += Array(repeating: 0, count: index + 1 - counts.count) }
        counts[index] = counts[index].addingReportingOverflow(number).partialValue
    }

    static func index(of value: Int64) -> Int {
        guard value >= fine else { return Int(value) }
        // At most 278 years, so that the table stays small.
        let value = min(value, 1 << 43)
        let exponent = 63 - value.leadingZeroBitCount
        return fine + (exponent - 11) * steps + Int(value >> (exponent - 10)) - steps
    }

    /// The least value of a step.
    static func value(at index: Int) -> Int64 {
        guard index >= fine else { return Int64(index) }
        let (exponent, step) = ((index - fine) / steps + 11, (index - fine) % steps)
        return Int64(steps + step) << (exponent - 10)
    }

    /// By the nearest rank; nil without samples.
    var percentiles: Percentiles? {
        guard count > 0 else { return nil }
        if counts.isEmpty { return Percentiles(samples.map { TimeSpan(milliseconds: $0) }) }
        let wanted = [50, 90, 99].map { max((count * $0 + 99) / 100, 1) }
        var found: [TimeSpan] = []
        var passed = 0
        for (index, number) in counts.enumerated() where number > 0 {
            passed += Int(number)
            while found.count < wanted.count, passed >= wanted[found.count] { found.append(TimeSpan(milliseconds: Self.value(at: index))) }
        }
        let most = TimeSpan(milliseconds: longest)
        while found.count < wanted.count { found.append(most) }
        return Percentiles(p50: found[0], p90: found[1], p99: found[2], max: most)
    }
}
