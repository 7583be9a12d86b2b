/// What the job's own process does before its exec, in this order. The order Berth uses:
/// sessionKeyring, oomScoreAdjustment (before it takes the job's ids), resourceLimit…, umask, boundingSet, identity, workingDirectory,
/// capabilities, appArmor, noNewPrivileges, seccomp.
public enum JobOperation: Equatable, Sendable {
    /// A session keyring of its own (keyctl(2), KEYCTL_JOIN_SESSION_KEYRING); for exec, because a job inherits PID 1's.
    case sessionKeyring
    /// Writes /proc/self/oom_score_adj, verified to be procfs; before `identity`.
    case oomScoreAdjustment(Int32)
    /// prlimit(2) on itself.
    case resourceLimit(resource: UInt8, soft: UInt64, hard: UInt64)
    /// umask(2).
    case umask(UInt32)
    /// setpriority(2).
    case nice(Int32)
    /// Drops everything else from the bounding set (one bit each, capabilities(7)).
    case boundingSet(UInt64)
    /// setgroups, setresgid, setresuid; keeps permitted capabilities for `capabilities`.
    case identity(Identity)
    /// Changes into a directory inside the root, with the job's rights; refused where it is not below `/` (CVE-2024-21626).
    case workingDirectory(ByteString)
    /// Effective and permitted set, ambient set; the inheritable set holds just the ambient ones, so it is empty without them
    /// (the kernel clears ambient capabilities that are not inheritable).
    case capabilities(effective: UInt64, permitted: UInt64, ambient: UInt64)
    /// PR_SET_NO_NEW_PRIVS.
    case noNewPrivileges
    /// Label for the next exec, to /proc/self/attr/apparmor/exec, verified to be procfs.
    case appArmor(ByteString)
    /// Loads a ready BPF program: `sock_filter` entries of eight bytes.
    case seccomp(ByteString)
}

/// What is executed.
public struct JobCommand: Equatable, Sendable {
    /// Searched in the environment's PATH, inside the container, when the first one has no slash.
    public var arguments: [ByteString]
    /// `NAME=value`.
    public var environment: [ByteString]

    /// A program with its arguments, `argv[0]` first.
    public init(arguments: [ByteString], environment: [ByteString]) {
        self.arguments = arguments
        self.environment = environment
    }
}
