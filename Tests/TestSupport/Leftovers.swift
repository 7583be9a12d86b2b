import LinuxSys

/// What is left of a daemon on the machine: processes, mounts, groups, loop devices, run directories.
public enum Leftovers {
    /// With the daemon up and no job alive: groups below the parent, mounts below the state directory that belong to attempts, processes.
    public static func ofAttempts(_ daemon: TestDaemon) -> [String] {
        var findings = groups(below: daemon.groupParent).filter { path in
            let name = path.split(separator: "/").last ?? ""
            // Of a PID 1 cloned ahead: an attempt's once that has ended.
            if name.hasPrefix("spare-") { return (try? readTextFile("\(path)/cgroup.procs"))?.isEmpty ?? false }
            return name.first?.isNumber == true
        }
        .map { "group: \($0)" }
        findings += files(of: daemon).map { "file: \($0)" }
        return findings
    }

    /// After the daemon ended with no job alive.
    public static func ofDaemon(_ daemon: TestDaemon) -> [String] {
        var findings = groups(below: daemon.groupTop).map { "group: \($0)" }
        findings += mounts(of: daemon).map { "mount: \($0)" }
        findings += processes(of: daemon).map { "process: \($0)" }
        findings += loopDevices(of: daemon).map { "loop device: \($0)" }
        findings += leases(of: daemon).map { "lease: \($0)" }
        return findings
    }

    /// All directories whose path holds the parent's name, in every hierarchy.
    public static func groups(below parent: String) -> [String] {
        let found = try? Command(["find", "/sys/fs/cgroup/", "-type", "d", "-path", "*/\(parent)*"]).run()
        return found?.output.split(separator: "\n").map(String.init) ?? []
    }

    public static func mounts(of daemon: TestDaemon) -> [String] {
        let table = (try? readTextFile("/proc/self/mountinfo")) ?? ""
        return table.split(separator: "\n").filter { $0.contains(daemon.place.path) || $0.contains(daemon.runPlace.path) }.map(String.init)
    }

    /// By command line, by group, or by the mounts they see.
    public static func processes(of daemon: TestDaemon) -> [String] {
        var result: [String] = []
        for entry in (try? Descriptor.open("/proc", [.readOnly, .directory]).names()) ?? [] {
            guard let pid = Int32(entry), pid != ProcessContext.processID else { continue }
            let words = (try? readTextFile("/proc/\(pid)/cmdline")) ?? ""
            let groups = (try? readTextFile("/proc/\(pid)/cgroup")) ?? ""
            let environment = (try? readTextFile("/proc/\(pid)/environ")) ?? ""
            // Our own guardian names the directories too.
            if words.contains("guardian\0") { continue }
            let paths = [daemon.place.path, daemon.runPlace.path]
            if groups.contains(daemon.groupParent) || paths.contains(where: { words.contains($0) || environment.contains($0) }) {
                result.append("\(pid) \(words.split(separator: "\0").joined(separator: " "))")
            }
        }
        return result
    }

    public static func loopDevices(of daemon: TestDaemon) -> [String] {
        let list = (try? Command(["losetup", "--noheadings", "--list", "--output", "NAME,BACK-FILE"]).run())?.output ?? ""
        return list.split(separator: "\n").filter { $0.contains(daemon.place.path) }.map(String.init)
    }

    /// Slots that it has not given back.
    public static func leases(of daemon: TestDaemon) -> [String] {
        let table = (try? readTextFile("/run/berth/leases")) ?? ""
        return table.split(separator: "\n").filter { $0.hasSuffix(" " + daemon.state) }.map(String.init)
    }

    /// What attempts have in the file system, named by job numbers: run directories, image leases, scratch, their account's files; not their logs.
    private static func files(of daemon: TestDaemon) -> [String] {
        let found = try? Command([
            "find", daemon.state, daemon.runPlace.path, "-maxdepth", "4", "(", "-name", "images", "-o", "-name", "logs", ")", "-prune", "-o",
            "-name", "[0-9]*", "-print",
        ]).run()
        return found?.output.split(separator: "\n").map(String.init) ?? []
    }
}
