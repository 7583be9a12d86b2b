internal import LinuxSys

/// What the helper may ask of the kernel once it reads what users made.
enum SandboxFilter {
    /// An archive: files by descriptor.
    static let importing = [
        // Bytes.
        "read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "close", "dup", "fcntl", "fadvise64", "poll", "ppoll",
        // Files below the layer directory.
        "openat", "openat2", "fstat", "newfstatat", "statx", "fstatfs", "getdents64", "readlinkat", "mkdirat", "mknodat", "symlinkat",
        "linkat",
        "unlinkat", "fchown", "fchownat", "fchmod", "utimensat", "fsetxattr", "ftruncate",
        // Its own end; it is alone in its pid namespace.
        "tgkill",
    ]

    /// Processes: files are opened and read, what is open is written. No call that acts on a process, a mount or a namespace.
    static let inspecting = [
        "read", "readv", "pread64", "write", "writev", "lseek", "close", "fcntl", "poll", "ppoll", "openat", "fstat", "newfstatat", "getdents64",
        "readlinkat", "pidfd_open",
    ]

    /// Memory, time, its end.
    private static let always = [
        "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "futex", "getrandom",
        "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "sched_yield", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
        "sigaltstack", "restart_syscall", "getpid", "gettid", "exit", "exit_group",
    ]

    static func compile(_ calls: [String]) throws(SystemError) -> SeccompProgram {
        let names = (calls + always).map { "\"\($0)\"" }.joined(separator: ",")
        let text = #"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"syscalls":[{"names":[\#(names)],"action":"SCMP_ACT_ALLOW"}]}"#
        return try SeccompProfile(json: Array(text.utf8)).compile(capabilities: [])
    }
}
