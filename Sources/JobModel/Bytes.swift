/// An amount of memory or storage in bytes. JSON: a plain number.
public struct Bytes: Hashable, Comparable, Sendable {
    public let count: UInt64
    public init(_ count: UInt64) { self.count = count }

    public static let zero = Bytes(0)
    public static func kibibytes(_ n: UInt64) -> Bytes { Bytes(n << 10) }
    public static func mebibytes(_ n: UInt64) -> Bytes { Bytes(n << 20) }
    public static func gibibytes(_ n: UInt64) -> Bytes { Bytes(n << 30) }

    public static func < (a: Bytes, b: Bytes) -> Bool { a.count < b.count }
    /// Saturates at the largest number.
    public static func + (a: Bytes, b: Bytes) -> Bytes {
        let (sum, overflow) = a.count.addingReportingOverflow(b.count)
        return Bytes(overflow ? .max : sum)
    }
    /// Saturates at zero.
    public static func - (a: Bytes, b: Bytes) -> Bytes { Bytes(a.count > b.count ? a.count - b.count : 0) }
}

extension Bytes: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(try PlainNumber.decode(UInt64.self, decoder, accepted: "a plain number of bytes"))
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(count)
    }
}

extension Bytes: CustomStringConvertible {
    /// What `init(text:)` accepts, for error messages.
    public static let accepted = "a number with an optional unit K, M, G or T (powers of 1024), such as 512M or 1.5G"

    /// Parses sizes as people write them: `512M`, `1.5G`, `64KiB`, `100kB`, `4096`. Units are powers of 1024.
    public init?(text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number >= 0 else { return nil }
        let shifts: [String: Double] = [
            "": 0, "B": 0, "K": 10, "KB": 10, "KIB": 10, "M": 20, "MB": 20, "MIB": 20, "G": 30, "GB": 30, "GIB": 30, "T": 40, "TB": 40,
            "TIB": 40,
        ]
        guard let shift = shifts[text.dropFirst(digits.count).uppercased()] else { return nil }
        var scaled = number
        for _ in 0..<Int(shift) { scaled *= 2 }
        guard scaled < 9.2e18 else { return nil }
        self.init(UInt64(scaled.rounded()))
    }

    /// The shortest exact-enough form, such as `1.5G`.
    public var description: String {
        let units = ["", "K", "M", "G", "T", "P"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        if value == value.rounded() { return "\(Int(value))\(units[unit])" }
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)\(units[unit])" : "\(tenths / 10).\(tenths % 10)\(units[unit])"
    }
}
