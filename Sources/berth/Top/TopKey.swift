/// A key as a terminal sends it (ECMA-48; xterm's control sequences).
enum TopKey: Hashable {
    case text(Character)
    case up, down, pageUp, pageDown, first, last
    case enter, escape, erase, interrupt
}

/// Bytes of a terminal taken apart into keys; the rest of a sequence that has not come yet is kept.
struct TopKeyReader {
    private var rest: [UInt8] = []

    private static let sequences: [([UInt8], TopKey)] = [
        (Array("\u{1B}[A".utf8), .up), (Array("\u{1B}OA".utf8), .up), (Array("\u{1B}[B".utf8), .down), (Array("\u{1B}OB".utf8), .down),
        (Array("\u{1B}[5~".utf8), .pageUp), (Array("\u{1B}[6~".utf8), .pageDown), (Array("\u{1B}[H".utf8), .first),
        (Array("\u{1B}OH".utf8), .first), (Array("\u{1B}[1~".utf8), .first), (Array("\u{1B}[F".utf8), .last), (Array("\u{1B}OF".utf8), .last),
        (Array("\u{1B}[4~".utf8), .last),
    ]

    /// - Parameter isWhole: no more bytes are on their way: a lone ESC is the key of that name.
    mutating func keys(_ bytes: [UInt8], isWhole: Bool) -> [TopKey] {
        rest += bytes
        var found: [TopKey] = []
        while let first = rest.first {
            if first == 0x1B {
                if let (sequence, key) = Self.sequences.first(where: { rest.starts(with: $0.0) }) {
                    rest.removeFirst(sequence.count)
                    found.append(key)
                } else if !isWhole, Self.sequences.contains(where: { $0.0.starts(with: rest) }) {
                    return found
                } else {
                    found += unknownSequence()
                }
                continue
            }
            guard let key = takeCharacter(isWhole: isWhole) else { return found }
            found += key
        }
        return found
    }

    /// One that means nothing here is passed over whole, so that its letters are not taken for keys.
    private mutating func unknownSequence() -> [TopKey] {
        rest.removeFirst()
        guard let next = rest.first, next == UInt8(ascii: "[") || next == UInt8(ascii: "O") else { return [.escape] }
        rest.removeFirst()
        while let byte = rest.first {
            rest.removeFirst()
            if (0x40...0x7E).contains(byte) { break }
        }
        return []
    }

    /// Nil while bytes of a character are missing.
    private mutating func takeCharacter(isWhole: Bool) -> [TopKey]? {
        let first = rest[0]
        let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
        guard rest.count >= length else {
            if isWhole { rest.removeAll() }
            return isWhole ? [] : nil
        }
        let bytes = Array(rest.prefix(length))
        rest.removeFirst(length)
        switch first {
        case 0x03: return [.interrupt]
        case 0x0A, 0x0D: return [.enter]
        case 0x08, 0x7F: return [.erase]
        case 0x10: return [.up]
        case 0x0E: return [.down]
        case 0..<0x20: return []
        default: return String(validating: bytes, as: UTF8.self).flatMap(\.first).map { [.text($0)] } ?? []
        }
    }
}
