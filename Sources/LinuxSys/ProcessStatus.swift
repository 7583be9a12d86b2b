/// What procfs says about a process (proc_pid_stat(5)).
public struct ProcessStatus: Sendable, Hashable {
    /// Its number.
    public var pid: Int32
    /// The file name of its program, at most 15 bytes.
    public var command: String
    /// `R`, `S`, `D`, `Z`, `T` and so on.
    public var state: Character
    /// Its parent's number.
    public var parent: Int32
    /// Clock ticks since boot at its start: with the boot id it tells processes of the same number apart.
    public var startTime: UInt64

    /// Its start on the boot clock, nanoseconds, cut down to the clock tick of 10 ms: compare it with the time of a connection.
    public var startBootNanoseconds: UInt64 { startTime * 10_000_000 }

    /// Reads `/proc/PID/stat`; ENOENT or ESRCH when it is gone.
    public init(pid: Int32) throws(SystemError) {
        let text = try readTextFile("/proc/\(pid)/stat")
        guard let status = ProcessStatus(line: text) else {
            throw SystemError(
                "read", "/proc/\(pid)/stat", errno: 0, detail: "found \(text.prefix(60)), the fields of proc_pid_stat(5) are accepted")
        }
        self = status
    }

    /// Parses the line; the command may contain spaces and parentheses, so the last `)` ends it.
    init?(line: String) {
        guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"), open < close else { return nil }
        let rest = line[line.index(after: close)...].split(whereSeparator: \.isWhitespace)
        // Field 3 of the manual, the state, is the first of the rest; field 22 is the start time.
        guard let pid = Int32(line[..<open].filter { !$0.isWhitespace }), rest.count > 19, let state = rest[0].first,
            let parent = Int32(rest[1]), let start = UInt64(rest[19])
        else { return nil }
        self.pid = pid
        command = String(line[line.index(after: open)..<close])
        self.state = state
        self.parent = parent
        startTime = start
    }

    /// Where the process waits in the kernel (`/proc/PID/wchan`); nil when it does not wait or the kernel hides it.
    public static func waitChannel(of pid: Int32) -> String? {
        guard let text = try? readTextFile("/proc/\(pid)/wchan"), !text.isEmpty, text != "0" else { return nil }
        return text
    }
}

/// Facts about a process's place in the system.
public enum ProcessPlace {
    /// The kinds of namespaces, as `/proc/PID/ns` names them.
    public enum Namespace: String, Sendable, CaseIterable {
        /// Control groups.
        case cgroup
        /// System V and POSIX message queues.
        case ipc
        /// Mounts.
        case mount = "mnt"
        /// Network.
        case network = "net"
        /// Processes.
        case pid
        /// Clocks.
        case time
        /// Ids.
        case user
        /// Host name.
        case uts
    }

    /// An open namespace of a process, for comparison, id maps and setns(2).
    public static func open(_ namespace: Namespace, of pid: Int32) throws(SystemError) -> Descriptor {
        try Descriptor.open("/proc/\(pid)/ns/\(namespace.rawValue)")
    }

    /// Whether a process is in the same namespace as this one.
    public static func shares(_ namespace: Namespace, with pid: Int32) throws(SystemError) -> Bool {
        try Descriptor.open("/proc/self/ns/\(namespace.rawValue)").status().isSameFile(as: open(namespace, of: pid).status())
    }

    /// The cgroup paths of a process by controller list: `cpu` → `/berth-x/12.1`; the key of cgroup v2 is empty.
    public static func cgroupPaths(of pid: Int32) throws(SystemError) -> [String: String] {
        var found: [String: String] = [:]
        for line in try readTextFile("/proc/\(pid)/cgroup").split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if parts[1].isEmpty { found[""] = String(parts[2]) }
            for controller in parts[1].split(separator: ",") { found[String(controller)] = String(parts[2]) }
        }
        return found
    }
}
