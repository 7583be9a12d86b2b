import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// After 1,000 jobs no group, mount, loop device, namespace or file remains.
    @Suite struct ManyJobsTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private func traces() throws -> [String: Int] {
            let mounts = try readTextFile("/proc/self/mountinfo").split(separator: "\n").filter { $0.contains(daemon.place.path) }.count
            // Containers made ahead come and go; one that was used counts among those of attempts.
            let groups = Leftovers.groups(below: daemon.groupParent).filter { !$0.contains("/spare-") }
            let processes = Leftovers.processes(of: daemon).filter { line in
                let pid = line.prefix { $0 != " " }
                return !((try? readTextFile("/proc/\(pid)/cgroup")) ?? "").contains("/spare-")
            }
            let launcher = processes.first { $0.contains(" launcher ") }?.prefix { $0 != " " } ?? ""
            let held = [daemon.pid.description, String(launcher)].flatMap { namespaces(heldBy: $0) }
            return [
                "namespaces": Set(held + processes.flatMap { namespaces(of: $0.prefix { $0 != " " }) }).count,
                "groups": groups.count, "mounts": mounts, "loops": Leftovers.loopDevices(of: daemon).count, "processes": processes.count,
                "descriptors": descriptors("\(daemon.pid)"), "launcher's descriptors": descriptors(String(launcher)),
            ]
        }

        private func namespaces(of pid: some StringProtocol) -> [String] {
            ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"].compactMap { try? readLink("/proc/\(pid)/ns/\($0)") }
        }

        private func namespaces(heldBy pid: String) -> [String] {
            let names = (try? Descriptor.open("/proc/\(pid)/fd", [.readOnly, .directory]).names()) ?? []
            return names.compactMap { try? readLink("/proc/\(pid)/fd/\($0)") }.filter {
                $0.contains(":[") && !$0.hasPrefix("socket") && !$0.hasPrefix("pipe")
            }
        }

        private func descriptors(_ pid: String) -> Int {
            (try? Descriptor.open("/proc/\(pid)/fd", [.readOnly, .directory]).names().count) ?? 1000
        }

        @Test("What a running job has is seen by what looks for leftovers") func leftoversAreSeen() throws {
            let id = try daemon.submit(["--no-cwd", "--scratch", "1M", "--", "sleep", "60"])
            defer { _ = try? daemon.berth(["cancel", "--now", id]) }
            _ = try daemon.await(id, "running")
            let seen = Leftovers.ofAttempts(daemon)
            let group = try daemon.group(of: id)
            #expect(Leftovers.groups(below: daemon.groupParent).contains { $0.hasSuffix(group) })
            for part in ["/attempts-", "/image-leases/", "/scratch/"] {
                #expect(seen.contains { $0.contains(part) }, "\(part) is not among \(seen)")
            }
        }

        @Test func manyShortJobsLeaveNothing() throws {
            let count = Programs.isEmulated ? 60 : 1000
            let words = ["--array", "1-\(count)", "--cpu", "0.2", "--memory", "16M", "--scratch", "1M", "--no-cwd"]
            let warm = try daemon.submit(["--array", "1-4", "--no-cwd", "--", "true"])
            _ = try daemon.berth(["wait", warm])
            sleepBlocking(nanoseconds: 1_000_000_000)
            let before = try traces()
            let id = try daemon.submit(words + ["--", "true"])
            #expect(try daemon.berth(["wait", "--timeout", "300s", id], seconds: 320).status == 0)
            #expect(try daemon.show(id)["job"]["counts"]["succeeded"].number == count)
            // Fewer is fine: what the warm-up left was still being removed.
            // A connection or a spare that comes and goes is no leak of a thousand jobs'.
            let slack = ["descriptors": 30, "launcher's descriptors": 10, "namespaces": 14]
            func hasMore(_ now: [String: Int]) -> Bool { now.contains { $0.value > before[$0.key, default: 0] + slack[$0.key, default: 0] } }
            let after = try poll(seconds: 20) { hasMore(try traces()) ? nil : before } ?? traces()
            #expect(!hasMore(after), "\(after), before \(before)")
            #expect(Leftovers.ofAttempts(daemon).isEmpty, "\(Leftovers.ofAttempts(daemon))")
            let report = try #require(JSONValue(try daemon.berth("report --by job --json \(id)").output))
            #expect(report["table"]["rows"][0]["outcomes"]["succeeded"].number == count, "\(report)")
        }
    }
}
