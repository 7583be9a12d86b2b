internal import CLinux
internal import LaunchProgram

/// The job's own process between its clone and its exec.
struct JobStart {
    let description: JobDescription
    let socket: Int32

    func run() -> Never {
        do throws(StagedFault) {
            try stage(.job) { () throws(Fault) in try enterGroups() }
            let go = receivePacket(socket)
            // PID 1 is gone or gave up.
            guard let go else { end(status: 1) }
            let answers = try stage(.job) { () throws(Fault) in try takeStreams(terminal: go.descriptors.first) }
            linux_umask(0o022)
            for (index, operation) in description.operations.enumerated() {
                // The filter may forbid to tell, so that is done before it.
                if case .seccomp = operation { answers.send(.running(bootNanoseconds: 0, pid: 0)) }
                do throws(Fault) {
                    if case .boundingSet(let set) = operation, description.inheritsBoundingSet {
                        try dropMonitors(but: set)
                    } else {
                        try operation.execute()
                    }
                } catch {
                    answers.fail(.jobOperation, error, index: index)
                    end(status: 1)
                }
            }
            answers.send(.running(bootNanoseconds: 0, pid: 0))
            linux_reset_signals()
            let fault = description.command.execute()
            answers.fail(.exec, fault)
            end(status: 127)
        } catch {
            AnswerSocket(descriptor: socket).fail(error.stage, error.fault)
            end(status: 1)
        }
    }

    /// PID 1's bounding set is the job's and what it keeps itself.
    private func dropMonitors(but set: UInt64) throws(Fault) {
        for capability in [CAP_KILL, CAP_SYS_NICE] where set & 1 << UInt64(capability) == 0 {
            try check(linux_prctl(PR_CAPBSET_DROP, UInt(capability), 0, 0, 0), "drop capability " + ByteString(number: Int(capability)))
        }
    }

    private func enterGroups() throws(Fault) {
        for file in description.taskFiles { try check(writeOnce([UInt8(ascii: "0")], to: file), "enter the job's group") }
    }

    /// Leaves 0, 1, 2 and the socket as 3 (close-on-exec) and closes everything else, so that no later operation can leak a descriptor of the
    /// host (CVE-2024-21626).
    private func takeStreams(terminal: Int32?) throws(Fault) -> AnswerSocket {
        try check(linux_setsid(), "setsid")
        try check(chdir("/") == 0 ? 0 : -Int(EACCES), "chdir /")
        var ends = description.ends
        if description.terminal {
            guard let terminal else { throw Fault(errno: ENOTTY, detail: "terminal") }
            try check(linux_set_controlling_terminal(terminal), "set controlling terminal")
            ends = [terminal, terminal, terminal]
        }
        if ends.contains(-1) {
            let null = try check(
                ByteString("/dev/null").withCString { linux_openat(AT_FDCWD, $0, O_RDWR | O_NOFOLLOW, 0) }, "open /dev/null")
            for place in 0..<3 where ends[place] < 0 { ends[place] = null }
        }
        for place in 0..<3 { try check(linux_duplicate_to(ends[place], Int32(place), 0), "dup2") }
        if socket != 3 { try check(linux_duplicate_to(socket, 3, 1), "dup3") }
        try check(linux_close_range(4, .max, 0), "close_range")
        return AnswerSocket(descriptor: 3)
    }
}

extension JobCommand {
    /// Executes the first candidate that can be; returns what failed otherwise. As execvp(3), but without its shell for files that no
    /// interpreter is named for.
    func execute() -> Fault {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { $0.copied() }
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { $0.copied() }
        argv.append(nil)
        envp.append(nil)
        var fault = Fault(errno: ENOENT, detail: "exec " + arguments[0])
        for candidate in candidates {
            let result = candidate.withCString { linux_execve($0, argv, envp) }
            let errno = Int32(truncatingIfNeeded: -result)
            switch errno {
            case ENOENT, ENOTDIR: continue
            case EACCES: fault = Fault(errno: EACCES, detail: "exec " + candidate)
            default: return Fault(errno: errno, detail: "exec " + candidate)
            }
        }
        return fault
    }

    private var candidates: [ByteString] {
        let slash = UInt8(ascii: "/")
        if arguments[0].bytes.contains(slash) { return [arguments[0]] }
        return path.map { directory in
            directory.isEmpty ? arguments[0] : ByteString(bytes: directory.bytes + [slash]) + arguments[0]
        }
    }

    /// The directories of PATH, or the usual ones without it.
    private var path: [ByteString] {
        let prefix = ByteString("PATH=").bytes
        var value = ByteString("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").bytes
        for variable in environment where variable.bytes.starts(with: prefix) { value = Array(variable.bytes.dropFirst(prefix.count)) }
        return value.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { ByteString(bytes: Array($0)) }
    }
}

extension ByteString {
    /// A copy that lives until the exec.
    fileprivate func copied() -> UnsafeMutablePointer<CChar> {
        let memory = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        for (place, byte) in bytes.enumerated() { memory[place] = CChar(bitPattern: byte) }
        memory[bytes.count] = 0
        return memory
    }
}
