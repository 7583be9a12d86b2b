import API
import Foundation
import JobModel
import Testing

@testable import berth

@Suite struct LogPrinterTests {
    private func chunk(_ text: String, _ at: Int64 = 1_764_000_000_123) -> LogChunk {
        LogChunk(position: 1, at: WallTime(milliseconds: at), bytes: Array(text.utf8))
    }

    private func print(_ form: LogPrinter.Form, _ frames: [Frame]) throws -> String {
        var printer = LogPrinter(form: form)
        return String(decoding: try frames.flatMap { try printer.bytes($0) }, as: UTF8.self)
    }

    @Test func rawBytesStayAsTheyAre() throws {
        #expect(try print(.raw, [.stdout(chunk("\u{1B}[31mx")), .stderr(chunk("y\n")), .dropped(3), .end("")]) == "\u{1B}[31mxy\n")
    }

    @Test func everyLineGetsATime() throws {
        let text = try print(.timestamps, [.stdout(chunk("a\nb")), .stdout(chunk("c\n")), .stderr(chunk("d\n"))])
        let lines = text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 2) }
        #expect(lines.map { $0[2] } == ["a", "bc", "d"])
        for line in lines { #expect(line[1].hasSuffix(".123")) }
    }

    @Test func interruptedLinesBeginAnew() throws {
        let text = try print(.timestamps, [.stdout(chunk("half")), .stderr(chunk("error\n")), .stdout(chunk("rest\n"))])
        #expect(text.split(separator: "\n").map { $0.split(separator: " ").last } == ["half", "error", "rest"])
    }

    @Test func jsonKeepsWhatIsNoText() throws {
        let text = try print(
            .json, [.stdout(chunk("hé")), .stderr(LogChunk(position: 9, at: WallTime(milliseconds: 0), bytes: [0xFF])), .dropped(7)])
        let lines = try text.split(separator: "\n").map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        #expect(lines.count == 3)
        #expect(lines[0]["text"] as? String == "hé" && lines[0]["stream"] as? String == "stdout")
        #expect(lines[1]["base64"] as? String == "/w==" && lines[1]["text"] == nil)
        #expect(lines[2]["droppedBytes"] as? Int == 7)
        for line in lines { #expect(line["version"] as? Int == 1) }
    }
}

@Suite struct LocalCheckTests {
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
