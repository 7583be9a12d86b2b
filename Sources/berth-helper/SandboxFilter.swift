internal import LinuxSys

/// What the helper may ask of the kernel once it reads the archive: files by descriptor, memory, its end.
enum SandboxFilter {
    private static let calls = [
        // Bytes.
        "read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "close", "dup", "fcntl", "fadvise64", "poll", "ppoll",
        // Files below the layer directory.
        "openat", "openat2", "fstat", "newfstatat", "statx", "fstatfs", "getdents64", "readlinkat", "mkdirat", "mknodat", "symlinkat",
        "linkat",
        "unlinkat", "fchown", "fchownat", "fchmod", "utimensat", "fsetxattr", "ftruncate",
        // Memory.
        "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "futex", "getrandom",
        // Time, signals, the end.
        "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "sched_yield", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
        "sigaltstack", "restart_syscall", "getpid", "gettid", "tgkill", "exit", "exit_group",
    ]

    static func compile() throws(SystemError) -> SeccompProgram {
        let names = calls.map { "\"\($0)\"" }.joined(separator: ",")
        let text = #"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"syscalls":[{"names":[\#(names)],"action":"SCMP_ACT_ALLOW"}]}"#
        return try SeccompProfile(json: Array(text.utf8)).compile(capabilities: [])
    }
}
