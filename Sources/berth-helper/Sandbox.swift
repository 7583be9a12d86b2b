internal import CLinux
internal import LinuxSys
internal import OCISpec

/// Puts the helper where the archive can do no harm. The calls are those of `CLinux`, since they change the calling process for good.
///
///     berthd ── spawn ──► supervisor: new user, mount, net, ipc, uts, cgroup namespaces; waits for its ids
///                             │ clone3(NEWPID)
///                             └─► PID 1 of a pid namespace: an empty root, limits, few capabilities, no_new_privs, filter ─► reads the archive
///
/// It has to happen while there is one thread, which Swift guarantees before the first task.
enum Sandbox {
    /// Returns in the inner process only; the supervisor stays in here until that ended, and ends with it or with the daemon.
    static func enter(socket: Descriptor, limits: ImportLimits, filter: SeccompProgram) throws(SystemError) {
        try call("unshare") { linux_unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) }
        try socket.write("namespaces\n")
        let answer = try socket.read(upTo: 64)
        guard answer == Array("mapped\n".utf8) else { throw SystemError("read id map", errno: 0, detail: "the daemon did not answer") }
        try call("setresgid") { linux_setresgid(0, 0, 0) }
        try call("setresuid") { linux_setresuid(0, 0, 0) }
        let child = try call("clone") { linux_clone3(UInt64(CLONE_NEWPID), SIGCHLD, nil, 0) }
        if child != 0 { supervise(Int32(child), socket) }
        try call("prctl") { linux_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0) }
        try leaveHostFiles()
        try setLimits(limits)
        try dropPrivileges()
        try call("seccomp") { filter.bytes.withUnsafeBytes { linux_seccomp_filter($0.baseAddress, filter.instructionCount) } }
    }

    /// Waits for the inner process, and ends it when the daemon is gone: then nobody can use the layers.
    private static func supervise(_ child: Int32, _ socket: Descriptor) -> Never {
        linux_close(3)
        linux_close(4)
        var status: Int32 = 0
        if let process = try? ProcessHandle(pid: child) {
            // The hang-up of the socket's other end is reported without being asked for.
            _ = try? poll([(process.descriptor, .readable), (socket, [])], milliseconds: nil)
        }
        linux_kill(child, SIGKILL)
        linux_wait(child, &status, 0)
        while true { linux_exit(status == 0 ? 0 : 1) }
    }

    /// Takes an empty, read-only file system as its root: the host's files are out of reach even by their world-readable bits.
    private static func leaveHostFiles() throws(SystemError) {
        let root = try Descriptor.open("/", .path)
        try Mount.setAttributes(of: root, propagation: .private, recursive: true)
        let context = try FileSystemContext(type: "tmpfs")
        try context.set("size", "4096")
        try context.create()
        let empty = try context.mount([.readOnly, .noSetUID, .noDevices, .noExecute])
        // Any directory serves as the place of attachment; this one is everywhere.
        try Mount.attach(empty, toPath: "/proc")
        try call("fchdir") { linux_fchdir(empty.rawValue) }
        try call("pivot_root") { linux_pivot_root(".", ".") }
        try call("umount") { linux_umount(".", 2) }
    }

    private static func setLimits(_ limits: ImportLimits) throws(SystemError) {
        try limit(RLIMIT_AS, limits.memoryBytes)
        try limit(RLIMIT_CPU, limits.cpuSeconds)
        try limit(RLIMIT_FSIZE, limits.unpackedBytes)
        try limit(RLIMIT_NOFILE, 64)
        try limit(RLIMIT_CORE, 0)
    }

    private static func limit(_ resource: __rlimit_resource, _ value: UInt64) throws(SystemError) {
        try call("setrlimit") { linux_set_limit(Int32(resource.rawValue), value, value) }
    }

    /// Keeps what writing files of any owner takes, within the ids of images.
    private static func dropPrivileges() throws(SystemError) {
        linux_umask(0)
        let kept = CapabilitySet(["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID"].compactMap { Capability(name: $0) })
        try call("capset") { linux_capset(linux_capabilities(effective: kept.bits, permitted: kept.bits, inheritable: 0)) }
        try call("prctl") { linux_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) }
        try call("prctl") { linux_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }
    }

    @discardableResult
    private static func call(_ operation: String, _ body: () -> Int) throws(SystemError) -> Int {
        let result = body()
        if result < 0 { throw SystemError(operation, "in the helper", errno: Int32(-result)) }
        return result
    }
}
