import JobModel
import TestSupport
import Testing

@Suite struct IntervalSetTests {
    /// A set and the naive one, changed alike.
    private func pair(_ random: inout SeededGenerator) -> (IntervalSet, Set<TaskIndex>) {
        var set = IntervalSet()
        var naive = Set<TaskIndex>()
        let base: TaskIndex = Int.random(in: 0...4, using: &random) == 0 ? .max - 60 : 0
        for _ in 0..<Int.random(in: 0...25, using: &random) {
            let from = base + TaskIndex.random(in: 0...50, using: &random)
            let range = from...(from + TaskIndex.random(in: 0...10, using: &random))
            if Int.random(in: 0...2, using: &random) == 0 {
                set.remove(range)
                naive.subtract(range)
            } else {
                set.insert(range)
                naive.formUnion(range)
            }
        }
        return (set, naive)
    }

    @Test func behavesAsASet() {
        for round in 0..<2000 as Range<UInt64> {
            var random = SeededGenerator(round: round)
            let (a, naiveA) = pair(&random)
            let (b, naiveB) = pair(&random)
            let seed = "BERTH_SEED=\(Seed.value &+ round)"
            #expect(Array(a.members) == naiveA.sorted() && a.count == naiveA.count && a.isEmpty == naiveA.isEmpty, "\(seed)")
            #expect(a.first == naiveA.min() && a.last == naiveA.max(), "\(seed)")
            #expect(a.union(b) == IntervalSet(naiveA.union(naiveB)), "\(seed)")
            #expect(a.subtracting(b) == IntervalSet(naiveA.subtracting(naiveB)), "\(seed)")
            #expect(a.intersection(b) == IntervalSet(naiveA.intersection(naiveB)), "\(seed)")
            for result in [a, a.union(b), a.subtracting(b), a.intersection(b)] { #expect(isNormal(result), "\(seed): \(result)") }
            let probe = TaskIndex.random(in: 0...60, using: &random)
            #expect(a.contains(probe) == naiveA.contains(probe) && a.next(from: probe) == naiveA.filter { $0 >= probe }.min(), "\(seed)")
            let isIn = naiveA.contains(probe)
            let change = isIn ? (probe...(.max)).first { !naiveA.contains($0) } : naiveA.filter { $0 > probe }.min()
            #expect(a.last(alike: probe) == change.map { $0 - 1 } ?? .max, "\(seed)")
            if let member = a.first {
                #expect(naiveA.contains(a.last(inRangeOf: member)) && !naiveA.contains(a.last(inRangeOf: member) &+ 1))
            }
        }
    }

    /// Sorted, disjoint and not adjacent: equal sets are equal in memory.
    private func isNormal(_ set: IntervalSet) -> Bool {
        zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound < .max && $0.upperBound + 1 < $1.lowerBound }
    }

    @Test func aMillionTasksAreOneRange() {
        var set = IntervalSet(0...999_999)
        #expect(set.ranges.count == 1 && set.count == 1_000_000)
        for index in 0..<10 as Range<TaskIndex> { set.remove(index) }
        #expect(set.ranges == [10...999_999])
        set.remove(500_000)
        #expect(set.ranges.count == 2 && set.next(from: 500_000) == 500_001)
    }

    @Test(arguments: [("0-99", "0-99"), ("1,3,7-9", "1,3,7-9"), ("0-10:5", "0,5,10"), ("3,1,2", "1-3"), ("5", "5"), ("", "")])
    func lists(text: String, normal: String) throws {
        #expect(IntervalSet(list: text)?.description == normal)
        #expect(try roundTrip([IntervalSet(list: text)!]) == [IntervalSet(list: normal)!])
    }

    @Test(arguments: ["-", "1-", "3-1", "x", "0-9:0", "0-9:x", "1:2:3", ",", "1,,2", "4000000000", "0-3999999999", "-1"])
    func whatIsNoListIsRefused(text: String) { #expect(IntervalSet(list: text) == nil) }
}
