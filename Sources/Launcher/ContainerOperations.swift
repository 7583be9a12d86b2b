internal import CLinux
internal import LaunchProgram

/// Executes container operations in PID 1.
struct ContainerOperations {
    var table: DescriptorTable
    private var root = ContainerRoot(descriptor: -1)
    /// What a spare prepared; no root of a job.
    private var skeleton = ContainerRoot(descriptor: -1)

    init(table: DescriptorTable) {
        self.table = table
    }

    mutating func execute(all operations: [ContainerOperation]) throws(StagedFault) {
        for (index, operation) in operations.enumerated() {
            do throws(Fault) {
                try execute(operation)
            } catch {
                throw StagedFault(stage: .containerOperation, index: index, fault: error)
            }
        }
    }

    private mutating func execute(_ operation: ContainerOperation) throws(Fault) {
        switch operation {
        case .skeleton: try attachSkeleton()
        case .take(let path): try take(path)
        case .attachRoot(let mount, let writable): try attachRoot(try table.get(mount), writable: writable)
        case .mount(let mount): try self.mount(mount)
        case .attach(let mount, let path, let target): try root.attach(try table.get(mount), at: path, target)
        case .makeDirectory(let path, let mode): _ = linux_close(try root.directory(path, mode: mode))
        case .symlink(let target, let path): try root.symlink(to: target, at: path)
        case .writeFile(let path, let mode, let contents): try root.writeFile(path, mode: mode, contents.bytes)
        case .appendLine(let path, let field, let key, let line): try root.appendLine(path, field: Int(field), key: key, line: line)
        case .mask(let path): try root.mask(path)
        case .readOnly(let path): try root.makeReadOnly(path)
        case .hostname(let name):
            try check(name.withCString { linux_sethostname($0, name.bytes.count) }, "sethostname " + name)
        case .loopbackUp: try check(linux_loopback_up(), "bring lo up")
        case .sysctl(let key, let value): try root.writeSysctl(key, value)
        case .pivotRoot: try pivot()
        }
    }

    /// The descriptors of the roots are needed no more; the mounts of the table were attached.
    func close() {
        root.close()
        if skeleton.descriptor != root.descriptor { skeleton.close() }
    }

    private mutating func attachSkeleton() throws(Fault) {
        let options: [FilesystemMount.Option] = [.init("mode", "755"), .init("uid", "0"), .init("gid", "0"), .init("size", "65536")]
        let mount = try makeFilesystem("tmpfs", options, [.noSetUID, .noDevices, .noExecute], "make skeleton")
        try attach(mount, "attach skeleton")
        skeleton = ContainerRoot(descriptor: mount)
        // Where the job's root is attached later, as over the host's.
        _ = linux_close(try skeleton.directory("/usr", mode: 0o755))
        root = skeleton
    }

    private func take(_ path: ByteString) throws(Fault) {
        let detail = "take " + path
        let mount = try check(skeleton.open(path, O_PATH | O_DIRECTORY), detail)
        defer { _ = linux_close(mount) }
        let place = try root.directory(path, mode: 0o755)
        defer { _ = linux_close(place) }
        try moveMount(mount, onto: place, detail)
    }

    /// Over a directory that every host has, in this namespace only.
    private func attach(_ mount: Int32, _ detail: ByteString) throws(Fault) {
        try check(linux_mount("", "/", nil, UInt(MS_REC | MS_PRIVATE), nil), "make propagation private")
        try check(linux_move_mount(mount, "", AT_FDCWD, "/usr", UInt32(MOVE_MOUNT_F_EMPTY_PATH)), detail)
    }

    /// All that follows works by descriptor until `pivotRoot`.
    private mutating func attachRoot(_ mount: Int32, writable: Bool) throws(Fault) {
        // A superblock that came up read-only does not show in the mount's own options: an overlay whose upper cannot be written.
        if writable, try check(linux_is_read_only(mount), "stat root") == 1 { throw Fault(errno: EROFS, detail: "root is read-only") }
        try attach(mount, "attach root")
        root.closeMasks()
        root = ContainerRoot(descriptor: try check(linux_duplicate(mount, 3, 1), "attach root"))
    }

    private func mount(_ mount: FilesystemMount) throws(Fault) {
        let detail = "mount " + mount.type + " on " + mount.path
        let target = try root.directory(mount.path, mode: 0o755)
        defer { _ = linux_close(target) }
        let made = try makeFilesystem(mount.type, mount.options, mount.attributes, detail)
        defer { _ = linux_close(made) }
        try moveMount(made, onto: target, detail)
    }

    /// pivot_root(".", ".") puts the old root on top of the new one, where it is detached (pivot_root(2), NOTES).
    private func pivot() throws(Fault) {
        try check(linux_fchdir(root.descriptor), "enter root")
        try check(linux_pivot_root(".", "."), "pivot_root")
        try check(linux_umount(".", Int32(MNT_DETACH)), "detach the host's root")
        try check(chdir("/") == 0 ? 0 : -Int(EACCES), "chdir /")
    }
}

/// A new detached file system.
func makeFilesystem(
    _ type: ByteString, _ options: [FilesystemMount.Option], _ attributes: MountAttributes, _ detail: ByteString
) throws(Fault) -> Int32 {
    let context = try check(type.withCString { linux_fsopen($0) }, detail)
    defer { _ = linux_close(context) }
    for option in options {
        let result = option.key.withCString { key in
            option.value.isEmpty
                ? linux_fsconfig(context, UInt32(FSCONFIG_SET_FLAG.rawValue), key, nil, 0)
                : option.value.withCString { linux_fsconfig(context, UInt32(FSCONFIG_SET_STRING.rawValue), key, $0, 0) }
        }
        try check(result, detail + " with " + option.key + "=" + option.value)
    }
    try check(linux_fsconfig(context, UInt32(FSCONFIG_CMD_CREATE.rawValue), nil, nil, 0), detail)
    return try check(linux_fsmount(context, UInt32(truncatingIfNeeded: attributes.rawValue)), detail)
}

func moveMount(_ mount: Int32, onto target: Int32, _ detail: ByteString) throws(Fault) {
    let flags = UInt32(MOVE_MOUNT_F_EMPTY_PATH) | UInt32(MOVE_MOUNT_T_EMPTY_PATH)
    try check(linux_move_mount(mount, "", target, "", flags), detail)
}
