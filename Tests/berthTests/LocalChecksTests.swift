import API
import Foundation
import Testing

@testable import berth

/// What `berth doctor` sees without the daemon, on trees that stand for machines.
@Suite struct LocalChecksTests {
    private func checks(_ files: [String: String]) throws -> [String: DoctorCheck] {
        let root = NSTemporaryDirectory() + "berth-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        for (path, text) in files {
            let url = URL(fileURLWithPath: root + path)
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        return Dictionary(uniqueKeysWithValues: LocalChecks(root: root).all().map { ($0.name, $0) })
    }

    @Test func anEmptyMachineLacksEverything() throws {
        for (name, check) in try checks([:]) where !name.hasPrefix("berth") { #expect(check.state == .missing, "\(name)") }
    }

    @Test func aStockDebianHasWhatIsNeeded() throws {
        let found = try checks([
            "/proc/sys/kernel/osrelease": "6.12.1+deb13-amd64\n", "/proc/filesystems": "nodev\toverlay\n\text4\n",
            "/proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
            "/proc/sys/user/max_user_namespaces": "96000\n", "/proc/self/status": "Name:\tx\nSeccomp:\t0\n",
            "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc\n",
        ])
        for name in ["kernel", "cgroups", "overlayfs", "user namespaces", "seccomp"] { #expect(found[name]?.state == .ok, "\(name)") }
    }

    @Test func anEmptyHierarchyIsNotEnough() throws {
        let found = try checks([
            "/proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n",
            "/sys/fs/cgroup/cgroup.controllers": "cpu pids\n",
        ])
        #expect(found["cgroups"]?.state == .missing && found["cgroups"]?.detail == "v2 without cpuset, memory")
        #expect(found["cgroups"]?.remedy == "echo '+cpuset +memory' > /sys/fs/cgroup/cgroup.subtree_control")
    }

    @Test func whatIsMissingComesWithItsCommand() throws {
        for (name, check) in try checks([:]) where check.state == .missing { #expect(check.remedy?.isEmpty == false, "\(name)") }
    }

    @Test func oldKernelsAndMissingControllersAreNamed() throws {
        let found = try checks([
            "/proc/sys/kernel/osrelease": "4.19.0\n",
            "/proc/self/mountinfo":
                "30 24 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n31 24 0:27 / /x rw - cgroup cgroup rw,memory\n",
        ])
        #expect(found["kernel"]?.state == .missing)
        #expect(found["cgroups"]?.detail.contains("cpuset, pids") == true)
    }
}
