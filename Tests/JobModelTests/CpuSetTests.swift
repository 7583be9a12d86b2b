import JobModel
import TestSupport
import Testing

@Suite struct CpuSetTests {
    @Test func behavesAsASet() {
        for round in 0..<300 as Range<UInt64> {
            var random = SeededGenerator(round: round)
            var members = (Set<Int>(), Set<Int>())
            var sets = (CpuSet(), CpuSet())
            for _ in 0..<40 {
                let member = Int.random(in: 0..<(Bool.random(using: &random) ? 70 : 400), using: &random)
                if Int.random(in: 0...3, using: &random) == 0 {
                    members.0.remove(member)
                    sets.0.remove(member)
                } else if Bool.random(using: &random) {
                    members.0.insert(member)
                    sets.0.insert(member)
                } else {
                    members.1.insert(member)
                    sets.1.insert(member)
                }
            }
            let (a, b) = sets
            #expect(a.members == members.0.sorted() && a.count == members.0.count && a.isEmpty == members.0.isEmpty)
            #expect(a.union(b) == CpuSet(members.0.union(members.1)))
            #expect(a.intersection(b) == CpuSet(members.0.intersection(members.1)))
            #expect(a.subtracting(b) == CpuSet(members.0.subtracting(members.1)))
            #expect(
                a.isSubset(of: b) == members.0.isSubset(of: members.1) && a.isDisjoint(with: b) == members.0.isDisjoint(with: members.1))
            #expect(CpuSet(list: a.description) == a, "BERTH_SEED=\(Seed.value &+ round)")
        }
    }

    @Test(arguments: [
        ("", ""), ("0", "0"), ("0-3,8", "0-3,8"), ("3,2,1", "1-3"), ("0-1,1-4", "0-4"), (" 0-1,\n5\n", "0-1,5"), ("8191", "8191"),
    ])
    func theKernelsListFormat(text: String, normal: String) { #expect(CpuSet(list: text)?.description == normal) }

    @Test(arguments: ["-", "1-", "-1", "3-1", "1,,2", "x", "8192", "0-99999999999", "1-2-3", ","])
    func whatIsNoListIsRefused(text: String) {
        #expect(CpuSet(list: text) == nil)
        #expect(throws: (any Error).self) { try decode([CpuSet].self, "[\"\(text)\"]") }
    }

    @Test func equalSetsAreEqualHoweverTheyCameAbout() throws {
        var set = CpuSet([1, 500])
        set.remove(500)
        #expect(set == CpuSet([1]) && set.hashValue == CpuSet([1]).hashValue && !set.contains(500) && !set.contains(-1))
        #expect(try json([MemoryNodeSet([0, 1, 3])]) == "[\"0-1,3\"]" && roundTrip([set]) == [set])
    }
}
