/// Text as the kernel takes it: bytes without an encoding. Paths, arguments and file contents need not be UTF-8, and comparing
/// `String` would pull the Unicode tables into the launcher.
public struct ByteString: Equatable, Hashable, Sendable {
    /// The bytes, without a terminating NUL.
    public var bytes: [UInt8]

    /// Takes bytes as they are.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The UTF-8 form of a string.
    public init(_ string: String) {
        bytes = Array(string.utf8)
    }

    /// True without any byte.
    public var isEmpty: Bool { bytes.isEmpty }

    /// The text, with what is not UTF-8 replaced.
    public var string: String { String(decoding: bytes, as: UTF8.self) }
}

extension ByteString: ExpressibleByStringLiteral {
    /// A literal.
    public init(stringLiteral value: StaticString) {
        bytes = value.withUTF8Buffer { Array($0) }
    }
}
