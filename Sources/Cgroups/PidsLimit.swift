/// Processes and threads (cgroup-v1/pids.rst; the same files in both versions).
enum PidsLimit {
    static func apply(_ limit: UInt64, to group: GroupDirectory) throws(CgroupError) { try group.set("pids.max", "\(limit)") }
}
