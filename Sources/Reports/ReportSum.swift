/// A sum of what the kernel counted. Without a value nothing was counted; a partial one is a lower bound.
public struct ReportSum: Hashable, Sendable, Codable {
    public var value: UInt64?
    /// Some attempts could not be counted, or not wholly (v1 does not attribute buffered write-back).
    public var partial: Bool
    public init(value: UInt64? = nil, partial: Bool = false) {
        self.value = value
        self.partial = partial
    }

    /// The sum over attempts, each of which may have no count.
    struct Counter: Hashable, Sendable {
        private var sum: UInt64 = 0
        private var counted = 0
        private var missing = 0
        private var incomplete = 0

        mutating func add(_ value: UInt64?, partial: Bool = false) {
            guard let value else {
                missing += 1
                return
            }
            sum = sum.addingReportingOverflow(value).overflow ? .max : sum + value
            counted += 1
            if partial { incomplete += 1 }
        }

        /// The same for the largest value instead of the sum.
        mutating func take(_ value: UInt64?, partial: Bool = false) {
            guard let value else {
                missing += 1
                return
            }
            sum = max(sum, value)
            counted += 1
            if partial { incomplete += 1 }
        }

        mutating func merge(_ other: Counter, isLargest: Bool) {
            let added = sum.addingReportingOverflow(other.sum)
            sum = isLargest ? max(sum, other.sum) : added.overflow ? .max : added.partialValue
            counted += other.counted
            missing += other.missing
            incomplete += other.incomplete
        }

        var result: ReportSum { ReportSum(value: counted > 0 ? sum : nil, partial: counted > 0 && missing + incomplete > 0) }
    }

    /// `-` when nothing was counted, `≥` before the value when not all was.
    public func text(_ format: (UInt64) -> String) -> String {
        guard let value else { return "-" }
        return partial ? "≥" + format(value) : format(value)
    }
}
