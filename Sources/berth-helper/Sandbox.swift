internal import LinuxSys
internal import OCISpec

/// Puts the helper where the archive can do no harm.
///
///     berthd ── spawn ──► supervisor: new user, mount, net, ipc, uts, cgroup namespaces; waits for its ids
///                             │ clone3(NEWPID)
///                             └─► PID 1 of a pid namespace: an empty root, limits, few capabilities, no_new_privs, filter ─► reads the archive
///
/// It has to happen while there is one thread, which Swift guarantees before the first task.
enum Sandbox {
    /// Returns in the inner process only; the supervisor stays in here until that ended, and ends with it or with the daemon.
    static func enter(socket: Descriptor, limits: ImportLimits, filter: SeccompProgram) throws(SystemError) {
        try Confinement.unshare([.user, .mount, .network, .ipc, .names, .cgroup])
        try socket.write("namespaces\n")
        let answer = try socket.read(upTo: 64)
        guard answer == Array("mapped\n".utf8) else { throw SystemError("read id map", errno: 0, detail: "the daemon did not answer") }
        try Confinement.become(user: 0, group: 0)
        let child = try Confinement.fork(into: .process)
        if child != 0 { supervise(child, socket) }
        try Confinement.dieWithParent()
        try leaveHostFiles()
        try setLimits(limits)
        try dropPrivileges()
        try Confinement.load(filter)
    }

    /// Waits for the inner process, and ends it when the daemon is gone: then nobody can use the layers.
    private static func supervise(_ child: Int32, _ socket: Descriptor) -> Never {
        Confinement.close([3, 4])
        if let process = try? ProcessHandle(pid: child) {
            // The hang-up of the socket's other end is reported without being asked for.
            _ = try? poll([(process.descriptor, .readable), (socket, [])], milliseconds: nil)
        }
        Confinement.exit(Confinement.end(child: child) ? 0 : 1)
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
        try Confinement.pivot(to: empty)
    }

    private static func setLimits(_ limits: ImportLimits) throws(SystemError) {
        try Confinement.limit(.addressSpace, limits.memoryBytes)
        try Confinement.limit(.cpuSeconds, limits.cpuSeconds)
        try Confinement.limit(.fileSize, limits.unpackedBytes)
        try Confinement.limit(.openFiles, 64)
        try Confinement.limit(.coreFile, 0)
    }

    /// Keeps what writing files of any owner takes, within the ids of images.
    private static func dropPrivileges() throws(SystemError) {
        Confinement.clearUmask()
        try Confinement.keep(CapabilitySet(["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID"].compactMap { Capability(name: $0) }))
        try Confinement.seal()
    }
}
