import LinuxSys

/// Why a group did not freeze: the process that is in the way and where it waits in the kernel.
public struct FreezeFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The group.
    public var group: String
    /// A process that did not stop; nil if it was gone when looked for.
    public var pid: Int32?
    /// Its state letter of procfs.
    public var state: Character?
    /// Where it waits in the kernel.
    public var waitChannel: String?
    /// How long was waited, ms.
    public var waitedMilliseconds: UInt64

    /// One line.
    public var description: String {
        var line = "freeze \(group): not frozen after \(waitedMilliseconds) ms, thawed again"
        if let pid { line += "; pid \(pid) in state \(state.map(String.init) ?? "?")" }
        if let waitChannel { line += " waits in \(waitChannel)" }
        return line
    }
}

/// What can come out of a freeze.
public enum FreezeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A process could not be stopped in time; the group runs again.
    case notFrozen(FreezeFailure)
    /// The group's files could not be used.
    case group(CgroupError)

    /// One line.
    public var description: String {
        switch self {
        case .notFrozen(let failure): failure.description
        case .group(let error): error.description
        }
    }
}

/// Stops and continues all processes of a group at once (cgroup-v2.rst, `cgroup.freeze`; cgroup-v1/freezer-subsystem.rst).
enum Freezer {
    static func request(_ frozen: Bool, of group: GroupDirectory) throws(CgroupError) {
        switch group.version {
        case .v2: try group.write("cgroup.freeze", frozen ? "1" : "0")
        case .v1: try group.write("freezer.state", frozen ? "FROZEN" : "THAWED")
        }
    }

    /// Whether the kernel says that all processes have stopped.
    static func isFrozen(_ group: GroupDirectory) throws(CgroupError) -> Bool {
        switch group.version {
        case .v2: try group.readTable("cgroup.events")["frozen"] ?? 0 != 0
        // FREEZING is on the way; reading makes the kernel look again.
        case .v1: try group.read("freezer.state") == "FROZEN"
        }
    }

    /// Waits until the state is reached; false when the time passed.
    static func wait(for frozen: Bool, of group: GroupDirectory, milliseconds: UInt64) throws(CgroupError) -> Bool {
        let deadline = bootNanoseconds() + milliseconds * 1_000_000
        // Opened before the first look, so that a change in between wakes the poll.
        let events = group.version == .v2 ? try group.open("cgroup.events", .readOnly) : nil
        var pause: UInt64 = 100_000
        while true {
            if let events { _ = try? events.read(upTo: 512, at: 0) }
            if try isFrozen(group) == frozen { return true }
            let now = bootNanoseconds()
            if now >= deadline { return false }
            if let events {
                // At most 100 ms at a time, in case a notification is lost.
                _ = try? poll(events, for: .priority, milliseconds: Int32(clamping: min(100, (deadline - now) / 1_000_000 + 1)))
            } else {
                sleepBlocking(nanoseconds: pause)
                pause = min(pause * 2, 5_000_000)
            }
        }
    }
}

extension AttemptGroup {
    /// Stops all of the job's processes; when it returns none of them runs. PID 1 goes on. Twice is fine. Blocks.
    ///
    /// - Throws: `.notFrozen` when that took longer than the deadline; the job then runs again.
    public func freeze(deadlineMilliseconds: UInt64 = 10_000) throws(FreezeError) {
        do throws(CgroupError) {
            try requestFreeze()
            if try isFrozen(within: deadlineMilliseconds) { return }
        } catch {
            try? Freezer.request(false, of: jobGroup("freeze"))
            throw .group(error)
        }
        throw giveUpFreezing(afterMilliseconds: deadlineMilliseconds)
    }

    private func jobGroup(_ what: String) throws(CgroupError) -> GroupDirectory {
        guard let job = directories.job else { throw CgroupError(what, "\(parent.name)/\(name)", found: "the group is gone") }
        return job
    }

    /// Asks the kernel to stop all of the job's processes; `isFrozen` tells when it has.
    public func requestFreeze() throws(CgroupError) { try Freezer.request(true, of: jobGroup("freeze")) }

    /// Asks the kernel to let them go on.
    public func requestThaw() throws(CgroupError) { try Freezer.request(false, of: jobGroup("thaw")) }

    /// Whether all of the job's processes stand within the time given. Blocks.
    public func isFrozen(within milliseconds: UInt64) throws(CgroupError) -> Bool {
        try Freezer.wait(for: true, of: jobGroup("freeze"), milliseconds: milliseconds)
    }

    /// Whether they go on within the time given. Blocks.
    public func isThawed(within milliseconds: UInt64) throws(CgroupError) -> Bool {
        try Freezer.wait(for: false, of: jobGroup("thaw"), milliseconds: milliseconds)
    }

    /// Thaws a group that did not freeze, and says what was in the way. Blocks for some milliseconds.
    public func giveUpFreezing(afterMilliseconds waited: UInt64) -> FreezeError {
        do throws(CgroupError) {
            let job = try jobGroup("freeze")
            // On v2 those that stand are merely asleep, so the one in the way stands out now; after the thaw all are awake for a moment.
            let seen = job.version == .v2 ? culprit(of: job, waited: waited) : nil
            try Freezer.request(false, of: job)
            if let seen { return .notFrozen(seen) }
            // v1's frozen processes look as if they were in uninterruptible sleep themselves.
            sleepBlocking(nanoseconds: 2_000_000)
            return .notFrozen(culprit(of: job, waited: waited))
        } catch { return .group(error) }
    }

    /// Lets the job's processes go on. Blocks until the kernel says so, at most a second.
    public func thaw() throws(CgroupError) {
        try requestThaw()
        guard try isThawed(within: Self.thawMilliseconds) else { throw stillFrozen() }
    }

    /// How long a thaw may take; usually it is done at once.
    public static var thawMilliseconds: UInt64 { 1_000 }

    /// A group that did not thaw in time.
    public func stillFrozen() -> CgroupError {
        CgroupError("thaw", directories.job?.path ?? "\(parent.name)/\(name)", found: "still frozen after \(Self.thawMilliseconds) ms")
    }

    /// Whether the job is frozen as a whole.
    public func isFrozen() throws(CgroupError) -> Bool {
        try directories.job.map { job throws(CgroupError) in try Freezer.isFrozen(job) } ?? false
    }

    private func culprit(of job: GroupDirectory, waited: UInt64) -> FreezeFailure {
        var failure = FreezeFailure(group: job.path, waitedMilliseconds: waited)
        let statuses = ((try? job.processes()) ?? []).compactMap { try? ProcessStatus(pid: $0) }
        // One in uninterruptible sleep is what holds a freeze up; otherwise name any that is not merely asleep.
        guard let found = statuses.first(where: { $0.state == "D" }) ?? statuses.first(where: { $0.state == "R" }) ?? statuses.first else {
            return failure
        }
        failure.pid = found.pid
        failure.state = found.state
        failure.waitChannel = ProcessStatus.waitChannel(of: found.pid)
        return failure
    }
}
