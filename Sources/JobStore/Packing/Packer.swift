/// Writes values as numbered fields, so that a later version can add fields and an older reader skip them.
///
///     field = varint(number << 1)     varint(value)
///           | varint(number << 1 | 1) varint(length) bytes
///
/// Absent fields are nil, empty or zero, whichever the reader starts from.
package struct Packer {
    package private(set) var bytes: [UInt8] = []

    package init() { bytes.reserveCapacity(128) }

    package mutating func raw(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func number(_ field: UInt64, _ value: UInt64?) {
        guard let value else { return }
        raw(field << 1)
        raw(value)
    }

    /// Small negative numbers stay short (zigzag).
    package mutating func signed(_ field: UInt64, _ value: Int64?) {
        number(field, value.map { UInt64(bitPattern: ($0 << 1) ^ ($0 >> 63)) })
    }

    package mutating func flag(_ field: UInt64, _ value: Bool?) { number(field, value.map { $0 ? 1 : 0 }) }

    package mutating func text(_ field: UInt64, _ value: String?) {
        guard var value else { return }
        value.withUTF8 { data(field, $0) }
    }

    package mutating func data(_ field: UInt64, _ value: some Collection<UInt8>) {
        raw(field << 1 | 1)
        raw(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    package mutating func nested(_ field: UInt64, _ value: (some Packable)?) {
        guard let value else { return }
        var inner = Packer()
        value.pack(into: &inner)
        data(field, inner.bytes)
    }
}

/// A value with a packed form.
package protocol Packable {
    func pack(into packer: inout Packer)
    init(unpacking fields: inout Unpacker) throws(PackingError)
}

extension Packable {
    package var packed: [UInt8] {
        var packer = Packer()
        pack(into: &packer)
        return packer.bytes
    }

    package init(packed bytes: [UInt8]) throws(PackingError) { try self.init(packed: bytes[...]) }

    package init(packed bytes: ArraySlice<UInt8>) throws(PackingError) {
        var fields = Unpacker(bytes)
        try self.init(unpacking: &fields)
    }
}

/// A packed value that cannot be read.
package struct PackingError: Error, Hashable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
