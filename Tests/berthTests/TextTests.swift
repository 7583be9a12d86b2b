import TestSupport
import Testing

@testable import berth

@Suite struct EscapingTests {
    @Test(arguments: [
        ("plain ä 日本", "plain ä 日本"), ("a\nb\tc\rd", "a\\nb\\tc\\rd"), ("\u{1B}[31mred\u{7}", "\\x1b[31mred\\x07"), ("\u{9B}31m", "\\x9b31m"),
        ("\u{202E}gnp", "\\u{202e}gnp"), ("\u{7F}", "\\x7f"), ("a\r\nb", "a\\r\\nb"), ("", ""),
    ])
    func controlCharactersBecomeVisible(_ text: String, _ expected: String) { #expect(Escaping.oneLine(text) == expected) }

    @Test func linesKeepTheirEnds() { #expect(Escaping.lines("a\tb\n\u{1B}c\n") == "a\tb\n\\x1bc\n") }

    @Test func commandsCanBeTypedAgain() {
        #expect(Escaping.command(["echo", "a b", "it's", "", "x=1", "$HOME"]) == "echo 'a b' 'it'\\''s' '' x=1 '$HOME'")
    }

    @Test func nothingHarmfulEverComesOut() {
        var random = SeededGenerator()
        for _ in 0..<2000 {
            let scalars = (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0..<0x2100, using: &random)) }
            let text = Escaping.oneLine(String(String.UnicodeScalarView(scalars)))
            let harmful = text.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) || $0.value == 0x202E }
            #expect(!harmful, "seed \(random.seed)")
        }
    }
}

@Suite struct TableTests {
    @Test func widths() {
        #expect(TextWidth.of("abc") == 3)
        #expect(TextWidth.of("日本") == 4)
        #expect(TextWidth.of("e\u{301}") == 1)
        #expect(TextWidth.cut("abcdef", to: 4) == "abc…")
        #expect(TextWidth.cut("日本語", to: 4) == "日…")
        #expect(TextWidth.cut("abc", to: 3) == "abc")
    }

    private var table: Table {
        var table = Table([
            .init("ID"), .init("NAME", shrinksTo: 4), .init("N", right: true), .init("EMPTY", optional: true), .init("WHY", shrinksTo: 6),
        ])
        table.add(["1", "short", "7", "", "because it is so"])
        table.add(["22", "a long name", "100", "", ""])
        return table
    }

    @Test func columnsAreAligned() {
        #expect(
            table.render(width: nil, style: .plain) == """
                ID  NAME           N  WHY
                1   short          7  because it is so
                22  a long name  100

                """)
    }

    @Test func theWidestColumnsAreCutFirst() {
        let text = table.render(width: 28, style: .plain)
        #expect(
            text == """
                ID  NAME        N  WHY
                1   short       7  because …
                22  a long …  100

                """)
        for line in text.split(separator: "\n") { #expect(TextWidth.of(String(line)) <= 28) }
    }

    @Test func coloursDoNotMoveColumns() {
        var table = Table([.init("A"), .init("B")])
        table.add([.init("x", .red), .init("y")])
        #expect(table.render(width: nil, style: Style(isEnabled: true)) == "\u{1B}[1mA\u{1B}[0m  \u{1B}[1mB\u{1B}[0m\n\u{1B}[31mx\u{1B}[0m  y\n")
    }

    @Test(arguments: [
        ([0, 0], 10, "··········"), ([5, 5], 10, "#####====="), ([1, 0], 1000, "#·········"), ([999, 1], 1000, "#########="),
        ([10, 0], 10, "##########"),
    ])
    func barsAddUp(_ counts: [Int], _ total: Int, _ expected: String) {
        let bar = ProgressBar(parts: [.init(count: counts[0], symbol: "#"), .init(count: counts[1], symbol: "=")], total: total)
        #expect(bar.render(width: 10, style: .plain) == expected)
    }
}
