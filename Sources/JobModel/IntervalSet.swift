/// A set of task indices kept as sorted, disjoint, non-adjacent ranges: an array of a million pending tasks takes one range.
public struct IntervalSet: Hashable, Sendable {
    public private(set) var ranges: [ClosedRange<TaskIndex>] = []
    public init() {}
    public init(_ range: ClosedRange<TaskIndex>) { ranges = [range] }
    public init(_ members: some Sequence<TaskIndex>) { for member in members { insert(member) } }

    public var isEmpty: Bool { ranges.isEmpty }
    public var count: Int { ranges.reduce(0) { $0 + Int($1.upperBound - $1.lowerBound) + 1 } }
    public var first: TaskIndex? { ranges.first?.lowerBound }
    public var last: TaskIndex? { ranges.last?.upperBound }

    /// The position of the first range that ends at or after `index`.
    private func position(_ index: TaskIndex) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < index { low = middle + 1 } else { high = middle }
        }
        return low
    }

    public func contains(_ index: TaskIndex) -> Bool {
        let at = position(index)
        return at < ranges.count && ranges[at].lowerBound <= index
    }

    /// The smallest member that is at least `index`.
    public func next(from index: TaskIndex) -> TaskIndex? {
        let at = position(index)
        return at < ranges.count ? max(index, ranges[at].lowerBound) : nil
    }

    /// The end of the range that a member lies in; the member itself when it is none.
    public func last(inRangeOf member: TaskIndex) -> TaskIndex { contains(member) ? ranges[position(member)].upperBound : member }

    /// The last index of those from `index` on that are all members, as it is, or all none.
    public func last(alike index: TaskIndex) -> TaskIndex {
        let at = position(index)
        guard at < ranges.count else { return .max }
        return ranges[at].lowerBound <= index ? ranges[at].upperBound : ranges[at].lowerBound - 1
    }

    public mutating func insert(_ index: TaskIndex) { insert(index...index) }

    public mutating func insert(_ range: ClosedRange<TaskIndex>) {
        let from = position(range.lowerBound == 0 ? 0 : range.lowerBound - 1)
        var merged = range
        var to = from
        while to < ranges.count, ranges[to].lowerBound <= (merged.upperBound == .max ? .max : merged.upperBound + 1) {
            merged = min(merged.lowerBound, ranges[to].lowerBound)...max(merged.upperBound, ranges[to].upperBound)
            to += 1
        }
        ranges.replaceSubrange(from..<to, with: [merged])
    }

    public mutating func remove(_ index: TaskIndex) { remove(index...index) }

    public mutating func remove(_ range: ClosedRange<TaskIndex>) {
        let from = position(range.lowerBound)
        var to = from
        var kept: [ClosedRange<TaskIndex>] = []
        while to < ranges.count, ranges[to].lowerBound <= range.upperBound {
            let old = ranges[to]
            if old.lowerBound < range.lowerBound { kept.append(old.lowerBound...(range.lowerBound - 1)) }
            if old.upperBound > range.upperBound { kept.append((range.upperBound + 1)...old.upperBound) }
            to += 1
        }
        ranges.replaceSubrange(from..<to, with: kept)
    }

    /// In one walk over both.
    public func union(_ other: IntervalSet) -> IntervalSet {
        guard !other.isEmpty else { return self }
        guard !isEmpty else { return other }
        var result = IntervalSet()
        var left = ranges[...]
        var right = other.ranges[...]
        while let a = left.first ?? right.first {
            let b = right.first ?? a
            let next = a.lowerBound <= b.lowerBound && !left.isEmpty ? left.removeFirst() : right.removeFirst()
            guard let last = result.ranges.last, last.upperBound == .max || next.lowerBound <= last.upperBound + 1 else {
                result.ranges.append(next)
                continue
            }
            result.ranges[result.ranges.count - 1] = last.lowerBound...max(last.upperBound, next.upperBound)
        }
        return result
    }

    /// In one walk over both.
    public func subtracting(_ other: IntervalSet) -> IntervalSet {
        guard !other.isEmpty, !isEmpty else { return self }
        var result = IntervalSet()
        var at = other.position(ranges[0].lowerBound)
        for range in ranges {
            var from = range.lowerBound
            var whole = false
            while at < other.ranges.count, other.ranges[at].lowerBound <= range.upperBound {
                let hole = other.ranges[at]
                if hole.upperBound >= from, hole.lowerBound > from { result.ranges.append(from...(hole.lowerBound - 1)) }
                whole = hole.upperBound >= range.upperBound
                if whole { break }
                from = max(from, hole.upperBound + 1)
                at += 1
            }
            if !whole { result.ranges.append(from...range.upperBound) }
        }
        return result
    }

    /// In one walk over both.
    public func intersection(_ other: IntervalSet) -> IntervalSet {
        var result = IntervalSet()
        var left = 0
        var right = 0
        while left < ranges.count, right < other.ranges.count {
            let from = max(ranges[left].lowerBound, other.ranges[right].lowerBound)
            let to = min(ranges[left].upperBound, other.ranges[right].upperBound)
            if from <= to { result.ranges.append(from...to) }
            if ranges[left].upperBound <= other.ranges[right].upperBound { left += 1 } else { right += 1 }
        }
        return result
    }

    /// In ascending order, without building an array.
    public var members: some Sequence<TaskIndex> { ranges.lazy.flatMap { $0 } }
}

extension IntervalSet: CustomStringConvertible, Codable {
    /// What `init(list:)` accepts, for error messages.
    public static let accepted = "indices such as 0-99, 1,3,7-9 or 0-100:10"

    /// Members that the stepped parts of one list may have in all: a short hostile text must not become millions of ranges.
    static let steppedLimit: TaskIndex = 1_000_000

    /// Parses `0-99`, `1,3,7-9` and steps `0-100:10`; at most ten million members. Nil when malformed.
    public init?(list text: String) {
        self.init()
        guard !text.isEmpty else { return }
        var steppedMembers: TaskIndex = 0
        var parsed: [ClosedRange<TaskIndex>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let stepped = part.split(separator: ":", omittingEmptySubsequences: false)
            let ends = stepped[0].split(separator: "-", omittingEmptySubsequences: false).map { TaskIndex($0) }
            guard stepped.count <= 2, (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last,
                last < 4_000_000_000
            else { return nil }
            let step = stepped.count == 2 ? TaskIndex(stepped[1]) : 1
            guard let step, step > 0, (last - first) / step <= 10_000_000 else { return nil }
            if step > 1 { steppedMembers += (last - first) / step + 1 }
            guard steppedMembers <= Self.steppedLimit else { return nil }
            if step == 1 {
                parsed.append(first...last)
            } else {
                parsed += stride(from: first, through: last, by: Int(step)).map { $0...$0 }
            }
        }
        // In order, so that each insertion is at the end: an unsorted hostile list would cost the square of its length.
        parsed.sort { $0.lowerBound < $1.lowerBound }
        for range in parsed { insert(range) }
    }

    public var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(list: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "found \(DocumentText.quoted(text)), accepted \(Self.accepted)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
