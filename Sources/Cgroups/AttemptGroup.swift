public import LinuxSys
internal import Synchronization

/// The groups of one attempt: limits and counters sit on it, PID 1 is in it, the job in its child `job`. Used once.
///
/// ```
/// berth-<hash>/                    one parent per daemon
/// └─ 12.1/       limits, counters  PID 1
///    └─ job/     frozen and killed the job's processes
/// ```
/// On v1 there is one such group per controller; `job` is in the freezer, or on the v2 side if there is one. All calls may block.
public final class AttemptGroup: Sendable {
    /// Its name below the parent.
    public let name: String
    let parent: GroupParent
    let directories: GroupDirectories
    /// What was set here since the groups were made, so that it need not be read to be known.
    let known: Mutex<Known>

    struct Known {
        /// Cpus and memory nodes have been written.
        var hasCpuset = false
        /// Some huge page was allowed; nil for groups that were opened.
        var allowsHugePages: Bool?
    }

    init(name: String, parent: GroupParent, directories: GroupDirectories, allowsHugePages: Bool? = nil) {
        self.name = name
        self.parent = parent
        self.directories = directories
        known = Mutex(Known(allowsHugePages: allowsHugePages))
    }

    var layout: CgroupLayout { parent.layout }

    func holding(_ controller: Controller) throws(CgroupError) -> GroupDirectory {
        guard let directory = directories.holding(controller, layout) else {
            throw CgroupError("set limit", "\(parent.name)/\(name)", found: "this kernel has no \(controller.rawValue) controller")
        }
        return directory
    }

    /// Sets limits and reads each back, on a new group or a live one; fields that are nil stay as they are.
    ///
    /// - Throws: naming file, wanted and found, for a limit that did not take; those before it are set.
    ///
    /// - Parameter isNew: nothing was set before, so that what the kernel gives a new group need not be read.
    public func apply(_ limits: GroupLimits, isNew: Bool = false) throws(CgroupError) {
        if limits.cpus != nil || limits.memoryNodes != nil {
            try Cpuset.apply(limits, to: holding(.cpuset))
            known.withLock { $0.hasCpuset = true }
        }
        if limits.cpuQuota != nil || limits.cpuWeight != nil { try CpuBandwidth.apply(limits, to: holding(.cpu), isNew: isNew) }
        if limits.memory != nil || limits.swap != nil { try MemoryLimit.apply(limits, to: holding(.memory), isNew: isNew) }
        if let soft = limits.memorySoft { try SoftMemory.apply(soft, to: holding(.memory), of: parent) }
        // A new group may have none already.
        if let pages = limits.hugePages, !(isNew && pages.isEmpty) {
            known.withLock { $0.allowsHugePages = true }
            try HugePageLimit.apply(pages, parent.hugePageSizes, to: holding(.hugetlb))
        }
        if let weight = limits.ioWeight { try IOWeight.apply(weight, to: holding(.io)) }
        if let pids = limits.pids { try PidsLimit.apply(pids, to: holding(.pids)) }
        for throttle in limits.io {
            try parent.countIO(on: throttle.device)
            try BlockIO.apply(throttle, to: holding(.io))
        }
    }

    /// What the launcher is given so that PID 1 and the job enter.
    ///
    /// - Parameter devices: the allow list of v1 (`GroupLimits.devices`); nil leaves devices alone.
    public func entry(devices: [DeviceRule]? = nil) throws(CgroupError) -> GroupEntry {
        // Nothing can enter a v1 cpuset without cpus and nodes (ENOSPC); an attempt without limits there gets the parent's.
        if let own = directories.legacy[.cpuset], let above = parent.directories.legacy[.cpuset], !known.withLock({ $0.hasCpuset }) {
            try Cpuset.inherit(own, from: above)
        }
        var tasks: [Descriptor] = []
        for directory in directories.all where directory.version == .v1 { tasks.append(try directory.open("tasks", .writeOnly)) }
        if let devices, let shared = parent.directories.legacy[.devices] {
            tasks.append(try parent.devicesGroup(for: devices, in: shared).open("tasks", .writeOnly))
        }
        var entry = try jobEntry()
        entry.cloneInto = directories.unified?.descriptor
        entry.tasks = tasks
        return entry
    }

    /// What is left to give when PID 1 is in the groups already.
    public func jobEntry() throws(CgroupError) -> GroupEntry {
        let isUnified = directories.unified != nil
        return GroupEntry(
            cloneInto: nil, tasks: [], jobCloneInto: isUnified ? directories.job?.descriptor : nil,
            jobTasks: isUnified ? nil : try directories.job?.open("tasks", .writeOnly),
            jobProcesses: isUnified ? try directories.job?.open("cgroup.procs", .writeOnly) : nil)
    }

    /// Lets a user clone into the group and its child on v2: `cgroup.procs` becomes theirs. PID 1 needs it if it clones the job after it took
    /// other ids, because CLONE_INTO_CGROUP asks for the right to write both files.
    public func allowEntry(uid: UInt32, gid: UInt32) throws(CgroupError) { try giveEntry(uid, gid) }

    /// Takes that right back, before the job runs: its root may have that id, and could leave the group that is frozen.
    public func endEntry() throws(CgroupError) { try giveEntry(0, 0) }

    private func giveEntry(_ uid: UInt32, _ gid: UInt32) throws(CgroupError) {
        for directory in [directories.unified, directories.job].compactMap({ $0 }) where directory.version == .v2 {
            do throws(SystemError) { try directory.descriptor.changeOwner(of: "cgroup.procs", uid: uid, gid: gid) } catch {
                throw CgroupError("give cgroup.procs", directory.path, cause: error)
            }
        }
    }

    /// The numbers of all processes in the attempt's group and its child, PID 1 included, in our pid namespace.
    public func processes() throws(CgroupError) -> [Int32] { try own().processes() + jobProcesses() }

    /// The numbers of the job's processes.
    public func jobProcesses() throws(CgroupError) -> [Int32] { try directories.job?.processes() ?? [] }

    /// How to find the job's processes, and to tell one of them from others.
    public func membership() throws(CgroupError) -> GroupMembership {
        guard let job = directories.job else { throw CgroupError("list processes", "\(parent.name)/\(name)", found: "the group is gone") }
        let mount = (job.version == .v2 ? layout.unified : layout.legacy[.freezer]) ?? ""
        let path = job.path.hasPrefix(mount) ? String(job.path.dropFirst(mount.utf8.count)) : job.path
        return GroupMembership(
            controller: job.version == .v2 ? "" : Controller.freezer.v1Name, path: path, processes: try job.open("cgroup.procs", .readOnly))
    }

    private func own() throws(CgroupError) -> GroupDirectory {
        guard let own = directories.freezing else {
            throw CgroupError("list processes", "\(parent.name)/\(name)", found: "the group is gone")
        }
        return own
    }
}

/// A group of processes from outside, as the kernel writes it into `/proc/PID/cgroup`.
public struct GroupMembership: Sendable {
    /// Of v1; empty for v2.
    public var controller: String
    /// Below the hierarchy's root.
    public var path: String
    /// Its file `cgroup.procs`.
    public var processes: Descriptor
}

extension GroupDirectory {
    /// The processes of this group alone; a frozen or dying one counts. A group that is gone has none.
    func processes() throws(CgroupError) -> [Int32] {
        do throws(CgroupError) { return try read("cgroup.procs").split(whereSeparator: \.isWhitespace).compactMap { Int32($0) } } catch {
            if error.isGone { return [] }
            throw error
        }
    }
}
