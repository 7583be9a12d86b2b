import JobModel

extension IntervalSet {
    /// The members that lie within another, usually much smaller set; costs what the smaller has.
    func intersection(within small: IntervalSet) -> IntervalSet {
        var result = IntervalSet()
        for range in small.ranges {
            var from = range.lowerBound
            while let member = next(from: from), member <= range.upperBound {
                let last = min(self.last(inRangeOf: member), range.upperBound)
                result.insert(member...last)
                guard last < range.upperBound else { break }
                from = last + 1
            }
        }
        return result
    }
}
