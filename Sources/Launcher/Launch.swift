internal import CLinux
internal import JobLog
internal import LaunchProgram

/// What a child of the launcher must close: with the socket open the daemon would never see its end, with the lock a new launcher would wait.
struct LauncherDescriptors {
    var socket: Int32
    var lock: Int32
    var runRoot: Int32
    var signals: Int32
    let term: LauncherTerm
    /// Open in a helper; see `LauncherTerm`.
    var termFile: Int32 = -1
    /// Each ends when its last copy is closed.
    var spares: [Spare] = []

    /// For PID 1 and other processes that outlive the launcher. Negative ones were closed before, and their numbers may be others' by now.
    func closeAll() {
        for descriptor in [socket, lock, runRoot, signals, termFile] where descriptor >= 0 { _ = linux_close(descriptor) }
        for spare in spares { spare.close() }
    }
}

/// One start: from the request to a PID 1 that has its go.
struct Launch {
    var launcher: LauncherDescriptors
    let answer: AnswerSocket
    var program: LaunchProgram
    var table: DescriptorTable
    /// The file the program came in.
    let file: Int32
    /// The one that becomes PID 1; nil to clone it.
    let spare: Spare?
    var times = LauncherTimes()

    /// Executes the start in the launcher itself, or in a helper when it may block on the submitter's paths.
    mutating func start() {
        let run: RunDirectory
        do throws(Fault) {
            run = try RunDirectory(program: program, runRoot: launcher.runRoot, table: table)
        } catch {
            return answer.fail(.runDirectory, error)
        }
        defer { run.close() }
        guard program.mayBlock else { return execute(run, flags: 0) }
        let result = forkHelper { () in
            // With the lock of its own copy a helper that is stuck would keep every later launcher waiting; the launcher's copy holds it (flock(2)).
            for descriptor in [launcher.socket, launcher.lock] { _ = linux_close(descriptor) }
            launcher.socket = -1
            launcher.lock = -1
            // It may be stuck on a dead server, and others' spares must not wait for it.
            for spare in launcher.spares { spare.close() }
            launcher.spares = []
            do throws(Fault) { launcher.termFile = try launcher.term.open(runRoot: launcher.runRoot) } catch { return answer.fail(.clone, error) }
            execute(run, flags: UInt64(CLONE_PARENT))
        }
        guard result.pid > 0 else { return answer.fail(.clone, Fault(errno: Int32(truncatingIfNeeded: -result.pid), detail: "fork")) }
        // So that who does not want it any more can end it.
        answer.send(.helping(pid: Int32(truncatingIfNeeded: result.pid)), with: result.pidfd)
        _ = linux_close(result.pidfd)
    }

    private mutating func execute(_ run: RunDirectory, flags: UInt64) {
        var host = HostOperations(submitter: program.submitter, table: table)
        // Also what a failed start opened has to be closed.
        defer { table = host.table }
        for (index, operation) in program.hostOperations.enumerated() {
            do throws(Fault) {
                try host.execute(operation)
            } catch {
                return answer.fail(.hostOperation, error, index: index)
            }
        }
        table = host.table
        times.opened = linux_boot_nanoseconds()
        // Before the submitter's files are closed, which his server may hold up again.
        defer {
            if launcher.termFile >= 0 { _ = linux_close(launcher.termFile) }
            launcher.termFile = -1
        }
        do throws(Fault) {
            // Whoever asked sees the end of file, and looks again with the next launcher.
            if launcher.termFile >= 0 { guard try launcher.term.enter(launcher.termFile) else { return } }
            if let spare { return try handOver(to: spare, run, dropsCapabilities: host.madePlainBind) }
            if host.madePlainBind { program.jobOperations.drop(program.withoutIDMapDropsCapabilities) }
            try clone(run, flags: flags)
        } catch {
            // A spare that has died meanwhile is no fault of the job's.
            answer.fail(spare == nil ? .clone : .spare, error)
        }
    }

    /// The stamp stands before PID 1 can go on.
    private mutating func handOver(to spare: Spare, _ run: RunDirectory, dropsCapabilities: Bool) throws(Fault) {
        times.cloned = try run.stamp(pid: spare.pid, startTicks: spare.startTicks, group: program.groupName)
        let handover = SpareHandover(hasLog: run.log >= 0, hasInput: run.input.count == 2, dropsCapabilities: dropsCapabilities)
        answer.send(.started(pid: spare.pid, times), with: spare.pidfd)
        try spare.handOver(handover, answer: answer, program: file, run: run, table: table)
    }

    /// Clones PID 1, which waits until its maps and the stamp are written.
    private mutating func clone(_ run: RunDirectory, flags: UInt64) throws(Fault) {
        var go: [Int32] = [-1, -1]
        try check(linux_pipe(&go, O_CLOEXEC), "pipe")
        defer { for end in go { _ = linux_close(end) } }
        var pidfd: Int32 = -1
        let group: Int32? = if let index = program.group { try table.get(index) } else { nil }
        let all = flags | program.namespaces.cloneFlags | UInt64(CLONE_PIDFD) | (group == nil ? 0 : UInt64(CLONE_INTO_CGROUP))
        // With CLONE_PARENT the new process takes over the helper's exit signal (clone(2)).
        let signal = flags == 0 ? SIGCHLD : 0
        let pid = try cloneContainer(all, signal, &pidfd, group, owner: program.owner)
        if pid == 0 {
            _ = linux_close(go[1])
            let start = MonitorStart(answer: answer, program: program, table: table, run: run, signals: -1)
            MonitorSetup(launcher: launcher, start: start, go: go[0]).run()
        }
        defer { _ = linux_close(pidfd) }
        do throws(Fault) {
            try writeMaps(of: pid, uid: program.uidMap, gid: program.gidMap)
            times.cloned = try run.stamp(pid: pid, startTicks: try readStartTicks(of: pid), group: program.groupName)
        } catch {
            _ = linux_pidfd_send_signal(pidfd, SIGKILL)
            throw error
        }
        // Sent first, so that it stands before all that PID 1 answers.
        answer.send(.started(pid: pid, times), with: pidfd)
        _ = writeOnce([1], to: go[1])
    }
}

extension [JobOperation] {
    /// Takes capabilities out of every set that the job is to get.
    mutating func drop(_ capabilities: UInt64) {
        for index in indices {
            switch self[index] {
            case .boundingSet(let set): self[index] = .boundingSet(set & ~capabilities)
            case .capabilities(let effective, let permitted, let ambient):
                self[index] = .capabilities(
                    effective: effective & ~capabilities, permitted: permitted & ~capabilities, ambient: ambient & ~capabilities)
            default: break
            }
        }
    }
}

extension LaunchProgram {
    /// A submitter's path may lie on a dead network file system.
    fileprivate var mayBlock: Bool {
        hostOperations.contains { operation in
            switch operation {
            case .openAsSubmitter, .refuseProtected: true
            case .cloneMount: false
            }
        }
    }
}

extension NamespaceSet {
    /// Flags for clone3; the cgroup namespace is made later, when PID 1 is in its groups.
    var cloneFlags: UInt64 {
        var flags = 0
        if contains(.pid) { flags |= Int(CLONE_NEWPID) }
        if contains(.mount) { flags |= Int(CLONE_NEWNS) }
        if contains(.ipc) { flags |= Int(CLONE_NEWIPC) }
        if contains(.uts) { flags |= Int(CLONE_NEWUTS) }
        if contains(.network) { flags |= Int(CLONE_NEWNET) }
        if contains(.user) { flags |= Int(CLONE_NEWUSER) }
        return UInt64(flags)
    }
}

/// Runs the body in a forked process that dies with the launcher; the pid, or the negated error number, and a pidfd.
func forkHelper(_ body: () -> Void) -> (pid: Int, pidfd: Int32) {
    let launcher = getpid()
    var pidfd: Int32 = -1
    let pid = linux_clone3(UInt64(CLONE_PIDFD), SIGCHLD, &pidfd, 0)
    guard pid == 0 else { return (pid, pidfd) }
    _ = linux_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0)
    if getppid() == launcher { body() }
    end(status: 0)
}

/// Clones a PID 1 in another's name. Only the effective id is changed, so that nobody of the slot can signal or trace the launcher meanwhile; and it keeps its capabilities,
/// because CLONE_INTO_CGROUP asks for rights on the groups above.
func cloneContainer(_ flags: UInt64, _ signal: Int32, _ pidfd: inout Int32, _ group: Int32?, owner: UInt32) throws(Fault) -> Int32 {
    guard owner != 0 else {
        return try check(linux_clone3(flags, signal, &pidfd, group ?? 0), "clone3")
    }
    try check(linux_prctl(PR_SET_SECUREBITS, linux_no_setuid_fixup, 0, 0, 0), "set secure bits")
    let changed = linux_setresuid(.max, owner, .max)
    let pid = changed < 0 ? changed : linux_clone3(flags, signal, &pidfd, group ?? 0)
    if pid == 0 { return 0 }
    // The new namespace has secure bits and capabilities of its own; only the launcher goes back.
    let back = linux_setresuid(.max, 0, .max)
    let bits = linux_prctl(PR_SET_SECUREBITS, 0, 0, 0, 0)
    let dumpable = linux_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    // As another it could do nothing right any more.
    guard back >= 0, bits >= 0, dumpable >= 0 else { end(status: 1) }
    return try check(pid, "clone3")
}

/// Writes uid_map and gid_map of a process, one write each (user_namespaces(7)).
func writeMaps(of pid: Int32, uid: [IDMapExtent], gid: [IDMapExtent]) throws(Fault) {
    for (name, map) in [(ByteString("/uid_map"), uid), (ByteString("/gid_map"), gid)] where !map.isEmpty {
        let path = "/proc/" + ByteString(number: Int(pid)) + name
        var text = ByteString(bytes: [])
        for extent in map {
            text = text + ByteString(number: Int(extent.inside)) + " " + ByteString(number: Int(extent.outside)) + " "
            text = text + ByteString(number: Int(extent.count)) + "\n"
        }
        try writeProcFile(path, text)
    }
}
