public import JobModel
import LinuxSys

/// Which cpus and memory nodes (cpuset(7); cgroup-v2.rst, "Cpuset").
enum Cpuset {
    /// Writes both lists and reads the *effective* ones back: the kernel accepts cpus that are not online or not the parent's, and gives
    /// the group others.
    static func apply(_ limits: GroupLimits, to group: GroupDirectory) throws(CgroupError) {
        guard let cpus = limits.cpus, let nodes = limits.memoryNodes, !cpus.isEmpty, !nodes.isEmpty else {
            throw CgroupError("set cpuset", group.path, found: "cpus and memory nodes are given together and are not empty")
        }
        try group.write("cpuset.mems", nodes.description)
        try group.write("cpuset.cpus", cpus.description)
        let effective = files(group)
        try group.verify(effective.cpus, cpus.description) { CpuSet(list: $0) == cpus }
        try group.verify(effective.mems, nodes.description) { MemoryNodeSet(list: $0) == nodes }
    }

    /// v1: a new group has neither cpus nor nodes, and nothing can enter before it has both.
    static func inherit(_ group: GroupDirectory, from above: GroupDirectory) throws(CgroupError) {
        for (file, effective) in [("cpuset.cpus", files(above).cpus), ("cpuset.mems", files(above).mems)] {
            guard try group.read(file).isEmpty else { continue }
            let wanted = try above.read(effective)
            try group.set(file, wanted) { !$0.isEmpty }
        }
    }

    /// The cpus and nodes that count now.
    static func effective(of group: GroupDirectory) throws(CgroupError) -> (cpus: CpuSet, nodes: MemoryNodeSet) {
        let names = files(group)
        guard let cpus = CpuSet(list: try group.read(names.cpus)), let nodes = MemoryNodeSet(list: try group.read(names.mems)) else {
            throw CgroupError("read \(names.cpus)", group.path, found: "no list of numbers")
        }
        return (cpus, nodes)
    }

    private static func files(_ group: GroupDirectory) -> (cpus: String, mems: String) {
        group.version == .v2
            ? ("cpuset.cpus.effective", "cpuset.mems.effective") : ("cpuset.effective_cpus", "cpuset.effective_mems")
    }
}

extension AttemptGroup {
    /// The cpus and memory nodes that the kernel gives the group now.
    public func effectivePlacement() throws(CgroupError) -> (cpus: CpuSet, nodes: MemoryNodeSet) {
        try Cpuset.effective(of: holding(.cpuset))
    }
}
