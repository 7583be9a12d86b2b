public import JobModel
import LinuxSys

/// Memory and swap (cgroup-v2.rst, "Memory"; cgroup-v1/memory.rst).
enum MemoryLimit {
    static func apply(_ limits: GroupLimits, to group: GroupDirectory, isNew: Bool) throws(CgroupError) {
        switch group.version {
        case .v2: try applyUnified(limits, to: group)
        case .v1: try applyLegacy(limits, to: group, isNew: isNew)
        }
    }

    private static func applyUnified(_ limits: GroupLimits, to group: GroupDirectory) throws(CgroupError) {
        if let memory = limits.memory { try group.set("memory.max", "\(memory.count)") { takes($0, memory.count) } }
        if let swap = limits.swap {
            try requireSwap("memory.swap.max", in: group)
            try group.set("memory.swap.max", "\(swap.count)") { takes($0, swap.count) }
        }
    }

    /// v1 limits memory alone and memory with swap together; the second may never be below the first, so the order depends on the direction.
    private static func applyLegacy(_ limits: GroupLimits, to group: GroupDirectory, isNew: Bool) throws(CgroupError) {
        let memoryFile = "memory.limit_in_bytes"
        let bothFile = "memory.memsw.limit_in_bytes"
        let before = isNew ? UInt64(Int64.max) : try group.readNumber(memoryFile)
        let memory = limits.memory?.count ?? before
        guard group.has(bothFile) else {
            if limits.swap != nil { try requireSwap(bothFile, in: group) }
            return try group.set(memoryFile, "\(memory)") { takes($0, memory) }
        }
        let bothBefore = isNew ? UInt64(Int64.max) : try group.readNumber(bothFile)
        // Without a new swap limit the difference stays as it was.
        let swap = limits.swap?.count ?? (bothBefore >= unlimited ? unlimited : bothBefore - min(before, bothBefore))
        let both = memory >= unlimited || swap >= unlimited ? UInt64(Int64.max) : memory + swap
        let writeBoth = { () throws(CgroupError) in try group.set(bothFile, both >= unlimited ? "-1" : "\(both)") { takes($0, both) } }
        if both > bothBefore { try writeBoth() }
        if limits.memory != nil { try group.set(memoryFile, "\(memory)") { takes($0, memory) } }
        if both <= bothBefore { try writeBoth() }
    }

    private static func requireSwap(_ file: String, in group: GroupDirectory) throws(CgroupError) {
        guard group.has(file) else {
            throw CgroupError(
                "set \(file)", group.path, found: "this kernel does not count swap; boot with swapaccount=1 or ask for no swap limit")
        }
    }

    /// What v1 shows without a limit is the largest number of pages.
    static let unlimited = UInt64(Int64.max) / 65_536 * 65_536

    /// The kernel counts pages: it cuts what was written down to a whole one.
    private static func takes(_ found: String, _ wanted: UInt64) -> Bool {
        if found == "max" { return wanted >= unlimited }
        guard let number = UInt64(found) else { return false }
        return number == wanted || (number <= wanted && wanted - number < 65_536) || (number >= unlimited && wanted >= unlimited)
    }
}

extension AttemptGroup {
    /// Whether this kernel can limit and count swap for the group.
    public var countsSwap: Bool {
        guard let group = try? holding(.memory) else { return false }
        return group.has(group.version == .v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes")
    }

    /// Memory in use now, page cache included.
    public func memoryInUse() throws(CgroupError) -> Bytes {
        let group = try holding(.memory)
        return Bytes(try group.readNumber(group.version == .v2 ? "memory.current" : "memory.usage_in_bytes"))
    }

    /// What a person would call the memory in use: without pages of files that nobody touched lately (`inactive_file`), which the kernel takes back
    /// at once when they are wanted. Kubernetes evicts by the same figure.
    public func workingSet() throws(CgroupError) -> Bytes {
        let group = try holding(.memory)
        let file = group.version == .v2 ? "inactive_file" : "total_inactive_file"
        return try memoryInUse() - Bytes(group.readTable("memory.stat")[file] ?? 0)
    }

    /// How many of the attempt's processes the kernel ended for lack of memory, by its own counter.
    public func outOfMemoryKills() throws(CgroupError) -> UInt64 {
        let group = try holding(.memory)
        return try group.readTable(group.version == .v2 ? "memory.events" : "memory.oom_control")["oom_kill"] ?? 0
    }
}
