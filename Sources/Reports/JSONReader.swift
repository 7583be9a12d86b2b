/// Reads compact JSON where it lies. It knows what the daemon writes and no more: whoever meets something else has to read it in another way.
struct JSONReader {
    struct Unexpected: Error {}

    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var at = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }

    private func peek() throws(Unexpected) -> UInt8 {
        guard at < bytes.count else { throw Unexpected() }
        return bytes[at]
    }

    private mutating func take(_ byte: UInt8) throws(Unexpected) -> Bool {
        guard try peek() == byte else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(Unexpected) { guard try take(byte) else { throw Unexpected() } }

    /// Calls `member` with each name; it has to read the value.
    mutating func object(_ member: (inout Self, String) throws -> Void) throws {
        try expect(UInt8(ascii: "{"))
        if try take(UInt8(ascii: "}")) { return }
        repeat {
            let name = try string()
            try expect(UInt8(ascii: ":"))
            try member(&self, name)
        } while try take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    mutating func list(_ element: (inout Self) throws -> Void) throws {
        try expect(UInt8(ascii: "["))
        if try take(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while try take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    mutating func string() throws(Unexpected) -> String {
        try expect(UInt8(ascii: "\""))
        let start = at
        while try peek() != UInt8(ascii: "\"") {
            // What is written in another way is rare.
            guard bytes[at] != UInt8(ascii: "\\") else { throw Unexpected() }
            at += 1
        }
        defer { at += 1 }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    mutating func boolean() throws(Unexpected) -> Bool {
        let word: StaticString = try peek() == UInt8(ascii: "t") ? "true" : "false"
        guard bytes.count - at >= word.utf8CodeUnitCount else { throw Unexpected() }
        for index in 0..<word.utf8CodeUnitCount where bytes[at + index] != word.utf8Start[index] { throw Unexpected() }
        at += word.utf8CodeUnitCount
        return word.utf8CodeUnitCount == 4
    }

    mutating func number() throws(Unexpected) -> UInt64 {
        let start = at
        var value: UInt64 = 0
        while at < bytes.count, case let digit = bytes[at] &- UInt8(ascii: "0"), digit < 10 {
            let (tens, tooMuch) = value.multipliedReportingOverflow(by: 10)
            let (sum, stillTooMuch) = tens.addingReportingOverflow(UInt64(digit))
            guard !tooMuch, !stillTooMuch else { throw Unexpected() }
            (value, at) = (sum, at + 1)
        }
        guard at > start, at == bytes.count || !Self.isOfNumber(bytes[at]) else { throw Unexpected() }
        return value
    }

    mutating func integer<Value: FixedWidthInteger>() throws(Unexpected) -> Value {
        let isNegative = try take(UInt8(ascii: "-"))
        let size = try number()
        guard let value = isNegative ? Value(exactly: size).map({ 0 - $0 }) : Value(exactly: size) else { throw Unexpected() }
        return value
    }

    mutating func double() throws(Unexpected) -> Double {
        let start = at
        while at < bytes.count, Self.isOfNumber(bytes[at]) { at += 1 }
        guard let value = Double(String(decoding: bytes[start..<at], as: UTF8.self)) else { throw Unexpected() }
        return value
    }

    /// The bytes of the next value, whatever it is.
    mutating func value() throws(Unexpected) -> UnsafeRawBufferPointer {
        let start = at
        var depth = 0
        while true {
            switch try peek() {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                at += 1
                while try peek() != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
            default: break
            }
            at += 1
            if depth <= 0, isAtEndOfValue { break }
        }
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<at])
    }

    private var isAtEndOfValue: Bool {
        guard at < bytes.count else { return true }
        return bytes[at] == UInt8(ascii: ",") || bytes[at] == UInt8(ascii: "}") || bytes[at] == UInt8(ascii: "]")
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}
