import Glibc

/// What this process uses at the moment (proc_pid_stat(5), getrusage(2)).
public struct ProcessUse: Sendable, Hashable {
    /// User and system time of all its threads.
    public var cpuMicroseconds: UInt64
    public var residentBytes: UInt64
    public var threads: Int
    public var openFiles: Int
    /// The soft RLIMIT_NOFILE.
    public var mostFiles: UInt64

    /// Reads `/proc/self`.
    public init() throws(SystemError) {
        var usage = rusage()
        _ = try checked("getrusage") { Int(getrusage(__rusage_who_t(0), &usage)) }
        cpuMicroseconds = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + UInt64($1.tv_sec) * 1_000_000 + UInt64($1.tv_usec) }
        let pages = try readTextFile("/proc/self/statm").split(whereSeparator: \.isWhitespace)
        residentBytes = (pages.count > 1 ? UInt64(pages[1]) ?? 0 : 0) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
        threads = try Descriptor.open("/proc/self/task", [.readOnly, .directory]).entries().count
        // Without the one that is reading.
        openFiles = try Descriptor.open("/proc/self/fd", [.readOnly, .directory]).entries().count - 1
        mostFiles = ProcessContext.mostOpenFiles
    }
}
