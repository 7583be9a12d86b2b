/// The core files of v2 (Documentation/admin-guide/cgroup-v2.rst).
enum UnifiedTree {
    /// Turns controllers on for the groups below a group; those that are on already are not touched. A group with processes refuses (EBUSY).
    static func enable(_ wanted: Set<Controller>, in directory: GroupDirectory) throws(CgroupError) {
        let on = Set(try directory.read("cgroup.subtree_control").split(whereSeparator: \.isWhitespace).map(String.init))
        let missing = Controller.ofV2.filter { wanted.contains($0) && !on.contains($0.rawValue) }
        guard !missing.isEmpty else { return }
        let text = missing.map { "+\($0.rawValue)" }.joined(separator: " ")
        try directory.set("cgroup.subtree_control", text) { found in
            let now = Set(found.split(whereSeparator: \.isWhitespace).map(String.init))
            // In a temporary tree the file holds what was written.
            return missing.allSatisfy { now.contains($0.rawValue) || now.contains("+" + $0.rawValue) }
        }
    }

    /// Whether processes live in the group or below.
    static func isPopulated(_ directory: GroupDirectory) throws(CgroupError) -> Bool {
        do throws(CgroupError) { return try directory.readTable("cgroup.events")["populated"] ?? 0 != 0 } catch {
            // A populated group cannot be removed.
            if error.isGone { return false }
            throw error
        }
    }
}
