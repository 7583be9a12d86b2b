internal import JobModel

/// Runs on the cores they had: a line for each core, and below them those of the pool, one beside the other.
struct GanttDrawing {
    var attempts: [AttemptReport]
    var offset: Int64

    static let width = 1000.0
    private let left = 64.0
    private let right = 12.0
    private let top = 8.0
    private let bottom = 28.0
    /// More lines than this get lower.
    private static let tallest = 720.0
    /// The most lines for runs of the pool; those beyond share the last.
    private static let mostPoolLines = 16

    private struct Bar {
        var attempt: AttemptReport
        var from: WallTime
        var line: Int
        var lines: Int
    }

    var svg: String {
        let drawn = attempts.compactMap { attempt in attempt.startedAt.map { (attempt, $0) } }.filter { $0.1 <= $0.0.endedAt }
        guard let from = drawn.map(\.1).min(), let until = drawn.map(\.0.endedAt).max() else {
            return "<p class=\"none\">No run has started in this period.</p>"
        }
        let cpus = Set(drawn.filter { !$0.0.shared }.flatMap { $0.0.cpus.members }).sorted()
        let places = Dictionary(uniqueKeysWithValues: cpus.enumerated().map { ($1, $0) })
        var bars = drawn.filter { !$0.0.shared }.flatMap { attempt, start in
            Self.runs(attempt.cpus.members.compactMap { places[$0] }).map {
                Bar(attempt: attempt, from: start, line: $0.lowerBound, lines: $0.count)
            }
        }
        let pool = Self.stacked(drawn.filter(\.0.shared), below: cpus.count)
        bars += pool.bars
        let lines = cpus.count + pool.lines
        let height = min(22, max(4, Self.tallest / Double(max(lines, 1))))
        let floor = top + height * Double(lines)
        let axis = TimeAxis(
            from: from, until: max(until, from + TimeSpan(milliseconds: 1)), left: left, width: Self.width - left - right, offset: offset)
        var text = SVG.open("gantt", Self.width, floor + bottom)
        text += axis.svg(top: top, bottom: floor)
        for (place, cpu) in cpus.enumerated() where height >= 9 || place % 8 == 0 { text += label("cpu \(cpu)", place, height) }
        if pool.lines > 0 { text += label("pool", cpus.count, height) }
        return text + bars.map { rect($0, axis, height) }.joined() + "</svg>"
    }

    private func label(_ text: String, _ line: Int, _ height: Double) -> String {
        SVG.text("tick", left - 8, top + height * (Double(line) + 0.5) + 4, text, anchor: "end")
    }

    private func rect(_ bar: Bar, _ axis: TimeAxis, _ height: Double) -> String {
        let attempt = bar.attempt
        let (x, end) = (axis.x(bar.from), axis.x(attempt.endedAt))
        let gap = height > 8 ? 1.0 : 0.5
        let place = attempt.shared ? "\(Double(attempt.cpuMillis) / 1000) of a CPU" : "cpu \(attempt.cpus)"
        let words = [
            "\(attempt.id)", attempt.name ?? "", attempt.userName, attempt.outcome.description, place,
            "\(axis.full(bar.from)), ran \(attempt.ranFor)", attempt.pausedFor > .zero ? "paused \(attempt.pausedFor)" : "",
        ]
        return SVG.rect(
            "run \(attempt.outcome.kind.rawValue)", x: x, y: top + height * Double(bar.line) + gap / 2, width: max(end - x, 0.75),
            height: height * Double(bar.lines) - gap, data: ("run", "\(attempt.id)"),
            title: words.filter { !$0.isEmpty }.joined(separator: " · "))
    }

    /// Neighbours among lines, each as one span.
    private static func runs(_ lines: [Int]) -> [ClosedRange<Int>] {
        var found: [ClosedRange<Int>] = []
        for line in lines.sorted() {
            if let last = found.last, last.upperBound + 1 == line {
                found[found.count - 1] = last.lowerBound...line
            } else {
                found.append(line...line)
            }
        }
        return found
    }

    /// Each in the first line that is free by then.
    private static func stacked(_ drawn: [(AttemptReport, WallTime)], below first: Int) -> (bars: [Bar], lines: Int) {
        var ends: [WallTime] = []
        var bars: [Bar] = []
        for (attempt, start) in drawn.sorted(by: { ($0.1, $0.0.id) < ($1.1, $1.0.id) }) {
            var line = ends.firstIndex { $0 <= start } ?? ends.count
            if line == ends.count, line < mostPoolLines { ends.append(attempt.endedAt) }
            line = min(line, ends.count - 1)
            ends[line] = max(ends[line], attempt.endedAt)
            bars.append(Bar(attempt: attempt, from: start, line: first + line, lines: 1))
        }
        return (bars, ends.count)
    }
}
