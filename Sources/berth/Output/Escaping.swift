/// Text of jobs and users made fit for a terminal.
enum Escaping {
    /// Control characters (C0, DEL, C1) and those that change the direction of writing become visible: `\n`, `\x1b`, `\u{202e}`.
    static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where !isHarmful(scalar): result.unicodeScalars.append(scalar)
            case _ where scalar.value < 256:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.count < 2 ? "0" + digits : digits)
            default: result += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return result
    }

    /// The same for text of several lines, whose line ends and tabs stay.
    static func lines(_ text: String) -> String {
        // Not by characters: CR LF is one.
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { oneLine(String($0)) }.joined(separator: "\t")
        }.joined(separator: "\n")
    }

    /// A command as it could be typed into a shell.
    static func command(_ words: [String]) -> String {
        words.map { word in
            let plain =
                !word.isEmpty
                && word.utf8.allSatisfy { byte in
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_./:=,@%+".utf8.contains(byte) || byte >= 128
                }
            return plain
                ? oneLine(word) : "'" + oneLine(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")) + "'"
        }.joined(separator: " ")
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}
