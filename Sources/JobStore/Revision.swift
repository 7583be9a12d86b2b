/// The version of the whole store, and of each key: that of the last commit that changed it. Grows by one with each commit.
public struct Revision: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let value: UInt64
    public init(_ value: UInt64) { self.value = value }
    /// Before the first commit; of a key: it does not exist.
    public static let zero = Revision(0)
    public static func < (a: Revision, b: Revision) -> Bool { a.value < b.value }
    public var next: Revision { Revision(value + 1) }
    public var description: String { String(value) }
}

/// The fencing token of a leader: a commit under an older term is refused, so that a leader that lost its office writes nothing.
public struct Term: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let value: UInt64
    public init(_ value: UInt64) { self.value = value }
    public static func < (a: Term, b: Term) -> Bool { a.value < b.value }
    public var description: String { String(value) }
}

/// A value with the revision of the commit that wrote it.
public struct Versioned<Value: Sendable>: Sendable {
    public var value: Value
    public var revision: Revision
    public init(_ value: Value, _ revision: Revision) {
        self.value = value
        self.revision = revision
    }
}

extension Versioned: Equatable where Value: Equatable {}
extension Versioned: Hashable where Value: Hashable {}
