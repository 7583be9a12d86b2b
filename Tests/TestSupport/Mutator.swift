/// Changes inputs at random.
public struct Mutator: Sendable {
    private let words: [[UInt8]]
    private static let longest = 1 << 16

    /// Numbers at which readers go wrong.
    private static let numbers: [UInt64] = [
        0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, .max >> 1, 1 << 63, .max - 1, .max,
    ]
    private static let numerals = [
        "0", "-1", "1e400", "-0", "00", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "18446744073709551615", "18446744073709551616", "99999999999999999999999", "1.5", "0x10", "1_000", "٣",
    ]

    public init(words: [String]) { self.words = words.map { Array($0.utf8) } }

    public func mutate(_ bytes: inout [UInt8], with other: [UInt8], _ random: inout SeededGenerator) {
        for _ in 0...Int.random(in: 0..<5, using: &random) { step(&bytes, other, &random) }
        if bytes.count > Self.longest { bytes.removeSubrange(Self.longest...) }
    }

    private func step(_ bytes: inout [UInt8], _ other: [UInt8], _ random: inout SeededGenerator) {
        let at = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<11, using: &random) {
        case 0: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
        case 1: if at < bytes.count { bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 0...16, using: &random)))
        case 3: bytes.removeSubrange(at...)
        case 4, 5: bytes.insert(contentsOf: words.randomElement(using: &random) ?? [UInt8.random(in: 0...255, using: &random)], at: at)
        case 6: repeatPart(&bytes, at, &random)
        case 7: storeNumber(&bytes, at, &random)
        case 8: replaceNumeral(&bytes, from: at, &random)
        case 9: replaceWord(&bytes, from: at, &random)
        default:
            let cut = Int.random(in: 0...other.count, using: &random)
            bytes = Array(bytes[..<at]) + other[cut...]
        }
    }

    private func repeatPart(_ bytes: inout [UInt8], _ at: Int, _ random: inout SeededGenerator) {
        let from = Int.random(in: 0...bytes.count, using: &random)
        let part = Array(bytes[min(from, at)..<max(from, at)].prefix(600))
        let times = Int.random(in: 0..<20, using: &random) == 0 ? 100 : 1
        bytes.insert(contentsOf: (0..<times).flatMap { _ in part }, at: at)
    }

    private func storeNumber(_ bytes: inout [UInt8], _ at: Int, _ random: inout SeededGenerator) {
        let size = [1, 2, 4, 8].randomElement(using: &random) ?? 1
        guard at + size <= bytes.count, let number = Self.numbers.randomElement(using: &random) else { return }
        let isLittle = Bool.random(using: &random)
        for index in 0..<size { bytes[at + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * (isLittle ? index : size - 1 - index))) }
    }

    /// Digits in a text become others.
    private func replaceNumeral(_ bytes: inout [UInt8], from at: Int, _ random: inout SeededGenerator) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = bytes[at...].firstIndex(where: digits.contains), let numeral = Self.numerals.randomElement(using: &random) else { return }
        let end = bytes[first...].firstIndex { !digits.contains($0) } ?? bytes.count
        bytes.replaceSubrange(first..<end, with: numeral.utf8)
    }

    private func replaceWord(_ bytes: inout [UInt8], from at: Int, _ random: inout SeededGenerator) {
        func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") }
        guard let first = bytes[at...].firstIndex(where: isLetter), let word = words.randomElement(using: &random) else { return }
        let end = bytes[first...].firstIndex { !isLetter($0) } ?? bytes.count
        bytes.replaceSubrange(first..<end, with: word)
    }
}
