internal import CLinux
internal import LaunchProgram

/// The parent of a further process in a running job. It stays outside the job's pid namespace, invisible from inside, and tells the status.
struct ExecSession {
    let launcher: LauncherDescriptors
    let answer: AnswerSocket
    let program: ExecProgram
    let table: DescriptorTable

    /// Clones the parent into the attempt's group.
    func start() {
        let result: Int
        do throws(Fault) {
            let group: Int32? = if let index = program.group { try table.get(index) } else { nil }
            result = linux_clone3(group == nil ? 0 : UInt64(CLONE_INTO_CGROUP), SIGCHLD, nil, group ?? 0)
        } catch {
            return answer.fail(.enter, error)
        }
        if result == 0 { run() }
        if result < 0 { answer.fail(.enter, Fault(errno: Int32(truncatingIfNeeded: -result), detail: "fork")) }
    }

    private func run() -> Never {
        launcher.closeAll()
        do throws(StagedFault) {
            let job = try stage(.enter) { () throws(Fault) in try enter() }
            answer.send(.started(pid: job.pid), with: job.pidfd)
            let terminal = try stage(.job) { () throws(Fault) in try openTerminal() }
            job.go(terminal: terminal.peer)
            closeJobEnds(and: terminal.peer)
            if let failure = job.waitForExec() {
                answer.send(.failed(failure))
                // A zombie left to the host's init would hold up the end of the job's pid namespace.
                _ = waitStatus(of: job.pid)
                end(status: 1)
            }
            answer.send(.running(bootNanoseconds: linux_boot_nanoseconds(), pid: job.pid), with: terminal.master)
            if terminal.master >= 0 { _ = linux_close(terminal.master) }
            answer.send(.exited(waitStatus: waitStatus(of: job.pid)))
            end(status: 0)
        } catch {
            answer.fail(error.stage, error.fault, index: error.index)
            end(status: 1)
        }
    }

    /// Groups, all namespaces in one call, then the process: as PID 1 does it, with the host root's id still.
    private func enter() throws(Fault) -> JobProcess {
        var operations = program.jobOperations
        operations.drop(~(try boundingSet(ofPidfd: try table.get(program.monitor))))
        for index in program.taskFiles { try check(writeOnce([UInt8(ascii: "0")], to: try table.get(index)), "enter group") }
        var description = JobDescription(
            operations: operations, command: program.command, ends: [-1, -1, -1], terminal: false)
        switch program.streams {
        case .terminal: description.terminal = true
        case .descriptors(let input, let output, let error):
            description.ends = [try table.get(input), try table.get(output), try table.get(error)]
        }
        if let index = program.jobGroup { description.group = try table.get(index) }
        for operation in operations {
            // By the host's root, if it may: the kernel takes its word for the least that this process and its children can give themselves.
            if case .oomScoreAdjustment(let value) = operation {
                try writeProcFile("/proc/self/oom_score_adj", ByteString(number: Int(value)))
            }
        }
        for index in program.jobTaskFiles { description.taskFiles.append(try table.get(index)) }
        try check(linux_setns(try table.get(program.monitor), program.namespaces.setnsFlags), "enter namespaces")
        return try JobProcess(cloning: description)
    }

    /// Opened as the mapped root: devpts refuses an id that is not mapped.
    private func openTerminal() throws(Fault) -> (master: Int32, peer: Int32) {
        guard case .terminal(let size) = program.streams else { return (-1, -1) }
        if program.namespaces.contains(.user) {
            try check(linux_setgroups(0, nil), "setgroups")
            try check(linux_setresgid(0, 0, 0), "setresgid")
            try check(linux_setresuid(0, 0, 0), "setresuid")
        }
        return try makeTerminal(size: size, owner: program.streamOwner)
    }

    private func closeJobEnds(and peer: Int32) {
        var copy = table
        copy.closeAll()
        if peer >= 0 { _ = linux_close(peer) }
    }

    private func waitStatus(of pid: Int32) -> Int32 {
        var status: Int32 = 0
        while linux_wait(pid, &status, 0) == -Int(EINTR) {}
        return status
    }
}

/// The bounding set of a job's PID 1: a bind that could not be id-mapped took capabilities from the job, and no exec gives them back.
private func boundingSet(ofPidfd pidfd: Int32) throws(Fault) -> UInt64 {
    let information = "/proc/self/fdinfo/" + ByteString(number: Int(pidfd))
    guard let pid = try field("Pid:", of: information)?.number else { throw Fault(errno: ESRCH, detail: "find PID 1") }
    let status = "/proc/" + ByteString(number: Int(truncatingIfNeeded: pid)) + "/status"
    guard let digits = try field("CapBnd:", of: status) else { throw Fault(errno: ESRCH, detail: "read " + status) }
    var set: UInt64 = 0
    for digit in digits.bytes {
        let value = digit <= UInt8(ascii: "9") ? digit &- UInt8(ascii: "0") : digit &- UInt8(ascii: "a") &+ 10
        set = set << 4 | UInt64(value & 15)
    }
    return set
}

/// The value behind a name at a line's start.
private func field(_ name: ByteString, of path: ByteString) throws(Fault) -> ByteString? {
    let file = try check(path.withCString { linux_openat(AT_FDCWD, $0, O_RDONLY, 0) }, "open " + path)
    defer { _ = linux_close(file) }
    for line in try contents(of: file, limit: 65_536).split(separator: UInt8(ascii: "\n")) where line.starts(with: name.bytes) {
        let value = line.dropFirst(name.bytes.count).drop { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
        return ByteString(bytes: Array(value))
    }
    return nil
}

extension NamespaceSet {
    /// Flags for setns(2) with a pidfd.
    var setnsFlags: Int32 {
        Int32(truncatingIfNeeded: cloneFlags) | (contains(.cgroup) ? Int32(CLONE_NEWCGROUP) : 0)
    }
}
