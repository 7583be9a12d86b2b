/// A number that is looked up when someone asks.
public struct Sample: Hashable, Sendable {
    public var metric: Metric
    public var labels: [Label]
    public var value: Double

    /// - Parameter labels: names and values, in the order they are to be printed.
    public init(_ metric: Metric, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
        self.metric = metric
        self.value = value
        self.labels = labels.map { Label(name: $0.key, value: $0.value) }
    }
}

/// The text format of Prometheus, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
public enum Exposition {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What was counted, together with what was looked up now. Metrics stand in the order of `Metric`, sets of labels in the order of their values.
    public static func text(_ store: MetricStore, _ samples: [Sample]) -> String {
        let counted = store.snapshot()
        let looked = Dictionary(grouping: samples, by: \.metric)
        var text = ""
        for metric in Metric.allCases {
            let name = metric.rawValue
            let children = counted[name] ?? [:]
            let now = looked[metric] ?? []
            guard !children.isEmpty || !now.isEmpty else { continue }
            text += "# HELP \(name) \(metric.help)\n# TYPE \(name) \(metric.kind.rawValue)\n"
            for (labels, tally) in children.sorted(by: { sortKey($0.key) < sortKey($1.key) }) {
                if metric.kind == .histogram {
                    addHistogram(metric, labels, tally, to: &text)
                } else {
                    text += line(name, labels, tally.value)
                }
            }
            for sample in now { text += line(name, sample.labels, sample.value) }
        }
        return text
    }

    private static func sortKey(_ labels: [Label]) -> String { labels.map(\.value).joined(separator: "\u{0}") }

    private static func addHistogram(_ metric: Metric, _ labels: [Label], _ tally: Tally, to text: inout String) {
        var below: UInt64 = 0
        for (bound, count) in zip(metric.bounds.map(number) + ["+Inf"], tally.buckets) {
            below += count
            text += line(metric.rawValue + "_bucket", labels + [Label(name: "le", value: bound)], Double(below))
        }
        text += line(metric.rawValue + "_sum", labels, tally.sum)
        text += line(metric.rawValue + "_count", labels, Double(tally.count))
    }

    private static func line(_ name: String, _ labels: [Label], _ value: Double) -> String {
        guard !labels.isEmpty else { return "\(name) \(number(value))\n" }
        return "\(name){\(labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ","))} \(number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
    }

    /// In a label's value backslash, quote and line feed are escaped.
    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n", "\r\n": result += "\\n"
            default: result.append(character)
            }
        }
    }
}
