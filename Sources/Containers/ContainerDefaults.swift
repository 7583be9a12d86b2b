import LinuxSys

import JobModel

/// What every container has, whatever its job spec says: Docker's defaults, as strict or stricter.
public enum ContainerDefaults {
    /// Hidden: a directory behind an empty read-only tmpfs, a file behind /dev/null. Paths that do not exist are passed over.
    public static let maskedPaths = [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
        "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/fs/selinux",
    ]

    /// Mounted over themselves read-only.
    public static let readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    /// The device nodes of a minimal `/dev`; bound from the machine one by one, the only mounts without `nodev`.
    public static let devices = SpecBounds.defaultDevices

    /// Name and target of the usual links of `/dev`.
    public static let deviceLinks = [
        ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"), ("/dev/stdout", "/proc/self/fd/1"), ("/dev/stderr", "/proc/self/fd/2"),
        ("/dev/ptmx", "pts/ptmx"),
    ]

    /// Docker's default capabilities (capabilities(7)); a job may ask for fewer, never for more.
    public static let capabilities = [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE",
        "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
    ]

    /// Taken from a job whose read-write bind cannot be id-mapped (contract §7): with any of them it could act as another id there.
    public static let identityCapabilities: Set<String> = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_SETGID", "CAP_SETUID"]

    /// The search path of a job whose image names none.
    public static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// `/dev/shm` unless the spec says otherwise; Docker's size.
    public static let sharedMemoryBytes: UInt64 = 64 << 20

    /// Resource limits (getrlimit(2)) of a job that asks for none, no more than the daemon has: open files as a login has them, with room to raise
    /// them, and locked memory as kernels give by default (8 MiB since 5.16).
    static let limits: [(resource: UInt8, limit: (soft: UInt64, hard: UInt64))] = [
        (7, (1024, min(524_288, ProcessContext.hardLimit(7)))), (8, (8 << 20, min(8 << 20, ProcessContext.hardLimit(8)))),
    ]

    /// Above PID 1 (0): the kernel kills the job before its monitor (proc_pid_oom_score_adj(5)).
    public static let outOfMemoryScore: Int32 = 500
}
