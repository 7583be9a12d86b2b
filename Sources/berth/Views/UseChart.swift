import JobModel
import Reports

/// Use over time as bars of a terminal: a line for each span, the busy cores solid, what jobs had beside them lighter, and memory to the right.
struct UseChart {
    var plots: ReportPlots
    var style: Style
    var width: Int?
    var moments: MomentText
    /// Lines at most: longer spans are put together.
    var lines = 40

    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    func render() -> String {
        let buckets = merged
        guard !buckets.isEmpty else { return "" }
        let most = max(Double(plots.cores), buckets.map(\.cores).max() ?? 0)
        let memory = max(plots.memory.count, buckets.map(\.memory.count).max() ?? 0)
        let labels = buckets.map { moments.short($0.start) }
        let label = labels.map(TextWidth.of).max() ?? 0
        let figures = buckets.map { "\(Self.figure($0.busy))/\(Self.figure($0.cores))" }
        let figure = figures.map(\.count).max() ?? 0
        let sizes = buckets.map { "\(Self.size($0.memory))" }
        let size = sizes.map(\.count).max() ?? 0
        let room = max(20, (width ?? 100) - label - figure - size - 8)
        let (cores, other) = (room * 2 / 3, room - room * 2 / 3)
        let title =
            TextWidth.pad("", to: label + 2) + TextWidth.pad("CORES of \(plots.cores), busy and given", to: cores + figure + 3)
            + "MEMORY of \(plots.memory)"
        var text = style(.bold, title) + "\n"
        for (index, bucket) in buckets.enumerated() {
            let busy = Self.bar(bucket.busy / most, cores, "")
            let given = Self.bar(bucket.cores / most, cores, "░")
            let rest = String(given.dropFirst(busy.count))
            let bar = style(.green, busy) + style(.dim, rest) + String(repeating: " ", count: cores - busy.count - rest.count)
            let held = Self.bar(memory > 0 ? Double(bucket.memory.count) / Double(memory) : 0, other, "")
            let line =
                TextWidth.pad(labels[index], to: label + 2) + bar + " " + TextWidth.pad(figures[index], to: figure + 2) + style(.cyan, held)
                + String(repeating: " ", count: other - held.count) + " " + sizes[index]
            text += line.trimmingBlanks + "\n"
        }
        return text
    }

    /// Solid and in eighths of a character, or of whole ones.
    private static func bar(_ part: Double, _ width: Int, _ fill: String) -> String {
        let part = min(max(part, 0), 1)
        if !fill.isEmpty { return String(repeating: fill, count: Int((part * Double(width)).rounded(.up))) }
        let whole = Int((part * Double(width) * 8).rounded())
        return String(repeating: "█", count: whole / 8) + eighths[whole % 8]
    }

    private static func figure(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func size(_ bytes: Bytes) -> String { bytes.description }

    /// As few lines as asked for, each an average.
    var merged: [ReportPlots.Bucket] {
        let each = (plots.buckets.count + lines - 1) / max(lines, 1)
        guard each > 1 else { return plots.buckets }
        return stride(from: 0, to: plots.buckets.count, by: each).map { from in
            let part = plots.buckets[from..<min(from + each, plots.buckets.count)]
            let count = Double(part.count)
            func average(_ value: (ReportPlots.Bucket) -> Double) -> Double { part.reduce(0) { $0 + value($1) } / count }
            return ReportPlots.Bucket(
                start: part[from].start, cores: average(\.cores), busy: average(\.busy),
                memory: Bytes(UInt64(average { Double($0.memory.count) })), peak: Bytes(UInt64(average { Double($0.peak.count) })),
                ended: part.reduce(0) { $0 + $1.ended })
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        guard let last = lastIndex(where: { $0 != " " }) else { return "" }
        return String(self[...last])
    }
}
