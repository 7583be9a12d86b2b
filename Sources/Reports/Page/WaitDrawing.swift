internal import JobModel

/// How long jobs of each size waited: half of them within the dark bar, nine of ten within the lighter, 99 of 100 within the line.
struct WaitDrawing {
    var waits: [ReportPlots.Wait]

    static let width = 1000.0
    private let left = 104.0
    private let right = 290.0
    private let top = 6.0
    private let line = 34.0

    var svg: String {
        guard !waits.isEmpty else { return "<p class=\"none\">No run has ended in this period.</p>" }
        let most = Double(max(waits.map(\.waited.p99.milliseconds).max() ?? 0, 1))
        let whole = Self.width - left - right
        let height = top * 2 + line * Double(waits.count)
        var text = SVG.open("waits", Self.width, height)
        for (place, wait) in waits.enumerated() {
            let y = top + line * Double(place)
            let name = wait.size == "1" ? "1 core" : wait.size == "<1" ? "a share" : "\(wait.size) cores"
            text += SVG.text("tick", left - 8, y + line / 2 + 4, name, anchor: "end")
            for (kind, span, thickness) in [("p99", wait.waited.p99, 2.0), ("p90", wait.waited.p90, 12), ("p50", wait.waited.p50, 18)] {
                let length = whole * Double(max(span.milliseconds, 0)) / most
                text += SVG.rect(
                    "wait \(kind)", x: left, y: y + (line - thickness) / 2, width: max(length, 1), height: thickness, data: ("size", wait.size))
            }
            let values = "\(wait.waited.p50) / \(wait.waited.p90) / \(wait.waited.p99) · \(wait.attempts)"
            text += SVG.text("value", Self.width - right + 10, y + line / 2 + 4, values)
        }
        return text + "</svg>"
    }
}
