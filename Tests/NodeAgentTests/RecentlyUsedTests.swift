import JobModel
import LinuxSys
import Synchronization
import TestSupport
import Testing

@testable import NodeAgent

/// Caches that users fill.
@Suite struct RecentlyUsedTests {
    @Test func theOneUsedLongestAgoGoes() {
        var cache = RecentlyUsed<String, Int>(limit: 2)
        cache.keep(1, for: "one")
        cache.keep(2, for: "two")
        #expect(cache.value(for: "one") == 1)
        cache.keep(3, for: "three")
        #expect(cache.count == 2)
        #expect(cache.value(for: "two") == nil)
        #expect(cache.value(for: "one") == 1 && cache.value(for: "three") == 3)
        cache.keep(4, for: "one")
        #expect(cache.count == 2 && cache.value(for: "one") == 4)
    }

    @Test func filtersAreBounded() throws {
        let cache = try SeccompCache(path: Programs.path("../../../Config/seccomp/default.json"))
        for number in 0..<70 { _ = try cache.program(for: CapabilitySet(bits: UInt64(number))) }
        #expect(cache.programs.withLock { $0.count } == 64)
    }
}

extension AgentSuite {
    @Suite struct IdentityCacheTests {
        @Test func identitiesAreBounded() async throws {
            try await withNode { node in
                let cache = IdentityCache(slots: await node.services.slots, limit: 2)
                let user = TestUser.first
                func namespace(_ group: UInt32) throws -> UInt64 {
                    let owner = Owner(user: UserID(user.uid), group: GroupID(user.gid), groups: [GroupID(group)], name: user.name)
                    return try cache.identity(of: owner, imageBase: 0).layers.status().inode
                }
                // Held, so that its number is not used again.
                let owner = Owner(user: UserID(user.uid), group: GroupID(user.gid), groups: [GroupID(70_001)], name: user.name)
                let first = try cache.identity(of: owner, imageBase: 0)
                #expect(try namespace(70_001) == first.layers.status().inode)
                _ = try namespace(70_002)
                _ = try namespace(70_003)
                #expect(try namespace(70_001) != first.layers.status().inode, "it was let go of, and made anew")
            }
        }
    }
}
