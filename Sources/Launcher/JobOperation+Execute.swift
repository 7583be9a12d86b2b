internal import CLinux
internal import LaunchProgram

extension JobOperation {
    /// Executes one operation in the job's own process.
    func execute() throws(Fault) {
        switch self {
        case .sessionKeyring: try check(linux_join_session_keyring(), "join session keyring")
        case .oomScoreAdjustment(let value): try setOutOfMemoryScore(value)
        case .resourceLimit(let resource, let soft, let hard):
            try check(linux_set_limit(Int32(resource), soft, hard), "set resource limit " + ByteString(number: Int(resource)))
        case .umask(let mask): linux_umask(mask)
        case .nice(let value): try check(linux_setpriority(value), "set nice value")
        case .boundingSet(let set): try setBounding(set)
        case .identity(let identity): try take(identity)
        case .workingDirectory(let path): try enterDirectory(path)
        case .capabilities(let effective, let permitted, let ambient): try setCapabilities(effective, permitted, ambient)
        case .noNewPrivileges: try check(linux_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs")
        case .appArmor(let label): try writeProcFile("/proc/self/attr/apparmor/exec", "exec " + label)
        case .seccomp(let filter):
            let entries = filter.bytes.count / 8
            try check(filter.bytes.withUnsafeBytes { linux_seccomp_filter($0.baseAddress, entries) }, "load seccomp filter")
        }
    }

    /// The files of a process that is not dumpable are the host root's. Nobody is there yet who could make use of it.
    private func setOutOfMemoryScore(_ value: Int32) throws(Fault) {
        try check(linux_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "set dumpable")
        try writeProcFile("/proc/self/oom_score_adj", ByteString(number: Int(value)))
        try check(linux_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "set dumpable")
    }

    private func setBounding(_ set: UInt64) throws(Fault) {
        for capability in 0..<UInt(64) where set & 1 << UInt64(capability) == 0 {
            let result = linux_prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
            // Past the kernel's last capability.
            if result == -Int(EINVAL) { break }
            try check(result, "drop capability " + ByteString(number: Int(capability)))
        }
    }

    private func take(_ identity: Identity) throws(Fault) {
        try check(linux_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities")
        let groups = identity.supplementaryGroups
        try check(groups.withUnsafeBufferPointer { linux_setgroups($0.count, $0.baseAddress) }, "setgroups")
        try check(linux_setresgid(identity.group, identity.group, identity.group), "setresgid")
        try check(linux_setresuid(identity.user, identity.user, identity.user), "setresuid")
    }

    private func enterDirectory(_ path: ByteString) throws(Fault) {
        let flags = UInt64(O_PATH | O_DIRECTORY | O_CLOEXEC)
        let directory = try check(
            path.withCString { linux_openat2(AT_FDCWD, $0, flags, 0, UInt64(RESOLVE_NO_MAGICLINKS)) }, "open working directory " + path)
        let result = linux_fchdir(directory)
        _ = linux_close(directory)
        try check(result, "enter working directory " + path)
        var buffer = [CChar](repeating: 0, count: 4096)
        try check(buffer.withUnsafeMutableBufferPointer { linux_getcwd($0.baseAddress, $0.count) }, "find working directory " + path)
        guard buffer[0] == CChar(bitPattern: UInt8(ascii: "/")) else {
            throw Fault(errno: EXDEV, detail: "working directory " + path + " is outside the root")
        }
    }

    private func setCapabilities(_ effective: UInt64, _ permitted: UInt64, _ ambient: UInt64) throws(Fault) {
        try check(linux_capset(linux_capabilities(effective: effective, permitted: permitted, inheritable: ambient)), "capset")
        try check(linux_prctl(PR_CAP_AMBIENT, UInt(PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0), "clear ambient capabilities")
        for capability in 0..<UInt(64) where ambient & 1 << UInt64(capability) != 0 {
            try check(
                linux_prctl(PR_CAP_AMBIENT, UInt(PR_CAP_AMBIENT_RAISE), capability, 0, 0),
                "raise ambient capability " + ByteString(number: Int(capability)))
        }
    }
}
