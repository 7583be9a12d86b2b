internal import CLinux

/// Kinds of namespaces (namespaces(7)).
public struct NamespaceKinds: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let cgroup = NamespaceKinds(rawValue: UInt64(CLONE_NEWCGROUP))
    public static let ipc = NamespaceKinds(rawValue: UInt64(CLONE_NEWIPC))
    public static let mount = NamespaceKinds(rawValue: UInt64(CLONE_NEWNS))
    public static let network = NamespaceKinds(rawValue: UInt64(CLONE_NEWNET))
    public static let process = NamespaceKinds(rawValue: UInt64(CLONE_NEWPID))
    public static let user = NamespaceKinds(rawValue: UInt64(CLONE_NEWUSER))
    public static let names = NamespaceKinds(rawValue: UInt64(CLONE_NEWUTS))
}

/// A resource that can be limited (getrlimit(2)).
public enum LimitedResource: Sendable {
    case addressSpace, coreFile, cpuSeconds, fileSize, openFiles

    fileprivate var number: Int32 {
        let resource =
            switch self {
            case .addressSpace: RLIMIT_AS
            case .coreFile: RLIMIT_CORE
            case .cpuSeconds: RLIMIT_CPU
            case .fileSize: RLIMIT_FSIZE
            case .openFiles: RLIMIT_NOFILE
            }
        return Int32(resource.rawValue)
    }
}

/// Calls by which a process gives up for good what it does not need. Only for one with a single thread: some of them change that alone.
public enum Confinement {
    /// unshare(2).
    public static func unshare(_ kinds: NamespaceKinds) throws(SystemError) { try call("unshare") { linux_unshare(Int32(kinds.rawValue)) } }

    /// setresgid(2), then setresuid(2), all three of each.
    public static func become(user: UInt32, group: UInt32) throws(SystemError) {
        try call("setresgid") { linux_setresgid(group, group, group) }
        try call("setresuid") { linux_setresuid(user, user, user) }
    }

    /// Goes on in a child with new namespaces too (clone3(2)).
    ///
    /// - Returns: the child's pid, and 0 in the child.
    public static func fork(into kinds: NamespaceKinds) throws(SystemError) -> Int32 {
        Int32(try call("clone") { linux_clone3(kinds.rawValue, SIGCHLD, nil, 0) })
    }

    /// SIGKILL when the parent ends (PR_SET_PDEATHSIG); cleared by a change of ids.
    public static func dieWithParent() throws(SystemError) {
        try call("set parent death signal") { linux_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0) }
    }

    /// Takes a mount that is attached somewhere as the root, and lets go of the former one (pivot_root(2)).
    public static func pivot(to root: Descriptor) throws(SystemError) {
        try call("fchdir") { linux_fchdir(root.rawValue) }
        try call("pivot_root") { linux_pivot_root(".", ".") }
        try call("umount") { linux_umount(".", MNT_DETACH) }
    }

    private static let MNT_DETACH: Int32 = 2

    /// Soft and hard.
    public static func limit(_ resource: LimitedResource, _ value: UInt64) throws(SystemError) {
        try call("setrlimit") { linux_set_limit(resource.number, value, value) }
    }

    /// Effective and permitted; nothing is inherited (capset(2)).
    public static func keep(_ capabilities: CapabilitySet) throws(SystemError) {
        let bits = capabilities.bits
        try call("capset") { linux_capset(linux_capabilities(effective: bits, permitted: bits, inheritable: 0)) }
    }

    /// Nobody with the same ids looks into it (PR_SET_DUMPABLE), and no program gives it rights again (PR_SET_NO_NEW_PRIVS).
    public static func seal() throws(SystemError) {
        try call("set dumpable") { linux_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) }
        try call("set no_new_privs") { linux_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }
    }

    /// Files get the modes that they are made with.
    public static func clearUmask() { linux_umask(0) }

    /// seccomp(2).
    public static func load(_ filter: SeccompProgram) throws(SystemError) {
        try call("seccomp") { filter.bytes.withUnsafeBytes { linux_seccomp_filter($0.baseAddress, filter.instructionCount) } }
    }

    /// Closes descriptors that came with the start.
    public static func close(_ numbers: [Int32]) { for number in numbers { linux_close(number) } }

    /// Kills and reaps a child.
    ///
    /// - Returns: whether it had ended with status 0.
    public static func end(child: Int32) -> Bool {
        var status: Int32 = 0
        linux_kill(child, SIGKILL)
        linux_wait(child, &status, 0)
        return status == 0
    }

    /// Ends this process at once: nothing of the Swift runtime runs any more.
    public static func exit(_ status: Int32) -> Never { while true { linux_exit(status) } }

    @discardableResult
    private static func call(_ operation: String, _ body: () -> Int) throws(SystemError) -> Int {
        let result = body()
        if result < 0 { throw SystemError(operation, errno: Int32(-result)) }
        return result
    }
}
