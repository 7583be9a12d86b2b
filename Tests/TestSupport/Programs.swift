import LinuxSys

/// Where the built programs lie: `BERTH_BIN`, else beside the test bundle.
public enum Programs {
    /// The directory that holds `berth`, `berthd`, `berth-init` and `berth-helper`; nil when they were not built.
    public static let directory: String? = {
        var candidates: [String] = []
        if let named = ProcessContext.variable("BERTH_BIN") { candidates.append(named) }
        let arguments = (try? readFile("/proc/self/cmdline"))?.split(separator: 0).map { String(decoding: $0, as: UTF8.self) } ?? []
        for word in [(try? readLink("/proc/self/exe")) ?? ""] + arguments {
            // Both the bundle itself and `swift test`, whose argument names the bundle.
            guard let slash = word.lastIndex(of: "/") else { continue }
            candidates.append(String(word[..<slash]))
        }
        candidates.append(".build/debug")
        return candidates.first { exists("\($0)/berthd") && exists("\($0)/berth") && exists("\($0)/berth-init") }
    }()

    /// A program's path.
    public static func path(_ name: String) -> String { "\(directory ?? ".build/debug")/\(name)" }

    /// Prometheus's checker, once `scripts/promtool` has run.
    public static let promtool: String? = {
        let path = ((try? readLink("/proc/self/cwd")) ?? "") + "/.build/promtool/promtool"
        return exists(path) ? path : nil
    }()

    /// Schemathesis, once `scripts/schemathesis` has run.
    public static let schemathesis: String? = {
        let path = ((try? readLink("/proc/self/cwd")) ?? "") + "/.build/schemathesis/bin/schemathesis"
        return exists(path) ? path : nil
    }()

    /// Whether a path leads to something.
    public static func exists(_ path: String) -> Bool { (try? Descriptor.open(path, [.path])) != nil }

    /// Whether this is the virtual machine, which is many times slower: what is heavy by nature is made smaller there.
    public static let isEmulated = ProcessContext.variable("BERTH_VM") != nil

    /// Whether real-kernel tests can run here.
    public static let canRun = ProcessContext.effectiveUser == 0 && directory != nil && exists("/bin/busybox")
}
