/// Columns of text, as wide as their widest cell; where the terminal is narrower, those that may shrink are cut.
struct Table {
    struct Column {
        var title: String
        var alignsRight = false
        /// May be cut to this width; nil: never.
        var shrinksTo: Int?
        /// Left out when every cell is empty.
        var optional = false

        init(_ title: String, right: Bool = false, shrinksTo: Int? = nil, optional: Bool = false) {
            self.title = title
            alignsRight = right
            self.shrinksTo = shrinksTo
            self.optional = optional
        }
    }

    struct Cell {
        var text: String
        var colour: Style.Colour?
        init(_ text: String, _ colour: Style.Colour? = nil) {
            self.text = text
            self.colour = colour
        }
    }

    var columns: [Column]
    var rows: [[Cell]] = []
    private static let gap = 2

    init(_ columns: [Column]) { self.columns = columns }

    mutating func add(_ cells: [Cell]) { rows.append(cells) }
    mutating func add(_ texts: [String]) { rows.append(texts.map { Cell($0) }) }

    /// Lines without a trailing blank, each ended by a newline.
    func render(width: Int?, style: Style) -> String {
        let shown = columns.indices.filter { index in !columns[index].optional || rows.contains { !$0[index].text.isEmpty } }
        var widths = shown.map { index in
            rows.reduce(TextWidth.of(columns[index].title)) { max($0, TextWidth.of($1[index].text)) }
        }
        if let width { shrink(&widths, shown, to: width) }
        var result = line(shown.map { Cell(columns[$0].title, .bold) }, shown, widths, style)
        for row in rows { result += line(shown.map { row[$0] }, shown, widths, style) }
        return result
    }

    /// Takes from the widest column that may still shrink, until it fits or none may.
    private func shrink(_ widths: inout [Int], _ shown: [Int], to width: Int) {
        var excess = widths.reduce(0, +) + Self.gap * (widths.count - 1) - width
        while excess > 0 {
            let candidates = widths.indices.filter { at in columns[shown[at]].shrinksTo.map { widths[at] > $0 } ?? false }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return }
            widths[widest] -= 1
            excess -= 1
        }
    }

    private func line(_ cells: [Cell], _ shown: [Int], _ widths: [Int], _ style: Style) -> String {
        var text = ""
        var blanks = 0
        for (at, cell) in cells.enumerated() {
            let content = TextWidth.cut(cell.text, to: widths[at])
            let fill = widths[at] - TextWidth.of(content)
            let right = columns[shown[at]].alignsRight
            // Blanks are held back until something follows, so that no line ends with them.
            if right { blanks += fill }
            if !content.isEmpty {
                text += String(repeating: " ", count: blanks) + style(cell.colour, content)
                blanks = 0
            }
            blanks += (right ? 0 : fill) + Self.gap
        }
        return text + "\n"
    }
}
