import API
import LinuxSys

/// What `berth doctor` can see without the daemon.
struct LocalChecks {
    /// Another root for tests.
    var root = ""
    /// Where this program is.
    var program = try? readLink("/proc/self/exe")

    func all() -> [DoctorCheck] { [kernel(), controlGroups(), overlay(), userNamespaces(), seccomp()] + programs() }

    private func text(_ path: String) -> String? { try? readTextFile(root + path) }

    private func kernel() -> DoctorCheck {
        let release = (text("/proc/sys/kernel/osrelease") ?? "").split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "unknown"
        guard let version = KernelVersion(release), version >= KernelVersion(6, 1) else {
            return DoctorCheck("kernel", .missing, "found \(release), needed is 6.1", remedy: "apt-get install -y linux-image-amd64 && reboot")
        }
        return DoctorCheck("kernel", .ok, "Linux \(release)")
    }

    private func controlGroups() -> DoctorCheck {
        let mounts = (text("/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap { line -> (type: Substring, options: Substring)? in
            let tail = line.split(separator: " ").drop { $0 != "-" }.dropFirst()
            guard tail.count >= 3 else { return nil }
            return (tail[tail.startIndex], tail[tail.endIndex - 1])
        }
        let hasV2 = mounts.contains { $0.type == "cgroup2" }
        let controllers = Set(mounts.filter { $0.type == "cgroup" }.flatMap { $0.options.split(separator: ",") })
        let wanted: [Substring] = ["cpu", "cpuacct", "cpuset", "memory", "pids"]
        if controllers.isSuperset(of: wanted) { return DoctorCheck("cgroups", .ok, hasV2 ? "v1 with the v2 hierarchy beside it" : "v1") }
        if hasV2, controllers.isEmpty {
            // A hierarchy that is mounted may have none of them: those that v1 has, or that the kernel was started without.
            let offered = Set((text("/sys/fs/cgroup/cgroup.controllers") ?? "").split(whereSeparator: \.isWhitespace))
            let lacking = ["cpu", "cpuset", "memory", "pids"].filter { !offered.contains($0[...]) }
            if lacking.isEmpty { return DoctorCheck("cgroups", .ok, "v2") }
            return DoctorCheck(
                "cgroups", .missing, "v2 without \(lacking.joined(separator: ", "))",
                remedy: "echo '\(lacking.map { "+" + $0 }.joined(separator: " "))' > /sys/fs/cgroup/cgroup.subtree_control")
        }
        let missing = wanted.filter { !controllers.contains($0) }.joined(separator: ", ")
        return DoctorCheck("cgroups", .missing, "neither v2 nor v1 with \(missing)", remedy: "mount -t cgroup2 none /sys/fs/cgroup")
    }

    private func overlay() -> DoctorCheck {
        let known = (text("/proc/filesystems") ?? "").split(whereSeparator: \.isWhitespace).contains("overlay")
        return known
            ? DoctorCheck("overlayfs", .ok, "known to the kernel")
            : DoctorCheck("overlayfs", .missing, "not in /proc/filesystems", remedy: "modprobe overlay")
    }

    private func userNamespaces() -> DoctorCheck {
        let most = text("/proc/sys/user/max_user_namespaces").flatMap { Int($0.filter { $0.isNumber }) } ?? 0
        return most > 0
            ? DoctorCheck("user namespaces", .ok, "at most \(most)")
            : DoctorCheck("user namespaces", .missing, "at most 0", remedy: "sysctl -w user.max_user_namespaces=65536")
    }

    private func seccomp() -> DoctorCheck {
        let known = (text("/proc/self/status") ?? "").split(separator: "\n").contains { $0.hasPrefix("Seccomp:") }
        return known
            ? DoctorCheck("seccomp", .ok, "known to the kernel")
            : DoctorCheck("seccomp", .missing, "no CONFIG_SECCOMP in this kernel", remedy: "apt-get install -y linux-image-amd64 && reboot")
    }

    /// Where the other programs of an installation are: beside this one, or in `libexec` of the same prefix.
    static func besides(_ program: String?) -> [String] {
        guard let program, let slash = program.lastIndex(of: "/") else { return [] }
        let own = program[..<slash]
        guard let prefix = own.lastIndex(of: "/").map({ own[..<$0] }) else { return [String(own)] }
        return [String(own), prefix + "/libexec/berth", prefix + "/sbin"]
    }

    /// Where one of the other programs is.
    func place(of name: String) -> String? {
        let places = ["/usr/libexec/berth", "/usr/local/libexec/berth", "/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"]
        return (Self.besides(program) + places).map { "\(root)\($0)/\(name)" }.first { (try? Descriptor.open($0, .path)) != nil }
    }

    private func programs() -> [DoctorCheck] {
        ["berthd", "berth-init", "berth-helper"].map { name in
            place(of: name).map { DoctorCheck(name, .ok, $0) }
                ?? DoctorCheck(name, .warning, "not beside berth nor in the usual places", remedy: "make install")
        }
    }
}
