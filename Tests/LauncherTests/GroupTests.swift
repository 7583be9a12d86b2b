import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import Testing

/// Entering groups, on v1 and v2, and exec.
extension KernelTests {
    @Suite struct GroupTests {
        private static let v1 = ["cpu", "memory", "pids", "freezer"].filter { access("/sys/fs/cgroup/\($0)/tasks", W_OK) == 0 }
        /// The v2 hierarchy: alone, or beside v1.
        private static let v2 = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first { access("\($0)/cgroup.procs", W_OK) == 0 }
        private static let name = "berth-test-launcher-\(getpid())"

        private static func removeGroups() {
            for controller in v1 {
                rmdir("/sys/fs/cgroup/\(controller)/\(name)/job")
                rmdir("/sys/fs/cgroup/\(controller)/\(name)")
            }
            guard let v2 else { return }
            rmdir("\(v2)/\(name)/job")
            rmdir("\(v2)/\(name)")
        }

        @Test(.enabled(if: v1.count == 4, "needs cgroup v1")) func theJobEntersItsV1Groups() throws {
            let harness = try LauncherHarness()
            defer {
                harness.stop()
                Self.removeGroups()
            }
            var builder = try ProgramBuilder(harness, "one", ["sh", "-c", "cat /proc/self/cgroup; echo ready; sleep 100"])
            for controller in Self.v1 {
                mkdir("/sys/fs/cgroup/\(controller)/\(Self.name)", 0o755)
                let tasks = try Descriptor.open("/sys/fs/cgroup/\(controller)/\(Self.name)/tasks", .writeOnly)
                builder.program.taskFiles.append(builder.pass(tasks))
            }
            mkdir("/sys/fs/cgroup/freezer/\(Self.name)/job", 0o755)
            let tasks = try Descriptor.open("/sys/fs/cgroup/freezer/\(Self.name)/job/tasks", .writeOnly)
            builder.program.jobTaskFiles = [builder.pass(tasks)]
            let job = try builder.start(harness)
            #expect(job.failure == nil)
            try job.waitFor("ready")
            let text = try job.text()
            for controller in ["cpu", "memory", "pids"] { #expect(text.contains(":\(controller):/\n")) }
            #expect(text.contains(":freezer:/job\n"))
            let outside = try readTextFile("/proc/\(try #require(job.monitor).pid)/cgroup")
            for controller in Self.v1 { #expect(outside.contains(":\(controller):/\(Self.name)\n")) }
        }

        @Test(.enabled(if: v2 != nil, "needs cgroup v2")) func theJobIsClonedIntoItsV2Group() throws {
            let root = try #require(Self.v2)
            let harness = try LauncherHarness()
            defer {
                harness.stop()
                Self.removeGroups()
            }
            let group = "\(root)/\(Self.name)"
            try harness.makeGroup(group)
            var builder = try ProgramBuilder(harness, "one", ["sh", "-c", "cat /proc/self/cgroup; sleep 100 & echo ready; wait"])
            builder.program.group = builder.pass(try Descriptor.open(group, [.directory]))
            builder.program.jobGroup = builder.pass(try Descriptor.open(group + "/job", [.directory]))
            let job = try builder.start(harness)
            #expect(job.failure == nil)
            try job.waitFor("ready")
            #expect(try job.text().contains("0::/job\n"))
            #expect(try readTextFile(group + "/cgroup.procs") == "\(try #require(job.monitor).pid)\n")
            #expect(try readTextFile(group + "/job/cgroup.procs").split(separator: "\n").count == 2)
            // Frozen and killed, PID 1 still writes the record.
            try writeControlFile(group + "/job/cgroup.freeze", "1")
            try writeControlFile(group + "/job/cgroup.kill", "1")
            #expect(try job.record().outcome == .ended(waitStatus: 9))
        }

        @Test(.enabled(if: v2 != nil, "needs cgroup v2")) func execEntersTheJob() throws {
            let root = try #require(Self.v2)
            let harness = try LauncherHarness()
            defer {
                harness.stop()
                Self.removeGroups()
            }
            let group = "\(root)/\(Self.name)"
            try harness.makeGroup(group)
            var builder = try ProgramBuilder(harness, "one", ["sh", "-c", "readlink /proc/self/ns/user; echo ready; sleep 100"])
            builder.program.group = builder.pass(try Descriptor.open(group, [.directory]))
            builder.program.jobGroup = builder.pass(try Descriptor.open(group + "/job", [.directory]))
            let job = try builder.start(harness)
            try job.waitFor("ready")
            let script = "readlink /proc/self/ns/user; cat /proc/self/cgroup; cat /proc/self/status; ls /proc/self/fd; id -u; exit 6"
            let result = try execute(["sh", "-c", script], in: job, group: group)
            #expect(result.status == 6 << 8)
            #expect(result.text.hasPrefix(try job.text().split(separator: "\n")[0]))
            for line in ["0::/job\n", "CapInh:\t0000000000000000", "CapBnd:\t00000000a80425fb", "NoNewPrivs:\t1", "0\n1\n2\n3\n0\n"] {
                #expect(result.text.contains(line), "\(line)")
            }
            let missing = try execute(["nothing"], in: job, group: group)
            #expect(missing.failure == LaunchFailure(stage: .exec, errno: ENOENT, detail: "exec nothing"))
        }

        @Test func execGetsATerminal() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(harness, "one", ["sh", "-c", "echo ready; sleep 100"]).start(harness)
            try job.waitFor("ready")
            var program = ExecProgram(
                monitor: DescriptorIndex(0), streams: .terminal(TerminalSize(rows: 20, columns: 30)),
                streamOwner: Identity(user: 0, group: 0),
                command: JobCommand(arguments: ["sh", "-c", "stty size; exit 3"], environment: ["PATH=/bin"]))
            program.jobOperations = ProgramBuilder.operations(Identity(user: 0, group: 0))
            let answers = try harness.send(.execute, program: program.encoded(), table: [try #require(job.monitor).descriptor])
            var text = ""
            while let (answer, descriptors) = try answers.next() {
                if case .running = answer {
                    let terminal = try #require(descriptors.first)
                    while let bytes = try? terminal.read(upTo: 100), !bytes.isEmpty { text += String(decoding: bytes, as: UTF8.self) }
                }
                if case .exited(let status) = answer { #expect(status == 3 << 8) }
                if case .failed(let failure) = answer { Issue.record("\(failure)") }
            }
            #expect(text == "20 30\r\n")
        }

        private func execute(_ command: [String], in job: StartedJob, group: String) throws -> (
            status: Int32?, failure: LaunchFailure?, text: String
        ) {
            let (reading, writing) = try Descriptor.pipe()
            var program = ExecProgram(
                monitor: DescriptorIndex(0),
                streams: .descriptors(input: DescriptorIndex(2), output: DescriptorIndex(1), error: DescriptorIndex(1)),
                streamOwner: Identity(user: 0, group: 0),
                command: JobCommand(arguments: command.map { ByteString($0) }, environment: ["PATH=/bin"]))
            program.jobOperations = ProgramBuilder.operations(Identity(user: 0, group: 0))
            program.group = DescriptorIndex(3)
            program.jobGroup = DescriptorIndex(4)
            let table = [
                try #require(job.monitor).descriptor, writing, try Descriptor.open("/dev/null"), try Descriptor.open(group, [.directory]),
                try Descriptor.open(group + "/job", [.directory]),
            ]
            let answers = try job.harness.send(.execute, program: program.encoded(), table: table)
            writing.close()
            let text = try reading.readText()
            var status: Int32?
            var failure: LaunchFailure?
            while let (answer, _) = try answers.next() {
                if case .exited(let code) = answer { status = code }
                if case .failed(let reason) = answer { failure = reason }
            }
            return (status, failure, text)
        }
    }
}
