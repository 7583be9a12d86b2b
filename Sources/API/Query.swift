import JobModel

/// The query part of a request: names and values in order, percent-encoded on the wire (RFC 3986 §2.1).
public struct Query: Hashable, Sendable {
    private var names: [String] = []
    private var values: [String] = []
    public init() {}

    /// Parses what follows the `?`; a broken escape is kept as it stands.
    public init(parsing text: String) {
        for part in text.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            add(Self.decode(sides[0]), sides.count == 2 ? Self.decode(sides[1]) : "")
        }
    }

    public var isEmpty: Bool { names.isEmpty }

    public mutating func add(_ name: String, _ value: (some CustomStringConvertible)?) {
        guard let value else { return }
        names.append(name)
        values.append(value.description)
    }

    /// Adds `name=1` when true.
    public mutating func add(flag name: String, _ value: Bool) { if value { add(name, "1") } }

    /// The first value of that name.
    public subscript(_ name: String) -> String? { names.firstIndex(of: name).map { values[$0] } }
    public func all(_ name: String) -> [String] { zip(names, values).filter { $0.0 == name }.map(\.1) }
    public func flag(_ name: String) -> Bool { self[name].map { $0 != "0" && $0 != "false" } ?? false }

    /// Reads a value; one that does not parse is refused as `invalid` with its name as the field.
    public func value<T>(_ name: String, accepted: String, _ parse: (String) -> T?) throws(APIError) -> T? {
        guard let text = self[name] else { return nil }
        guard let value = parse(text) else { throw APIError(.invalid, "found \(DocumentText.quoted(text)), accepted \(accepted)", field: name) }
        return value
    }

    /// With a leading `?`, or empty.
    public var suffix: String {
        names.isEmpty ? "" : "?" + zip(names, values).map { "\(Self.encode($0))=\(Self.encode($1))" }.joined(separator: "&")
    }

    private static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: ":"),
                UInt8(ascii: ","):
                result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func decode(_ text: Substring) -> String {
        var result: [UInt8] = []
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            guard byte == UInt8(ascii: "%") else { result.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte); continue }
            var ahead = bytes
            guard let high = ahead.next().flatMap(hex), let low = ahead.next().flatMap(hex) else { result.append(byte); continue }
            bytes = ahead
            result.append(high << 4 | low)
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }
}

/// A request that travels in the query of a GET.
public protocol QueryRequest: Hashable, Sendable {
    init(query: Query) throws(APIError)
    var query: Query { get }
}
