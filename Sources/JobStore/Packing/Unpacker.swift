/// Reads the fields that `Packer` wrote.
package struct Unpacker {
    /// One field: a number, or bytes.
    package struct Field {
        package let number: UInt64
        package let value: UInt64
        package let bytes: ArraySlice<UInt8>

        package var signed: Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
        package var flag: Bool { value != 0 }
        package var text: String { String(decoding: bytes, as: UTF8.self) }

        package func small<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(PackingError) -> T {
            guard let small = T(exactly: value) else { throw PackingError("field \(number): \(value) does not fit") }
            return small
        }

        package func nested<T: Packable>(_ type: T.Type = T.self) throws(PackingError) -> T { try T(packed: bytes) }

        /// A case of an enumeration kept by name.
        package func name<T: RawRepresentable<String>>(_ type: T.Type = T.self) throws(PackingError) -> T {
            guard let value = T(rawValue: text) else { throw PackingError("field \(number): '\(text)' is not known") }
            return value
        }
    }

    private var rest: ArraySlice<UInt8>

    package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    package var isAtEnd: Bool { rest.isEmpty }

    package mutating func raw() throws(PackingError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = rest.popFirst() {
            guard shift < 64 else { throw PackingError("a number of more than 64 bits") }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw PackingError("the value ends within a number")
    }

    package mutating func next() throws(PackingError) -> Field? {
        guard !rest.isEmpty else { return nil }
        let tag = try raw()
        let value = try raw()
        guard tag & 1 == 1 else { return Field(number: tag >> 1, value: value, bytes: []) }
        guard value <= UInt64(rest.count) else { throw PackingError("field \(tag >> 1): the value ends within it") }
        let end = rest.startIndex + Int(value)
        defer { rest = rest[end...] }
        return Field(number: tag >> 1, value: value, bytes: rest[..<end])
    }
}

/// A field without which a value has no meaning.
package func required<T>(_ value: T?, _ name: String) throws(PackingError) -> T {
    guard let value else { throw PackingError("\(name) is missing") }
    return value
}
