import LinuxSys

/// Colours and weights (ECMA-48 SGR); empty where they are not wanted.
struct Style: Hashable {
    enum Colour: String { case red = "31", green = "32", yellow = "33", blue = "34", cyan = "36", dim = "2", bold = "1" }

    var isEnabled: Bool

    static let plain = Style(isEnabled: false)

    /// On a terminal, unless NO_COLOR is set to anything (no-color.org) or TERM is dumb.
    static var forOutput: Style { wanted(onTerminal: Console.isTerminal) }
    /// The same for standard error.
    static var forError: Style { wanted(onTerminal: Descriptor.standardError.isTerminal) }

    private static func wanted(onTerminal isTerminal: Bool) -> Style {
        let refused = ProcessContext.variable("NO_COLOR").map { !$0.isEmpty } ?? false
        return Style(isEnabled: isTerminal && !refused && ProcessContext.variable("TERM") != "dumb")
    }

    func callAsFunction(_ colour: Colour?, _ text: String) -> String {
        guard isEnabled, let colour, !text.isEmpty else { return text }
        return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
    }
}
