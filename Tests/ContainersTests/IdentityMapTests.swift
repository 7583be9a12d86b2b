import JobModel
import LinuxSys
import TestSupport
import Testing

@testable import Containers

/// Whom the ids inside a job stand for outside (contract §7).
@Suite struct IdentityMapTests {
    private static let slots: ClosedRange<UInt32> = 0x7000_0000...0x7fff_fffe
    private static let slot: UInt32 = 0x7123_0000

    private func owner(_ user: UInt32, _ group: UInt32, _ groups: [UInt32] = []) -> Owner {
        Owner(user: UserID(user), group: GroupID(group), groups: groups.map { GroupID($0) }, name: "someone")
    }

    private func isWhole(_ extents: [IDMapExtent]) -> Bool {
        var inside: [Range<UInt64>] = []
        for extent in extents { inside.append(UInt64(extent.inside)..<UInt64(extent.inside) + UInt64(extent.count)) }
        let sorted = inside.sorted { $0.lowerBound < $1.lowerBound }
        return zip(sorted, sorted.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }
    }

    @Test("No id inside is root or another person outside, and each has one meaning") func nobodyElse() {
        var random = SeededGenerator()
        print("seed \(random.seed)")
        for _ in 0..<2000 {
            let user = UInt32.random(in: 1...200_000, using: &random)
            let groups = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt32.random(in: 0...200_000, using: &random) }
            let owner = owner(user, UInt32.random(in: 0...200_000, using: &random), groups)
            let map = IdentityMap(slot: Self.slot, owner: owner)
            let own = Set([owner.group.value] + groups).subtracting([0])
            #expect(isWhole(map.users) && isWhole(map.groups))
            // The kernel takes 340.
            #expect(map.users.count <= 340 && map.groups.count <= 340)
            #expect(map.outside(user: user) == user)
            for extent in map.users where extent.outside != user { #expect(extent.outside >= Self.slot && extent.count <= IdentityMap.slotSize) }
            for extent in map.groups where extent.count == 1 && !Self.slots.contains(extent.outside) {
                #expect(own.contains(extent.outside), "group \(extent.outside) is nobody's of \(own)")
            }
            for extent in map.groups where extent.count > 1 { #expect(Self.slots.contains(extent.outside)) }
            let id = UInt32.random(in: 0..<IdentityMap.slotSize, using: &random)
            #expect(map.outside(user: id) == (id == user ? user : Self.slot + id))
            #expect(map.outside(user: 0) == Self.slot && map.outside(group: 0) == Self.slot)
        }
    }

    @Test("Root submits as the root of its slot, never as the machine's") func root() {
        let map = IdentityMap(slot: Self.slot, owner: owner(0, 0, [4, 27]))
        #expect(map.users == [IDMapExtent(inside: 0, outside: Self.slot, count: IdentityMap.slotSize)])
        #expect(map.groups == map.users)
    }

    @Test("Through a bind nobody inside writes as an id of any slot", arguments: [0, 1000] as [UInt32]) func binds(user: UInt32) {
        let (users, groups) = IdentityMap.binds(slot: Self.slot, owner: owner(user, user), slots: Self.slots)
        #expect(users == groups && isWhole(users))
        for extent in users where extent.count > 1 {
            let covered = extent.inside...(extent.inside + (extent.count - 1))
            #expect(!covered.overlaps(Self.slots))
            #expect(extent.inside == extent.outside)
        }
        // Real root's files are those of root inside only for a job of root's own.
        let single = users.filter { $0.count == 1 }
        #expect(single == (user == 0 ? [IDMapExtent(inside: 0, outside: Self.slot, count: 1)] : []))
    }

    @Test("Layers lie shifted by the store's base, and ids above a slot have no files in them") func layers() {
        let map = IdentityMap(slot: Self.slot, owner: owner(70_000, 1000))
        let (users, groups) = map.layers(base: 5_000_000)
        #expect(users == [IDMapExtent(inside: 5_000_000, outside: Self.slot, count: IdentityMap.slotSize)])
        #expect(groups.contains(IDMapExtent(inside: 5_001_000, outside: 1000, count: 1)))
    }
}
