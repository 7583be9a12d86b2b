/// A table of plain text for a terminal or a file. Cells are escaped, so that no name can move the cursor.
public struct TextTable: Sendable {
    public enum Alignment: Sendable { case left, right }

    public struct Column: Sendable {
        public var title: String
        public var alignment: Alignment
        /// May be cut, with `…`, where the terminal is too narrow.
        public var isFlexible: Bool
        public init(_ title: String, _ alignment: Alignment = .left, isFlexible: Bool = false) {
            self.title = title
            self.alignment = alignment
            self.isFlexible = isFlexible
        }
    }

    /// The least that a flexible column is cut to.
    private static let leastWidth = 8
    private static let gap = 2

    public var columns: [Column]
    public var rows: [[String]]
    public init(columns: [Column], rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// Lines with a header; in `width` columns of a terminal where that can be, else as wide as it has to be. Each line ends with a line feed.
    public func text(width: Int? = nil) -> String {
        let cells = ([columns.map(\.title)] + rows).map { row in row.map(PlainText.escaped) }
        var widths = columns.indices.map { column in cells.map { column < $0.count ? PlainText.width($0[column]) : 0 }.max() ?? 0 }
        if let width { fit(&widths, into: width) }
        return cells.map { line($0, widths) + "\n" }.joined()
    }

    private func fit(_ widths: inout [Int], into width: Int) {
        var excess = widths.reduce(0, +) + Self.gap * max(columns.count - 1, 0) - width
        while excess > 0 {
            let candidates = columns.indices.filter { columns[$0].isFlexible && widths[$0] > Self.leastWidth }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return }
            widths[widest] -= 1
            excess -= 1
        }
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, (column, width)) in zip(columns, widths).enumerated() {
            let cell = PlainText.cut(index < cells.count ? cells[index] : "", to: width)
            let padding = String(repeating: " ", count: max(width - PlainText.width(cell), 0))
            if index > 0 { line += String(repeating: " ", count: Self.gap) }
            line += column.alignment == .right ? padding + cell : cell + padding
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
