/// A bar of parts of a whole: `[=====>    ] 53/100`, with block characters where the locale has them.
struct ProgressBar {
    struct Part {
        var count: Int
        var colour: Style.Colour?
        var symbol: Character
    }

    /// One after the other; what is missing to `total` stays empty.
    var parts: [Part]
    var total: Int

    func render(width: Int, style: Style) -> String {
        guard width > 0 else { return "" }
        var text = ""
        var drawn = 0
        var counted = 0
        for part in parts {
            counted += part.count
            // Rounded at the running sum, so that the parts together never exceed the bar; a task that runs is never invisible.
            var end = total > 0 ? counted * width / total : 0
            if part.count > 0, end == drawn, drawn < width { end = drawn + 1 }
            let cells = max(0, min(end, width) - drawn)
            text += style(part.colour, String(repeating: part.symbol, count: cells))
            drawn += cells
        }
        return text + style(.dim, String(repeating: "·", count: width - drawn))
    }
}
