internal import JobModel

/// A quantity over time, given and used, as bars before the line of what there is.
struct UseDrawing {
    struct Bar {
        var start: WallTime
        var given: Double
        var used: Double
        var title: String
    }

    var name: String
    var bars: [Bar]
    var step: TimeSpan
    /// What the machine has.
    var whole: Double
    var offset: Int64
    var isOfBytes = false
    var label: (Double) -> String

    static let width = 1000.0
    static let height = 240.0
    private let left = 64.0
    private let right = 12.0
    private let top = 14.0
    private let bottom = 28.0

    private var most: Double { max(whole, bars.map { max($0.given, $0.used) }.max() ?? 0, 0.001) }
    private var floor: Double { Self.height - bottom }

    private func y(_ value: Double) -> Double { floor - (floor - top) * value / most }

    var svg: String {
        guard let first = bars.first, let last = bars.last else { return "<p class=\"none\">No run has ended in this period.</p>" }
        let axis = TimeAxis(
            from: first.start, until: last.start + step, left: left, width: Self.width - left - right, offset: offset)
        var text = SVG.open(name, Self.width, Self.height) + axis.svg(top: top, bottom: floor) + scale
        for bar in bars {
            let (x, end) = (axis.x(bar.start), axis.x(bar.start + step))
            text += rect("given", x, end, bar.given, bar.title) + rect("used", x, end, bar.used, bar.title)
        }
        return text + SVG.line("whole", left, Self.width - right, y(whole), y(whole)) + "</svg>"
    }

    private func rect(_ kind: String, _ x: Double, _ end: Double, _ value: Double, _ title: String) -> String {
        guard value > 0 else { return "" }
        // A hair of space between neighbours, where there is room for it.
        let gap = end - x > 4 ? 1.0 : 0
        return SVG.rect(kind, x: x, y: y(value), width: end - x - gap, height: floor - y(value), title: title)
    }

    /// Up to five lines across, at round numbers.
    private var scale: String {
        let step = roundStep(most / 4)
        return stride(from: 0, through: most * 1.000_001, by: step).map { value in
            SVG.line("grid", left, Self.width - right, y(value), y(value)) + SVG.text("tick", left - 8, y(value) + 4, label(value), anchor: "end")
        }.joined()
    }

    /// Not below `least`: 1, 2 or 5 times a power of ten, of bytes a power of two.
    private func roundStep(_ least: Double) -> Double {
        var step = isOfBytes ? 1.0 : 0.001
        if isOfBytes {
            while step < least { step *= 2 }
            return step
        }
        while step * 10 < least { step *= 10 }
        return [1, 2, 5, 10].map { $0 * step }.first { $0 >= least } ?? step * 10
    }
}
