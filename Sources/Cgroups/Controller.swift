/// What a kernel can limit or count, by cgroup v1's names with `io` for `blkio`.
public enum Controller: String, Sendable, Hashable, CaseIterable {
    /// Cpu bandwidth and weight.
    case cpu
    /// Cpu time counting of v1; on v2 part of the core.
    case cpuacct
    /// Which cpus and memory nodes.
    case cpuset
    /// Memory and swap.
    case memory
    /// Processes and threads.
    case pids
    /// Block devices.
    case io
    /// Huge pages.
    case hugetlb
    /// Device access of v1.
    case devices
    /// Freezing of v1; on v2 part of the core.
    case freezer

    /// The name in v1's mount options and `/proc/PID/cgroup`.
    var v1Name: String { self == .io ? "blkio" : rawValue }

    /// Those that exist as v2 controllers and are turned on in `cgroup.subtree_control`.
    static let ofV2: [Controller] = [.cpuset, .cpu, .io, .memory, .hugetlb, .pids]
}

/// Which interface a group's files speak.
public enum CgroupVersion: Sendable, Hashable {
    /// Separate hierarchies.
    case v1
    /// The unified hierarchy.
    case v2
}
