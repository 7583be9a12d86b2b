/// A sum of what the kernel counted. Without a value nothing was counted; a partial one is a lower bound.
public struct ReportSum: Hashable, Sendable, Codable {
    public var value: UInt64?
    /// Some attempts could not be counted, or not wholly (v1 does not attribute buffered write-back).
    public var partial: Bool
    public init(value: UInt64? = nil, partial: Bool = false) {
        self.value = value
        self.partial = partial
    }

    /// The sum over attempts, each of which may have no count. Small: of thousands of rows each takes its attempt in turn.
    struct Counter: Hashable, Sendable {
        private var sum: UInt64 = 0
        private var isCounted = false
        /// Something is missing, or was counted in part.
        private var isPartial = false

        mutating func add(_ value: UInt64?, partial: Bool = false) {
            guard let value else {
                isPartial = true
                return
            }
            sum = sum.addingReportingOverflow(value).overflow ? .max : sum + value
            isCounted = true
            if partial { isPartial = true }
        }

        /// The same for the largest value instead of the sum.
        mutating func take(_ value: UInt64?, partial: Bool = false) {
            guard let value else {
                isPartial = true
                return
            }
            sum = max(sum, value)
            isCounted = true
            if partial { isPartial = true }
        }

        mutating func merge(_ other: Counter, isLargest: Bool) {
            let added = sum.addingReportingOverflow(other.sum)
            sum = isLargest ? max(sum, other.sum) : added.overflow ? .max : added.partialValue
            isCounted = isCounted || other.isCounted
            isPartial = isPartial || other.isPartial
        }

        var result: ReportSum { ReportSum(value: isCounted ? sum : nil, partial: isCounted && isPartial) }
    }

    /// `-` when nothing was counted, `≥` before the value when not all was.
    public func text(_ format: (UInt64) -> String) -> String {
        guard let value else { return "-" }
        return partial ? "≥" + format(value) : format(value)
    }
}
