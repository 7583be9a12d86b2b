/// Builds the little-endian encoding of programs and messages.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ value: UInt8) {
        bytes.append(value)
    }

    mutating func put(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    mutating func put(_ value: UInt16) {
        put(UInt64(value), size: 2)
    }

    mutating func put(_ value: UInt32) {
        put(UInt64(value), size: 4)
    }

    mutating func put(_ value: Int32) {
        put(UInt32(bitPattern: value))
    }

    mutating func put(_ value: UInt64) {
        put(value, size: 8)
    }

    mutating func put(_ text: ByteString) {
        put(UInt32(truncatingIfNeeded: text.bytes.count))
        bytes.append(contentsOf: text.bytes)
    }

    mutating func put<Value: WireValue>(_ value: Value) {
        value.encode(into: &self)
    }

    mutating func put<Value: WireValue>(_ values: [Value]) {
        put(UInt32(truncatingIfNeeded: values.count))
        for value in values { value.encode(into: &self) }
    }

    mutating func put<Value: WireValue>(_ value: Value?) {
        put(value != nil)
        if let value { value.encode(into: &self) }
    }

    private mutating func put(_ value: UInt64, size: Int) {
        for shift in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift))) }
    }
}

/// A value with an encoding of its own.
protocol WireValue {
    func encode(into writer: inout ByteWriter)
    init(from reader: inout ByteReader) throws(DecodeError)
}
