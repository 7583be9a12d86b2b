import LinuxSys

/// Which of an attempt's processes.
public enum KillScope: Sendable, Hashable {
    /// The job's; PID 1 stays, reaps and writes the record.
    case job
    /// PID 1 too.
    case everything
}

/// Ends all processes of a group, frozen or not (cgroup-v2.rst, `cgroup.kill`).
enum GroupKill {
    /// Sends SIGKILL to all once. v2 does it atomically against forks; v1 by process, and thaws because a frozen process there ignores it.
    static func strike(_ group: GroupDirectory, job: GroupDirectory?) throws(CgroupError) {
        if group.version == .v2, group.has("cgroup.kill") { return try group.write("cgroup.kill", "1") }
        for directory in [job, group].compactMap({ $0 }) {
            try signalAll(of: directory)
            if directory.version == .v2 || directory.has("freezer.state") { try Freezer.request(false, of: directory) }
        }
    }

    /// Sends SIGKILL to every process of one group. Each is held by a pidfd and seen in the group again afterwards, so that another process
    /// that got the number meanwhile is spared.
    static func signalAll(of group: GroupDirectory) throws(CgroupError) {
        let held = try group.processes().compactMap { try? ProcessHandle(pid: $0) }
        guard !held.isEmpty else { return }
        let still = Set(try group.processes())
        for process in held where still.contains(process.pid) { try? process.signal(9) }
    }

    static func isEmpty(_ group: GroupDirectory, job: GroupDirectory?) throws(CgroupError) -> Bool {
        if group.version == .v2 { return try !UnifiedTree.isPopulated(group) }
        if let job, try !job.processes().isEmpty { return false }
        return try group.processes().isEmpty
    }
}

extension AttemptGroup {
    /// Kills the job's processes, or all, and waits until none is left. Blocks; usually some milliseconds.
    ///
    /// - Throws: when some are left after the deadline, naming one.
    public func kill(_ scope: KillScope = .job, deadlineMilliseconds: UInt64 = 10_000) throws(CgroupError) {
        guard try !killed(scope, within: deadlineMilliseconds) else { return }
        throw leftover(scope, afterMilliseconds: deadlineMilliseconds)
    }

    /// Kills the job's processes, or all; false when some are left after the time given, such as one in uninterruptible sleep. Blocks.
    public func killed(_ scope: KillScope, within milliseconds: UInt64) throws(CgroupError) -> Bool {
        switch scope {
        case .job: try directories.job.map { job throws(CgroupError) in try Self.killed(job, job: nil, milliseconds) } ?? true
        case .everything: try killedEverything(within: milliseconds)
        }
    }

    private func killedEverything(within milliseconds: UInt64) throws(CgroupError) -> Bool {
        if let own = directories.freezing, try !Self.killed(own, job: directories.job, milliseconds) { return false }
        // On v1 and hybrid a process may have entered one hierarchy and not yet the freezing one.
        for directory in directories.all where directory.version == .v1 && directory.path != directories.freezing?.path {
            guard try Self.killedStragglers(in: directory, milliseconds) else { return false }
        }
        return true
    }

    /// What is left after a kill that took too long, and where the first of it waits in the kernel.
    public func leftover(_ scope: KillScope, afterMilliseconds milliseconds: UInt64) -> CgroupError {
        let groups = scope == .job ? [directories.job] : [directories.job] + directories.all
        let left = Set(groups.compactMap { try? $0?.processes() }.flatMap { $0 }).sorted()
        let place = left.first.flatMap { pid in ProcessStatus.waitChannel(of: pid).map { ", first pid \(pid), waits in \($0)" } } ?? ""
        return CgroupError("kill processes", "\(parent.name)/\(name)", found: "\(left.count) left after \(milliseconds) ms\(place)")
    }

    /// Whether any process is left, of the job alone or PID 1 too.
    public func isPopulated(_ scope: KillScope = .everything) throws(CgroupError) -> Bool {
        switch scope {
        case .job: try directories.job.map { job throws(CgroupError) in try !GroupKill.isEmpty(job, job: nil) } ?? false
        case .everything:
            try directories.freezing.map { own throws(CgroupError) in try !GroupKill.isEmpty(own, job: directories.job) } ?? false
        }
    }

    private static func killed(_ group: GroupDirectory, job: GroupDirectory?, _ milliseconds: UInt64) throws(CgroupError) -> Bool {
        // As a rule all have ended by themselves.
        if try GroupKill.isEmpty(group, job: job) { return true }
        let deadline = bootNanoseconds() + milliseconds * 1_000_000
        var pause: UInt64 = 50_000
        repeat {
            try GroupKill.strike(group, job: job)
            // The first rounds are short: most processes end within a millisecond.
            for _ in 0..<20 {
                if try GroupKill.isEmpty(group, job: job) { return true }
                if bootNanoseconds() >= deadline { return false }
                sleepBlocking(nanoseconds: pause)
                pause = min(pause * 2, 10_000_000)
            }
        } while bootNanoseconds() < deadline
        return false
    }

    private static func killedStragglers(in group: GroupDirectory, _ milliseconds: UInt64) throws(CgroupError) -> Bool {
        let deadline = bootNanoseconds() + milliseconds * 1_000_000
        while true {
            if try group.processes().isEmpty { return true }
            try GroupKill.signalAll(of: group)
            if bootNanoseconds() >= deadline { return false }
            sleepBlocking(nanoseconds: 1_000_000)
        }
    }
}
