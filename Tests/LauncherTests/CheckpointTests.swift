import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import Testing

/// What a round trip needs.
private enum Checkpoint {
    static let v2 = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first { access("\($0)/cgroup.procs", W_OK) == 0 }

    /// From the environment, or where scripts/criu puts it.
    static let criu: String? = {
        guard v2 != nil else { return nil }
        let build = URL(fileURLWithPath: LauncherHarness.binary).deletingLastPathComponent().deletingLastPathComponent()
        let places = [
            ProcessInfo.processInfo.environment["BERTH_CRIU"], build.path + "/criu/criu",
            build.deletingLastPathComponent().path + "/criu/criu",
        ]
        return places.compactMap { $0 }.first { access($0, X_OK) == 0 }
    }()
}

/// One round trip through CRIU with PID 1 inside the dump.
extension KernelTests {
    @Suite(.enabled(if: Checkpoint.criu != nil, "needs CRIU 4.1 (scripts/criu) and cgroup v2"))
    struct CheckpointTests {
        /// Cloned for its job, or ahead.
        @Test(arguments: [false, true]) func aJobOfSeveralProcessesGoesOnAfterDumpAndRestore(inSpare: Bool) throws {
            let harness = try LauncherHarness()
            let group = "\(try #require(Checkpoint.v2))/berth-test-criu-\(getpid())"
            defer {
                try? writeControlFile(group + "/cgroup.kill", "1")
                harness.stop()
                for _ in 0..<100 {
                    rmdir(group + "/job")
                    if rmdir(group) == 0 { break }
                    usleep(50_000)
                }
            }
            let loop = "while true; do n=$((n+1)); echo count $n; sleep 0.05; done"
            let script = "trap 'exit 21' USR1; n=0; (while true; do sleep 0.05; done) & \(loop)"
            try harness.makeGroup(group)
            let pair = inSpare ? try KernelTests.SpareTests.Pair(harness, "one", ["sh", "-c", script]) : nil
            var builder = try pair?.builder ?? ProgramBuilder(harness, "one", ["sh", "-c", script])
            // CRIU asks for the resource limits of all processes: the owner of their user namespace may, and who has this right everywhere.
            let right = try #require(Capability(name: "CAP_SYS_RESOURCE"))
            let owner = try ProcessCapabilities.current().effective.contains(right) ? LauncherHarness.slot : 0
            let directory = try Descriptor.open(group, [.directory])
            if var pair {
                pair.spare.owner = owner
                pair.spare.group = DescriptorIndex(UInt16(pair.spareTable.count))
                _ = try #require(try harness.prepare(pair.spare, table: pair.spareTable + [directory]))
                builder.program.spare = pair.spare.number
            } else {
                builder.program.owner = owner
                builder.program.group = builder.pass(directory)
            }
            builder.program.jobGroup = builder.pass(try Descriptor.open(group + "/job", [.directory]))
            builder.program.containerOperations.insert(.writeFile(path: "/.berth/init", mode: 0o711, contents: ""), at: 1)
            let job = try builder.start(harness)
            #expect(job.failure == nil)
            try job.waitFor("count 5\n")
            let monitor = try #require(job.monitor).pid
            let arguments = [group, harness.directory, LauncherHarness.binary, TestRoot.directory]
            // After a dump that failed the group is still frozen, and whatever enters it for the restore with it.
            try #require(try Self.run("dump", ["\(monitor)"] + arguments) == 0)
            #expect(try #require(job.monitor).waitUntilEnded(milliseconds: 10_000))
            builder.table[0].close()
            let overlay = try TestRoot.overlay(harness, "one", fresh: false)
            try #require(try Self.run("restore", ["0"] + arguments, [50: overlay]) == 0)
            let before = try job.text().split(separator: "\n").count
            try job.waitFor("count \(before + 5)\n")
            let pid = Int32(try readTextFile("\(harness.directory)/pid").trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
            let restored = try ProcessHandle(pid: pid)
            // Not dumpable again: nobody but root opens its files of /proc.
            #expect(try Descriptor.open("/proc/\(pid)/maps").status().uid == 0)
            let main = try #require(Int32(readTextFile("/proc/\(pid)/task/\(pid)/children").split(separator: " ").first ?? ""))
            try ProcessHandle(pid: main).signal(SIGUSR1)
            #expect(try restored.waitUntilEnded(milliseconds: 20_000))
            let record = try ExitRecord(decoding: try harness.readRunFile("one", RunFile.record))
            #expect(record.outcome == .ended(waitStatus: 21 << 8))
            #expect(record.startBootNanoseconds == job.running?.time)
            // The log went on without a hole.
            let counted = try job.text().split(separator: "\n").map(String.init)
            #expect(counted == (1...counted.count).map { "count \($0)" })
        }

        private static func run(_ mode: String, _ arguments: [String], _ descriptors: [Int32: Descriptor] = [:]) throws -> Int32 {
            let directory = arguments[2]
            let script = "\(directory)/checkpoint"
            try Data(checkpointScript.utf8).write(to: URL(fileURLWithPath: script))
            let log = try Descriptor.open("\(directory)/\(mode).out", [.writeOnly, .create, .truncate])
            var passed = descriptors
            passed[1] = log
            passed[2] = log
            let spawn = Spawn(
                path: "/bin/bash", arguments: ["bash", "-ex", script, mode, try #require(Checkpoint.criu)] + arguments,
                environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], descriptors: passed)
            let status = try #require(try spawn.run().wait()).shellStatus
            if status != 0 { Issue.record("\(try readTextFile("\(directory)/\(mode).out").suffix(3000))") }
            return status
        }
    }
}
