/// A set of small numbers in the kernel's list format (`0-3,8`), as in cpuset(7), "List format".
public protocol ListFormatSet: Hashable, Sendable, Codable, CustomStringConvertible {
    var words: [UInt64] { get set }
    init()
}

/// A set of logical CPUs.
public struct CpuSet: ListFormatSet {
    public var words: [UInt64] = []
    public init() {}
}

/// A set of NUMA memory nodes.
public struct MemoryNodeSet: ListFormatSet {
    public var words: [UInt64] = []
    public init() {}
}

/// The number of one NUMA memory node.
public typealias MemoryNode = Int

extension ListFormatSet {
    /// The highest number that a list may name, so that a hostile list cannot make the set large.
    public static var limit: Int { 8192 }

    public init(_ members: some Sequence<Int>) {
        self.init()
        for member in members { insert(member) }
    }

    /// Parses the kernel's list format; nil when malformed or above `limit`. An empty or blank text is the empty set.
    public init?(list text: some StringProtocol) {
        self.init()
        let trimmed = String(text.filter { !$0.isWhitespace })
        guard !trimmed.isEmpty else { return }
        for part in trimmed.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
            guard let first = ends.first.flatMap({ Int($0) }), ends.count <= 2, let last = Int(ends[ends.count - 1]) else { return nil }
            guard first >= 0, first <= last, last < Self.limit else { return nil }
            for member in first...last { insert(member) }
        }
    }

    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
    public var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    public func contains(_ member: Int) -> Bool {
        member >= 0 && member / 64 < words.count && words[member / 64] & (1 << UInt64(member % 64)) != 0
    }

    public mutating func insert(_ member: Int) {
        precondition(member >= 0 && member < Self.limit, "cpu or node number out of range")
        while words.count <= member / 64 { words.append(0) }
        words[member / 64] |= 1 << UInt64(member % 64)
    }

    public mutating func remove(_ member: Int) {
        guard contains(member) else { return }
        words[member / 64] &= ~(1 << UInt64(member % 64))
        trim()
    }

    public func union(_ other: Self) -> Self { combined(other, count: max(words.count, other.words.count)) { $0 | $1 } }
    public func intersection(_ other: Self) -> Self { combined(other, count: min(words.count, other.words.count)) { $0 & $1 } }
    public func subtracting(_ other: Self) -> Self { combined(other, count: words.count) { $0 & ~$1 } }
    public func isSubset(of other: Self) -> Bool { subtracting(other).isEmpty }
    public func isDisjoint(with other: Self) -> Bool { intersection(other).isEmpty }

    /// In ascending order.
    public var members: [Int] {
        var result: [Int] = []
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                result.append(index * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return result
    }

    /// The kernel's list format, such as `0-3,8`; empty for the empty set.
    public var description: String {
        var parts: [String] = []
        var run: ClosedRange<Int>?
        func text(_ run: ClosedRange<Int>) -> String {
            run.count == 1 ? "\(run.lowerBound)" : "\(run.lowerBound)-\(run.upperBound)"
        }
        for member in members {
            if let current = run, current.upperBound + 1 == member {
                run = current.lowerBound...member
            } else {
                if let current = run { parts.append(text(current)) }
                run = member...member
            }
        }
        if let current = run { parts.append(text(current)) }
        return parts.joined(separator: ",")
    }

    private func combined(_ other: Self, count: Int, _ operation: (UInt64, UInt64) -> UInt64) -> Self {
        var result = Self()
        result.words = (0..<count).map { operation($0 < words.count ? words[$0] : 0, $0 < other.words.count ? other.words[$0] : 0) }
        result.trim()
        return result
    }

    /// Keeps equal sets equal in memory, so that `==` and hashing may compare words.
    private mutating func trim() { while words.last == 0 { words.removeLast() } }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(list: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "found \(DocumentText.quoted(text)), accepted a list such as 0-3,8")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
