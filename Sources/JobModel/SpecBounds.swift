/// The bounds of a job spec that do not depend on queue or machine, in one place for validation, messages and documentation.
public enum SpecBounds {
    public static let nameBytes = 128
    public static let identifierBytes = 64
    /// Indices of one array.
    public static let arrayTasks = 10_000_000
    /// Disjoint ranges of one array's indices.
    public static let arrayRanges = 50_000
    /// A whole script.
    public static let script = Bytes.kibibytes(512)
    /// Script, command and environment together: they travel and are stored as one value.
    public static let text = Bytes.mebibytes(1)
    /// One argument or variable: MAX_ARG_STRLEN of execve(2).
    public static let argument = Bytes.kibibytes(128)
    public static let arguments = 32_768
    public static let variables = 4_096
    /// PATH_MAX with its end.
    public static let pathBytes = 4_095
    public static let cores = 1...8_192
    /// A quota below one hundredth of a CPU is less than the kernel's least: 1 ms in 100 ms.
    public static let cpuMillis = 10...8_192_000
    public static let memory = Bytes.mebibytes(4)...Bytes(1 << 50)
    public static let softMemory = Bytes.mebibytes(1)...Bytes(1 << 50)
    /// Of the memory limit, in percent.
    public static let memoryShare = 1...100
    public static let memorySignals = 8
    /// Of one huge page: from arm64's smallest to the largest of all.
    public static let hugePage = Bytes.kibibytes(64)...Bytes.gibibytes(16)
    public static let hugePageSizes = 8
    public static let size = Bytes.zero...Bytes(1 << 50)
    public static let scratch = Bytes.mebibytes(1)...Bytes(1 << 50)
    public static let scratchInodes = 16...4_000_000_000
    /// PID_MAX_LIMIT of a 64-bit kernel.
    public static let pids = 1...4_194_304
    public static let ioBytes: ClosedRange<UInt64> = 1_024...(1 << 50)
    public static let ioOperations: ClosedRange<UInt64> = 1...1_000_000_000
    /// As cgroup v2 has it.
    public static let ioWeight = 1...10_000
    public static let listLength = 64
    public static let namedCount = 1...65_536
    public static let timeLimit = TimeSpan.seconds(1)...TimeSpan.hours(24 * 3_650)
    public static let gracePeriod = TimeSpan.zero...TimeSpan.hours(24)
    public static let backoff = TimeSpan.zero...TimeSpan.hours(24 * 7)
    /// To the end of the year 9999.
    public static let begin = WallTime(milliseconds: 0)...WallTime(milliseconds: 253_402_300_799_999)
    public static let priority = -1_000_000...1_000_000
    public static let retries = 0...1_000
    public static let dependencies = 1_000
    public static let logLimit = Bytes.kibibytes(64)...Bytes(1 << 40)
    public static let tags = 32

    /// What retries may name; `preempted` always goes back, `nodeLost` and `monitorLost` are `rerun`'s.
    public static let retriable: [AttemptOutcome.Kind] = [.failed, .killed, .timedOut, .outOfMemory, .startFailed]

    /// The device nodes of every job's `/dev`.
    public static let defaultDevices = ["full", "null", "random", "tty", "urandom", "zero"]
    /// What else every job's `/dev` has: links, and file systems of its own.
    public static let defaultDeviceEntries = ["fd", "mqueue", "ptmx", "pts", "shm", "stderr", "stdin", "stdout"]

    /// Docker's default set: the most that a job may have (capabilities(7)).
    public static let capabilities = [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE",
        "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
    ]

    /// Names of getrlimit(2) in lower case. Not `nice` and `rtprio`: they would let a job raise its own priority without a capability.
    public static let rlimits = [
        "as", "core", "cpu", "data", "fsize", "memlock", "msgqueue", "nofile", "nproc", "rss", "rttime", "sigpending", "stack",
    ]
    /// The default of fs.nr_open: more open files the kernel refuses.
    public static let openFiles: UInt64 = 1_048_576

    /// The keys of the ipc namespace (sysctl/kernel.rst); `net.*` and `fs.mqueue.*` come beside them.
    public static let ipcSysctls = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ]

    /// What Berth itself sets for every job: contract §4.
    public static let reservedVariables = [
        "BERTH_JOB_ID", "BERTH_TASK_INDEX", "BERTH_ATTEMPT", "BERTH_CPUS", "BERTH_MEMORY", "BERTH_BATCH", "BERTH_SCRATCH",
    ]
}
