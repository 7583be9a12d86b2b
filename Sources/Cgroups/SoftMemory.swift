internal import JobModel
import LinuxSys
internal import Synchronization

/// What a group keeps of its memory when the machine's is short: `memory.low` of v2, which spares the group up to that amount; v1's soft limit, down
/// to which it is taken from first.
///
/// Not `memory.high`: that slows a job down on an idle machine too, and is a second limit rather than a reservation.
enum SoftMemory {
    static func apply(_ bytes: Bytes, to group: GroupDirectory, of parent: GroupParent) throws(CgroupError) {
        let file = file(group.version)
        guard group.has(file) else {
            throw CgroupError("set \(file)", group.path, wanted: "\(bytes.count)", found: "this kernel has no soft limit of memory")
        }
        if group.version == .v2 { try parent.protect(group, bytes.count) }
        try group.set(file, "\(bytes.count)") { found in
            // The kernel counts pages.
            UInt64(found).map { $0 <= bytes.count && bytes.count - $0 < 65_536 } ?? false
        }
    }

    static func file(_ version: CgroupVersion) -> String { version == .v2 ? "memory.low" : "memory.soft_limit_in_bytes" }
}

extension GroupParent {
    /// A group is spared no more than its parent is, so the parent's share is the sum of those below. 0: the group is not spared any more.
    func protect(_ group: GroupDirectory, _ bytes: UInt64) throws(CgroupError) {
        guard let memory = directories.holding(.memory, layout), memory.version == .v2 else { return }
        try spared.withLock { shares throws(CgroupError) in
            shares[group.path] = bytes > 0 ? bytes : nil
            let sum = shares.values.reduce(0) { $0 &+ $1 }
            try memory.set("memory.low", "\(sum)") { UInt64($0).map { $0 <= sum && sum - $0 < 65_536 } ?? false }
        }
    }

    /// What an earlier daemon gave the group counts again.
    func learnProtection(of directories: GroupDirectories) {
        guard let group = directories.holding(.memory, layout), group.version == .v2 else { return }
        if let bytes = try? group.readNumber("memory.low"), bytes > 0 { try? protect(group, bytes) }
    }

    func endProtection(of directories: GroupDirectories) {
        guard let group = directories.holding(.memory, layout), spared.withLock({ $0[group.path] != nil }) else { return }
        try? protect(group, 0)
    }
}
