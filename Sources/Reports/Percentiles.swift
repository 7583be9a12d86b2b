public import JobModel

/// How a time is spread over attempts, by the nearest rank: each value is one that occurred, or, of very many, the nearest below to a thousandth.
public struct Percentiles: Hashable, Sendable, Codable {
    public var p50: TimeSpan
    public var p90: TimeSpan
    public var p99: TimeSpan
    public var max: TimeSpan

    init(p50: TimeSpan, p90: TimeSpan, p99: TimeSpan, max: TimeSpan) {
        (self.p50, self.p90, self.p99, self.max) = (p50, p90, p99, max)
    }

    /// Nil without samples.
    public init?(_ samples: [TimeSpan]) {
        guard !samples.isEmpty else { return nil }
        let sorted = samples.sorted()
        func rank(_ percent: Int) -> TimeSpan { sorted[Swift.max((sorted.count * percent + 99) / 100, 1) - 1] }
        (p50, p90, p99, max) = (rank(50), rank(90), rank(99), sorted[sorted.count - 1])
    }
}
