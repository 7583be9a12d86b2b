/// What was used last of what is costly to make: at most so many, for what users ask for has more kinds than memory has room.
struct RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let limit: Int
    private var values: [Key: (value: Value, use: UInt64)] = [:]
    private var uses: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { values.count }

    /// Counts as a use.
    mutating func value(for key: Key) -> Value? {
        guard let found = values[key] else { return nil }
        keep(found.value, for: key)
        return found.value
    }

    /// The one that was used longest ago makes room.
    mutating func keep(_ value: Value, for key: Key) {
        uses += 1
        values[key] = (value, uses)
        guard count > limit, let oldest = values.min(by: { $0.value.use < $1.value.use })?.key else { return }
        values[oldest] = nil
    }
}
