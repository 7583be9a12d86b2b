import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import Testing

/// What a job finds, seen from inside and from outside.
extension KernelTests {
    @Suite struct IsolationTests {
        private static let namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]

        @Test func everyNamespaceIsItsOwn() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let script =
                "for n in \(Self.namespaces.joined(separator: " ")); do readlink /proc/self/ns/$n; done; hostname; cat /proc/1/comm; sleep 100"
            let job = try ProgramBuilder(harness, "one", ["sh", "-c", script]).start(harness)
            try job.waitFor("berth-init")
            let lines = try job.text().split(separator: "\n").map(String.init)
            for (place, name) in Self.namespaces.enumerated() {
                let ours = try readLink("/proc/self/ns/\(name)")
                #expect(lines[place] != ours)
                #expect(lines[place].hasPrefix(name))
                let outside = try readLink("/proc/\(try #require(job.monitor).pid)/ns/\(name)")
                #expect(lines[place] == outside)
            }
            #expect(lines[7] == "inside")
        }

        @Test func onlyTheStandardStreamsAreOpen() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(harness, "one", ["ls", "/proc/self/fd"]).start(harness)
            _ = try job.record()
            // 3 is the directory that ls reads.
            #expect(try job.text() == "0\n1\n2\n3\n")
        }

        @Test func theHostsRootIsGone() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(
                harness, "one", ["sh", "-c", "ls /; ls /proc/irq; cat /proc/cpuinfo /proc/1/cmdline /proc/self/mountinfo"]
            ).start(harness)
            _ = try job.record()
            let text = try job.text()
            #expect(text.hasPrefix("bin\ndev\netc\nproc\nroot\nsys\ntmp\nusr\n") || text.hasPrefix("bin\ndev\netc\nproc\nroot\nsys\ntmp\n"))
            #expect(text.contains(" - overlay "))
            #expect(!text.contains("/sys/fs/cgroup"))
            // Hidden, and read-only.
            #expect(text.contains(" /proc/cpuinfo "))
            #expect(text.contains(" /proc/irq ro") && text.contains(" /proc/fs ro"))
            #expect(text.contains(" /proc/sys ro"))
            #expect(!text.contains("launcher" + " /"))
            #expect(!text.contains("processor"))
        }

        @Test func capabilitiesAndFilterAreSet() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(
                harness, "one", ["sh", "-c", "cat /proc/self/status; cat /proc/self/oom_score_adj; limits; pwd"])
            // Refuses getppid (110 on x86_64, 173 on arm64) with EPERM, allows the rest: ld [nr]; jeq; ret errno; ret allow.
            #if arch(x86_64)
                let number: UInt32 = 110
            #else
                let number: UInt32 = 173
            #endif
            builder.program.jobOperations.append(
                .seccomp(Self.filter([(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x0005_0001), (0x06, 0, 0, 0x7fff_0000)])))
            let job = try builder.start(harness)
            #expect(job.failure == nil)
            _ = try job.record()
            let text = try job.text()
            for line in [
                "CapInh:\t0000000000000000", "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "nofile 512 1024", "umask 27",
                "getppid -1 1", "\n500\n", "\n/tmp\n",
            ] {
                #expect(text.contains(line), "\(line)")
            }
            for name in ["CapPrm", "CapEff", "CapBnd"] { #expect(text.contains("\(name):\t00000000a80425fb")) }
        }

        @Test func anOrdinaryUserHasNoCapability() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let script = "id -u; id -g; cat /proc/self/status; echo again > /dev/stdout; touch /etc/x"
            let job = try ProgramBuilder(harness, "one", ["sh", "-c", script], user: 1000).start(harness)
            _ = try job.record()
            let text = try job.text()
            #expect(text.hasPrefix("1000\n1000\n"))
            #expect(text.contains("CapEff:\t0000000000000000"))
            #expect(text.contains("CapPrm:\t0000000000000000"))
            #expect(text.hasSuffix("again\n"))
            #expect(try job.text(.error).contains("Permission denied"))
        }

        @Test func rootInsideOwnsItsFilesAsTheSlot() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(
                harness, "one", ["sh", "-c", "touch /root/mine; stat -c %u /root/mine /bin/busybox; echo x > /dev/shm/y"]
            ).start(harness)
            #expect(try job.record().outcome == .ended(waitStatus: 0))
            #expect(try job.text() == "0\n0\n")
            let file = try Descriptor.open("\(harness.directory)/scratch-one/upper/root/mine")
            #expect(try file.status().uid == LauncherHarness.slot)
        }

        @Test func theMonitorIsOutOfReach() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["attack"])
            // Root inside with every capability there is but the two that no job gets: SYS_NICE and SYS_RESOURCE.
            let all: UInt64 = ((1 << 41) - 1) & ~(3 << 23)
            builder.program.jobOperations = builder.program.jobOperations.map { operation in
                switch operation {
                case .boundingSet: .boundingSet(all)
                case .capabilities: .capabilities(effective: all, permitted: all, ambient: 0)
                default: operation
                }
            }
            builder.program.jobOperations.removeAll { $0 == .noNewPrivileges }
            let job = try builder.start(harness)
            #expect(job.failure == nil)
            // Its kill(1, SIGKILL) had no effect, or there were no record.
            #expect(try job.record().outcome == .ended(waitStatus: 0))
            #expect(try job.text() == "tried all\n")
        }

        static func filter(_ instructions: [(UInt16, UInt8, UInt8, UInt32)]) -> ByteString {
            var bytes: [UInt8] = []
            for (code, yes, no, value) in instructions {
                bytes += [UInt8(code & 255), UInt8(code >> 8), yes, no]
                bytes += (0..<4).map { UInt8(value >> (8 * $0) & 255) }
            }
            return ByteString(bytes: bytes)
        }
    }
}
