import LinuxSys
internal import Synchronization

/// Berth's own parent of all groups of one daemon, in every hierarchy that is used.
public final class GroupParent: Sendable {
    /// How the machine mounts its control groups.
    public let layout: CgroupLayout
    /// The parent's name below the top of each hierarchy, such as `berth-1f3a`.
    public let name: String
    let directories: GroupDirectories
    let counted = Mutex<Set<DeviceNumber>>([])
    private let allowLists = Mutex<[[DeviceRule]: GroupDirectory]>([:])
    let remover: GroupRemover
    /// What the groups limit of huge pages.
    let hugePageSizes: [HugePageLimit.Size]
    /// Memory that groups are left when it is short, by path.
    let spared = Mutex<[String: UInt64]>([:])

    /// Makes the parent, or takes the one that is there. On v2 the controllers are turned on down to it; on v1's cpuset it gets the cpus and
    /// nodes of the group above.
    public init(layout: CgroupLayout, name: String) throws(CgroupError) {
        guard !name.isEmpty, !name.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            throw CgroupError("make group", name, found: "a name without . and .. is accepted")
        }
        self.layout = layout
        self.name = name
        directories = try GroupDirectories.parent(layout, name: name)
        remover = GroupRemover()
        hugePageSizes = directories.holding(.hugetlb, layout).map(HugePageLimit.sizes) ?? []
    }

    /// The shared group of an allow list; read back when it is first used, remembered afterwards.
    func devicesGroup(for rules: [DeviceRule], in directory: GroupDirectory) throws(CgroupError) -> GroupDirectory {
        if let known = allowLists.withLock({ $0[rules] }) { return known }
        let group = try SharedDevices.group(for: rules, in: directory)
        allowLists.withLock { $0[rules] = group }
        return group
    }

    /// Makes the groups of one attempt, so that a start later costs nothing. Each is used once. It has no limits yet, and no huge page: what is
    /// not asked for is taken by nobody.
    public func prepare(_ name: String) throws(CgroupError) -> AttemptGroup {
        guard !name.isEmpty, !name.contains("/"), !name.hasPrefix("."), !name.hasPrefix(SharedDevices.prefix) else {
            throw CgroupError("make group", "\(self.name)/\(name)", found: "a name without a slash is accepted")
        }
        do throws(CgroupError) {
            let made = try directories.make(name)
            if let group = made.holding(.hugetlb, layout) { try HugePageLimit.apply([], hugePageSizes, to: group) }
            return AttemptGroup(name: name, parent: self, directories: made, allowsHugePages: false)
        } catch {
            // Half-made groups are nobody's.
            for directory in directories.all { _ = try? GroupRemover.removeNow(name, in: directory) }
            throw error
        }
    }

    /// Opens the groups of an attempt that another daemon made; nil if it has none left.
    public func open(_ name: String) throws(CgroupError) -> AttemptGroup? {
        guard let found = try directories.open(name) else { return nil }
        learnProtection(of: found)
        return AttemptGroup(name: name, parent: self, directories: found)
    }

    /// The names of all attempts that have a group in any hierarchy, sorted.
    public func names() throws(CgroupError) -> [String] {
        var found: Set<String> = []
        for directory in directories.all { found.formUnion(try directory.children()) }
        return found.filter { !$0.hasPrefix(SharedDevices.prefix) }.sorted()
    }

    /// Kills what is left in groups that are not to be kept and removes them; blocks. Tells which could not be removed and why.
    public func sweep(keeping: Set<String>, deadlineMilliseconds: UInt64 = 10_000) throws(CgroupError) -> [String: CgroupError] {
        var failures: [String: CgroupError] = [:]
        for name in try names() where !keeping.contains(name) {
            do throws(CgroupError) { try remove(name, deadlineMilliseconds: deadlineMilliseconds) } catch { failures[name] = error }
        }
        return failures
    }

    private func remove(_ name: String, deadlineMilliseconds: UInt64) throws(CgroupError) {
        if let group = try open(name) { try group.kill(.everything, deadlineMilliseconds: deadlineMilliseconds) }
        for directory in directories.all { try GroupRemover.remove(name, in: directory, deadlineMilliseconds: deadlineMilliseconds) }
    }

    /// Removes the parent, with the shared groups; EBUSY while an attempt's group is left. Blocks.
    public func remove() throws(CgroupError) {
        remover.waitUntilIdle()
        try directories.removeParent(name: name, layout: layout)
    }

    /// Waits until every group given to `removeInBackground` is gone or given up; tells of those given up.
    public func waitForRemovals() -> [CgroupError] { remover.waitUntilIdle() }
}
