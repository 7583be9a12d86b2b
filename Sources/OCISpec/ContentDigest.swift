/// A SHA-256 digest in the form of the OCI image specification ("Descriptor", "Digests"): `sha256:` and 64 lower-case hexadecimal digits.
///
/// Other algorithms are refused: nothing in use writes them, and a store keyed by two of them would hold one layer twice.
public struct ContentDigest: Hashable, Comparable, Sendable {
    /// The 64 hexadecimal digits; safe as a file name.
    public let hex: String

    /// Nil unless `hex` is 64 lower-case hexadecimal digits.
    public init?(hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy(Self.isHexadecimal) else { return nil }
        self.hex = hex
    }

    /// From the 32 bytes of a finished hash; nil for any other number of bytes.
    public init?(bytes: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        self.init(hex: String(decoding: text, as: UTF8.self))
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// The first 12 digits, as image lists show it.
    public var short: String { String(hex.prefix(12)) }

    public static func < (a: ContentDigest, b: ContentDigest) -> Bool { a.hex < b.hex }
}

extension ContentDigest: LosslessStringConvertible, CustomStringConvertible, Codable {
    /// Nil unless the text is `sha256:` and 64 digits.
    public init?(_ text: String) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hex: String(text.dropFirst(7)))
    }

    /// `sha256:…`.
    public var description: String { "sha256:" + hex }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = ContentDigest(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "digest \(text.prefix(80)) is not sha256: and 64 lower-case hexadecimal digits")
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
