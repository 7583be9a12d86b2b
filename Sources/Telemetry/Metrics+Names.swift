public import CoreMetrics

extension Counter {
    /// One of Berth's own metrics.
    public convenience init(_ metric: Metric, _ labels: [(String, String)] = []) { self.init(label: metric.rawValue, dimensions: labels) }
}

extension Timer {
    /// One of Berth's own metrics.
    public convenience init(_ metric: Metric, _ labels: [(String, String)] = []) { self.init(label: metric.rawValue, dimensions: labels) }
}
