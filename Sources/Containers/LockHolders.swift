import LinuxSys

/// The processes that hold locks of files of a run root. A lock belongs to the open file: who took it may have ended long before who inherited it, and
/// /proc/locks then does not show it (proc(5)), so every process is looked at.
struct LockHolders: CustomStringConvertible {
    private var holders: [String] = []
    private let runRoot: String

    init(runRoot: String) {
        self.runRoot = runRoot
        let processes = (try? Descriptor.open("/proc", [.readOnly, .directory]).names()) ?? []
        for pid in processes.compactMap(Int32.init) {
            guard let file = Self.locked(by: pid, below: runRoot) else { continue }
            let status = try? ProcessStatus(pid: pid)
            let place = ProcessStatus.waitChannel(of: pid) ?? "user space"
            holders.append("\(file) by \(pid) (\(status?.command ?? "?"), state \(status?.state ?? "?") in \(place))")
        }
    }

    private static func locked(by pid: Int32, below runRoot: String) -> String? {
        for name in (try? Descriptor.open("/proc/\(pid)/fd", [.readOnly, .directory]).names()) ?? [] {
            guard let path = try? readLink("/proc/\(pid)/fd/\(name)"), path.hasPrefix(runRoot + "/") else { continue }
            guard let information = try? readTextFile("/proc/\(pid)/fdinfo/\(name)"), information.contains("lock:") else { continue }
            return path
        }
        return nil
    }

    var description: String { holders.isEmpty ? "nobody holds a lock below \(runRoot)" : "locked: " + holders.joined(separator: ", ") }
}
