/// A text written by a person that was refused: one line that names file, line, field, what was found, what is accepted and the nearest valid name.
public struct DocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nil for flags.
    public var file: String?
    /// From 1; nil for flags and where no line is to blame.
    public var line: Int?
    /// Such as `memory` or `mounts[2].target`; `--memory` for flags; nil when the text as a whole is at fault.
    public var field: String?
    public var found: String
    public var accepted: String
    /// The valid field name that comes closest to an unknown one.
    public var nearest: String?

    public init(file: String? = nil, line: Int? = nil, field: String? = nil, found: String, accepted: String, nearest: String? = nil) {
        self.file = file
        self.line = line
        self.field = field
        self.found = found
        self.accepted = accepted
        self.nearest = nearest
    }

    public var description: String {
        let place = file.map { name in line.map { "\(name):\($0): " } ?? "\(name): " } ?? (line.map { "line \($0): " } ?? "")
        let subject = field.map { "\($0): " } ?? ""
        let hint = nearest.map { "; the nearest name is '\($0)'" } ?? ""
        return DocumentText.oneLine("\(place)\(subject)found \(found), accepted \(accepted)\(hint)")
    }
}

/// How texts of people are put into messages.
public enum DocumentText {
    /// Quoted, cut to 60 scalars, control characters escaped.
    public static func quoted(_ text: String) -> String {
        // By scalars: one character may carry any number of combining marks.
        let scalars = text.unicodeScalars
        guard scalars.dropFirst(60).first != nil else { return "'\(oneLine(text))'" }
        return "'\(oneLine(String(scalars.prefix(57))))...'"
    }

    /// The path of a field, whose names may be from outside: one line, and of a length that a line has.
    public static func place(_ path: String) -> String {
        let scalars = path.unicodeScalars
        guard scalars.dropFirst(300).first != nil else { return oneLine(path) }
        return oneLine(String(scalars.prefix(297))) + "..."
    }

    /// One word for a shell.
    public static func shell(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "/._-+:@".utf8.contains(byte)
        }
        return plain && !word.isEmpty ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }

    /// The text with line ends and control characters escaped, so that a message stays one line and no terminal obeys it.
    public static func oneLine(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            default:
                if isControl(scalar) { result += "\\u{\(String(scalar.value, radix: 16))}" } else { result.unicodeScalars.append(scalar) }
            }
        }
        return result
    }

    /// C0, DEL, C1, line separators and the marks that change the direction of text (CVE-2021-42574).
    public static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}

/// The valid name that a mistyped one was probably meant to be.
public enum NearestName {
    /// Nil when nothing is near: the distance is at most a third of the length of the word, and at least 1.
    public static func of(_ word: String, in names: some Sequence<String>) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let typed = Array(word.lowercased().utf8)
        let bound = max(1, (typed.count + 1) / 3)
        var best: (name: String, distance: Int)?
        for name in names {
            let distance = editDistance(typed, Array(name.lowercased().utf8))
            if distance <= bound, distance < best?.distance ?? .max { best = (name, distance) }
        }
        return best?.name
    }

    /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var beforePrevious = [Int](repeating: 0, count: b.count + 1)
        var previous = Array(0...b.count)
        for i in 1...a.count {
            var current = [i] + [Int](repeating: 0, count: b.count)
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                current[j] = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { current[j] = min(current[j], beforePrevious[j - 2] + 1) }
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[b.count]
    }
}
