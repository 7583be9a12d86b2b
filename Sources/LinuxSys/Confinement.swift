internal import CLinuxSys
import Glibc

/// Kinds of namespaces (namespaces(7)).
public struct NamespaceKinds: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let cgroup = NamespaceKinds(rawValue: 0x0200_0000)
    public static let ipc = NamespaceKinds(rawValue: 0x0800_0000)
    public static let mount = NamespaceKinds(rawValue: 0x0002_0000)
    public static let network = NamespaceKinds(rawValue: 0x4000_0000)
    public static let process = NamespaceKinds(rawValue: 0x2000_0000)
    public static let user = NamespaceKinds(rawValue: 0x1000_0000)
    public static let names = NamespaceKinds(rawValue: 0x0400_0000)
}

/// A resource that can be limited (getrlimit(2)).
public enum LimitedResource: Sendable {
    case addressSpace, coreFile, cpuSeconds, fileSize, openFiles

    fileprivate var number: UInt32 {
        switch self {
        case .addressSpace: RLIMIT_AS.rawValue
        case .coreFile: RLIMIT_CORE.rawValue
        case .cpuSeconds: RLIMIT_CPU.rawValue
        case .fileSize: RLIMIT_FSIZE.rawValue
        case .openFiles: RLIMIT_NOFILE.rawValue
        }
    }
}

/// Calls by which a process gives up for good what it does not need. Only for one with a single thread: some of them change that alone.
public enum Confinement {
    /// unshare(2).
    public static func unshare(_ kinds: NamespaceKinds) throws(SystemError) { _ = try check(berth_sys_unshare(Int32(kinds.rawValue)), "unshare") }

    /// setresgid(2), then setresuid(2), all three of each.
    public static func become(user: UInt32, group: UInt32) throws(SystemError) {
        _ = try check(berth_sys_setresgid(group), "setresgid")
        _ = try check(berth_sys_setresuid(user), "setresuid")
    }

    /// Goes on in a child with new namespaces too (clone(2)).
    ///
    /// - Returns: the child's pid, and 0 in the child.
    public static func fork(into kinds: NamespaceKinds) throws(SystemError) -> Int32 {
        Int32(try check(berth_sys_fork_into(UInt(kinds.rawValue)), "clone"))
    }

    /// SIGKILL when the parent ends (PR_SET_PDEATHSIG); cleared by a change of ids.
    public static func dieWithParent() throws(SystemError) {
        _ = try check(berth_sys_prctl(Int32(BERTH_PR_SET_PDEATHSIG), UInt(SIGKILL), 0, 0, 0), "set parent death signal")
    }

    /// Takes a mount that is attached somewhere as the root, and lets go of the former one (pivot_root(2)).
    public static func pivot(to root: Descriptor) throws(SystemError) {
        _ = try checked("fchdir") { Int(fchdir(root.rawValue)) }
        _ = try check(berth_sys_pivot_root(".", "."), "pivot_root")
        _ = try check(berth_sys_umount(".", MNT_DETACH), "umount")
    }

    private static let MNT_DETACH: Int32 = 2

    /// Soft and hard.
    public static func limit(_ resource: LimitedResource, _ value: UInt64) throws(SystemError) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
        _ = try checked("setrlimit") { Int(setrlimit(__rlimit_resource_t(resource.number), &limit)) }
    }

    /// Effective and permitted; nothing is inherited (capset(2)).
    public static func keep(_ capabilities: CapabilitySet) throws(SystemError) {
        _ = try check(berth_sys_keep_capabilities(capabilities.bits), "capset")
    }

    /// Nobody with the same ids looks into it (PR_SET_DUMPABLE), and no program gives it rights again (PR_SET_NO_NEW_PRIVS).
    public static func seal() throws(SystemError) {
        _ = try check(berth_sys_prctl(Int32(BERTH_PR_SET_DUMPABLE), 0, 0, 0, 0), "set dumpable")
        _ = try check(berth_sys_prctl(Int32(BERTH_PR_SET_NO_NEW_PRIVS), 1, 0, 0, 0), "set no_new_privs")
    }

    /// Gives way to others (setpriority(2)): 19 the most.
    public static func yield(_ niceness: Int32) throws(SystemError) {
        _ = try checked("setpriority") { Int(setpriority(__priority_which_t(0), 0, niceness)) }
    }

    /// Files get the modes that they are made with.
    public static func clearUmask() { umask(0) }

    /// seccomp(2).
    public static func load(_ filter: SeccompProgram) throws(SystemError) {
        let result = filter.bytes.withUnsafeBytes { berth_sys_seccomp_filter($0.baseAddress, UInt16(filter.instructionCount)) }
        _ = try check(result, "seccomp")
    }

    /// Closes descriptors that came with the start.
    public static func close(_ numbers: [Int32]) { for number in numbers { Glibc.close(number) } }

    /// Kills and reaps a child.
    ///
    /// - Returns: whether it had ended with status 0.
    public static func end(child: Int32) -> Bool {
        var status: Int32 = 0
        kill(child, SIGKILL)
        waitpid(child, &status, 0)
        return status == 0
    }

    /// Ends this process at once: nothing of the Swift runtime runs any more.
    public static func exit(_ status: Int32) -> Never { _exit(status) }
}
