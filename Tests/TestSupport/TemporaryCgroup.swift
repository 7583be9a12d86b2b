public import LinuxSys

/// Where the groups of tests lie: one directory per hierarchy, below `berth-test-…`.
public struct TemporaryCgroup: Sendable {
    /// Below each hierarchy's root.
    public let name: String
    private let roots: [String]

    /// Makes the group in the v1 hierarchies named, or in the only one of v2.
    public init(_ controllers: [String] = ["cpuset", "memory", "pids", "cpu", "freezer"]) throws(SystemError) {
        name = "berth-test-\(String(UInt32.random(in: .min ... .max), radix: 16))"
        let unified = Programs.exists("/sys/fs/cgroup/cgroup.controllers")
        roots = unified ? ["/sys/fs/cgroup"] : controllers.map { "/sys/fs/cgroup/\($0)" }.filter { Programs.exists($0) }
        for root in roots { try Descriptor.workingDirectory.makeDirectory("\(root)/\(name)") }
    }

    /// Its directory for a controller.
    public func path(_ controller: String) -> String? {
        roots.first { $0.hasSuffix("/\(controller)") || roots.count == 1 }.map { "\($0)/\(name)" }
    }

    /// Removes the groups; children have to be gone.
    public func remove() {
        for root in roots { try? Descriptor.workingDirectory.removeDirectory("\(root)/\(name)") }
    }
}
