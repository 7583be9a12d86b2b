/// Names and values under each other, the values in one column.
struct DetailText {
    private var lines: [(name: String, value: String)] = []
    var style: Style

    init(style: Style) { self.style = style }

    /// Nothing for nil or empty values. The value is escaped here.
    mutating func add(_ name: String, _ value: String?) {
        guard let value, !value.isEmpty else { return }
        lines.append((name, Escaping.oneLine(value)))
    }

    mutating func add(_ name: String, _ values: [String]) { for (at, value) in values.enumerated() { add(at == 0 ? name : " ", value) } }

    mutating func heading(_ text: String) { lines.append(("", text)) }

    func render() -> String {
        let width = lines.reduce(0) { max($0, TextWidth.of($1.name)) }
        return lines.map { line in
            line.name.isEmpty ? "\n\(style(.bold, line.value))\n" : "\(style(.dim, TextWidth.pad(line.name, to: width)))  \(line.value)\n"
        }.joined()
    }
}
