public import CoreMetrics
import Synchronization

/// The back end of swift-metrics: keeps every metric of the process in memory, for Prometheus to fetch.
public final class MetricStore: MetricsFactory {
    private let families = Mutex<[String: Family]>([:])

    private struct Family {
        var children: [[Label]: Child] = [:]
    }

    public init() {}

    /// The most sets of labels of one metric; a further one counts in the last, whose labels are empty.
    static let mostChildren = 2_000

    private func child(_ name: String, _ dimensions: [(String, String)]) -> Child {
        let labels = dimensions.map { Label(name: $0.0, value: $0.1) }.sorted { $0.name < $1.name }
        return families.withLock { families in
            var family = families[name] ?? Family()
            defer { families[name] = family }
            let key = family.children[labels] == nil && family.children.count >= Self.mostChildren ? [] : labels
            if let known = family.children[key] { return known }
            let child = Child(bounds: Metric(rawValue: name)?.bounds ?? [])
            family.children[key] = child
            return child
        }
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { child(label, dimensions) }
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler { child(label, dimensions) }
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { child(label, dimensions) }
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { child(label, dimensions) }
    // What is counted once is kept.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// What was counted so far, by name.
    func snapshot() -> [String: [[Label]: Tally]] {
        families.withLock { $0.mapValues { $0.children.mapValues(\.tally) } }
    }
}

/// One label of a metric.
public struct Label: Hashable, Sendable {
    public var name: String
    public var value: String
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// The numbers behind one set of labels.
struct Tally: Hashable, Sendable {
    var value = 0.0
    /// Of a histogram: how many lie at or below each bound, one more for all others.
    var buckets: [UInt64] = []
    var sum = 0.0
    var count: UInt64 = 0
}

private final class Child: CounterHandler, RecorderHandler, MeterHandler, TimerHandler {
    private let bounds: [Double]
    private let state: Mutex<Tally>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(Tally(buckets: Array(repeating: 0, count: bounds.count + 1)))
    }

    var tally: Tally { state.withLock { $0 } }

    func increment(by amount: Int64) { state.withLock { $0.value += Double(amount) } }
    func increment(by amount: Double) { state.withLock { $0.value += amount } }
    func decrement(by amount: Double) { state.withLock { $0.value -= amount } }
    func reset() { state.withLock { $0 = Tally(buckets: Array(repeating: 0, count: bounds.count + 1)) } }
    func set(_ value: Int64) { state.withLock { $0.value = Double(value) } }
    func set(_ value: Double) { state.withLock { $0.value = value } }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { tally in
            tally.buckets[place] += 1
            tally.sum += value
            tally.count += 1
        }
    }
}
