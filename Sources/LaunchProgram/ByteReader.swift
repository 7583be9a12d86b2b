/// Why bytes are not a program or message. The launcher traps without a message, so every bound is checked while decoding.
public enum DecodeError: UInt8, Error, Equatable, Sendable {
    /// The bytes end inside a value.
    case truncated = 1
    /// Bytes are left over behind the last value.
    case trailing
    /// Not the magic number.
    case magic
    /// Another version than this program's.
    case version
    /// A number that stands for no case.
    case unknownCase
    /// More elements than the limits allow.
    case tooMany
    /// A NUL inside text that becomes a C string.
    case embeddedNUL
    /// A number outside its range.
    case range
}

/// Reads the little-endian encoding; it never traps, whatever the bytes are.
struct ByteReader: ~Copyable {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count - offset }

    mutating func uint8() throws(DecodeError) -> UInt8 {
        UInt8(truncatingIfNeeded: try number(size: 1))
    }

    mutating func bool() throws(DecodeError) -> Bool {
        switch try uint8() {
        case 0: return false
        case 1: return true
        default: throw .range
        }
    }

    mutating func uint16() throws(DecodeError) -> UInt16 {
        UInt16(truncatingIfNeeded: try number(size: 2))
    }

    mutating func uint32() throws(DecodeError) -> UInt32 {
        UInt32(truncatingIfNeeded: try number(size: 4))
    }

    mutating func int32() throws(DecodeError) -> Int32 {
        Int32(bitPattern: try uint32())
    }

    mutating func uint64() throws(DecodeError) -> UInt64 {
        try number(size: 8)
    }

    /// Bytes of any content, such as a file's or a filter's.
    mutating func data() throws(DecodeError) -> ByteString {
        let count = Int(try uint32())
        guard count <= remaining else { throw .truncated }
        defer { offset += count }
        return ByteString(bytes: Array(bytes[offset..<offset + count]))
    }

    /// Bytes that become a C string.
    mutating func text() throws(DecodeError) -> ByteString {
        let text = try data()
        for byte in text.bytes where byte == 0 { throw .embeddedNUL }
        return text
    }

    mutating func value<Value: WireValue>(_: Value.Type) throws(DecodeError) -> Value {
        try Value(from: &self)
    }

    mutating func optional<Value: WireValue>(_: Value.Type) throws(DecodeError) -> Value? {
        try bool() ? try Value(from: &self) : nil
    }

    /// Every element takes a byte at least, so a count larger than what is left is refused before any memory is taken for it.
    mutating func array<Value: WireValue>(_: Value.Type) throws(DecodeError) -> [Value] {
        let count = Int(try uint32())
        guard count <= remaining else { throw .truncated }
        guard count <= LaunchLimits.elements else { throw .tooMany }
        var values: [Value] = []
        for _ in 0..<count { values.append(try Value(from: &self)) }
        return values
    }

    func finish() throws(DecodeError) {
        guard remaining == 0 else { throw .trailing }
    }

    private mutating func number(size: Int) throws(DecodeError) -> UInt64 {
        guard size <= remaining else { throw .truncated }
        var value: UInt64 = 0
        for index in 0..<size { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        offset += size
        return value
    }
}

/// Bounds of what is decoded.
public enum LaunchLimits {
    /// Elements of one list: operations, arguments, variables, groups.
    public static let elements = 65_536
    /// Descriptors a program may name, passed and made together.
    public static let descriptors = 1024
    /// Bytes of an encoded program.
    public static let programBytes = 16 << 20
    /// Bytes of the name of an attempt's groups.
    public static let groupNameBytes = 72
    /// Descriptors in one packet: SCM_MAX_FD is 253 (unix(7)); more come in packets with the `more` flag.
    public static let descriptorsPerPacket = 253
}

extension ByteString: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(self)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        self = try reader.text()
    }
}

extension UInt32: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(self)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        self = try reader.uint32()
    }
}
