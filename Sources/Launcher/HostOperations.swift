internal import CLinux
internal import LaunchProgram

/// Executes host operations in a process that is root in the host's namespaces.
struct HostOperations {
    let submitter: Identity
    var table: DescriptorTable
    /// A bind could not be id-mapped and is as it is on the host.
    var madePlainBind = false

    mutating func execute(_ operation: HostOperation) throws(Fault) {
        switch operation {
        case .openAsSubmitter(let path, let how, let into):
            try table.put(try openAsSubmitter(path, how), at: into)
        case .refuseProtected(let descriptor, let path, let directories):
            var opened: [Int32] = []
            for index in directories { opened.append(try table.get(index)) }
            try refuseProtected(try table.get(descriptor), path: path, directories: opened)
        case .cloneMount(let clone):
            let idMap: Int32? = if let index = clone.idMap { try table.get(index) } else { nil }
            try table.put(try cloneMount(clone, source: try table.get(clone.source), idMap: idMap), at: clone.into)
        }
    }

    /// With all three ids the submitter's, because FUSE compares all three; the permitted set is kept to come back, the effective set is
    /// empty, so the kernel checks nothing but the submitter's rights.
    private func openAsSubmitter(_ path: ByteString, _ how: SubmitterOpen) throws(Fault) -> Int32 {
        guard path.bytes.first == UInt8(ascii: "/") else { throw Fault(errno: EINVAL, detail: "open " + path) }
        let capabilities = try becomeSubmitter()
        let result = path.withCString { name in
            linux_openat2(AT_FDCWD, name, how.flags, how.mode, UInt64(RESOLVE_NO_MAGICLINKS))
        }
        try becomeRoot(capabilities)
        let opened = try check(result, "open " + path)
        // The job reads it itself, and expects reads that wait.
        if how == .input { _ = linux_set_nonblocking(opened, 0) }
        return opened
    }

    private func becomeSubmitter() throws(Fault) -> linux_capabilities {
        var capabilities = linux_capabilities()
        try check(linux_capget(&capabilities), "capget")
        try check(linux_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities")
        let groups = submitter.supplementaryGroups
        try check(groups.withUnsafeBufferPointer { linux_setgroups($0.count, $0.baseAddress) }, "setgroups")
        try check(linux_setresgid(submitter.group, submitter.group, submitter.group), "setresgid")
        try check(linux_setresuid(submitter.user, submitter.user, submitter.user), "setresuid")
        try dieWithLauncher()
        // Root's own jobs do not lose the effective set by the change of ids.
        var none = capabilities
        none.effective = 0
        try check(linux_capset(none), "capset")
        return capabilities
    }

    private func becomeRoot(_ capabilities: linux_capabilities) throws(Fault) {
        try check(linux_capset(capabilities), "capset")
        try check(linux_setresuid(0, 0, 0), "setresuid")
        try dieWithLauncher()
        try check(linux_setresgid(0, 0, 0), "setresgid")
        try check(linux_setgroups(0, nil), "setgroups")
        try check(linux_capset(capabilities), "capset")
    }

    /// A change of ids clears the signal and sets what fs.suid_dumpable says (commit_creds). Who waits for a dead server is not to
    /// outlive its launcher by more than that wait.
    private func dieWithLauncher() throws(Fault) {
        try check(linux_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0), "set parent death signal")
        try check(linux_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "set dumpable")
    }

    private mutating func cloneMount(_ clone: CloneMount, source: Int32, idMap: Int32?) throws(Fault) -> Int32 {
        let recursive = clone.recursive ? UInt32(AT_RECURSIVE) : 0
        let flags = UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | UInt32(AT_EMPTY_PATH) | recursive
        let mount = try check(linux_open_tree(source, "", flags), "clone mount of " + clone.path)
        do throws(Fault) {
            try setAttributes(of: mount, clone, idMap: idMap, recursive: recursive)
        } catch {
            _ = linux_close(mount)
            throw error
        }
        return mount
    }

    private mutating func setAttributes(of mount: Int32, _ clone: CloneMount, idMap: Int32?, recursive: UInt32) throws(Fault) {
        let flags = UInt32(AT_EMPTY_PATH) | recursive
        var change = linux_mount_attributes(set: clone.attributes.rawValue, clear: 0, propagation: UInt64(MS_PRIVATE), userNamespace: 0)
        if let idMap {
            var mapped = change
            mapped.set |= UInt64(MOUNT_ATTR_IDMAP)
            mapped.userNamespace = UInt64(idMap)
            let result = linux_mount_setattr(mount, "", flags, &mapped)
            if result >= 0 { return }
            let refused = [EINVAL, EPERM, EOPNOTSUPP].contains(Int32(truncatingIfNeeded: -result))
            guard refused, clone.withoutIDMap != .fail else {
                try check(result, "id-map mount of " + clone.path)
                return
            }
            if clone.withoutIDMap == .plain { madePlainBind = true }
            if clone.withoutIDMap == .readOnly { change.set |= MountAttributes.readOnly.rawValue }
        }
        try check(linux_mount_setattr(mount, "", flags, &change), "set attributes of mount of " + clone.path)
    }
}

extension SubmitterOpen {
    fileprivate var flags: UInt64 {
        // Non-blocking: a FIFO without a reader, or a device, must not hold the start up.
        let always = O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        switch self {
        case .source: return UInt64(O_PATH | O_CLOEXEC)
        case .directory: return UInt64(O_PATH | O_CLOEXEC | O_DIRECTORY)
        case .input: return UInt64(O_RDONLY | always)
        case .output(let append, _): return UInt64(O_WRONLY | O_CREAT | always | (append ? O_APPEND : O_TRUNC))
        }
    }

    fileprivate var mode: UInt64 {
        guard case .output(_, let mode) = self else { return 0 }
        return UInt64(mode & 0o777)
    }
}
