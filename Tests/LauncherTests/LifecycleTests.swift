import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import TestSupport
import Testing

/// The launcher's own life, and PID 1's second one.
extension KernelTests {
    @Suite struct LifecycleTests {
        @Test func theLauncherEndsWithItsSocket() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            #expect(harness.process.isAlive)
            harness.closeSocket()
            #expect(try harness.process.waitUntilEnded(milliseconds: 10_000))
        }

        @Test func aSecondLauncherWaitsForTheLock() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let (ours, theirs) = try Descriptor.socketPair(.sequencedPackets)
            let binary = LauncherHarness.binary
            let second = try Spawn(path: binary, arguments: [binary, "launcher", harness.directory + "/run"], descriptors: [3: theirs])
                .run()
            theirs.close()
            #expect(try poll(ours, for: .readable, milliseconds: 300).isEmpty)
            harness.closeSocket()
            #expect(try Answers(ours).next()?.answer == .ready(version: LaunchProgram.version))
            ours.close()
            #expect(try second.wait() == .exited(0))
        }

        /// A helper dies with its launcher; what it had not started by then never starts.
        @Test func aKilledLauncherTakesItsHelperAlong() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["true"])
            builder.program.submitter = Identity(user: 4242, group: 4242)
            chmod(harness.directory, 0o755)
            let stuck = "\(harness.directory)/fifo"
            mkfifo(stuck, 0o666)
            chmod(stuck, 0o666)
            // Reading a FIFO does not wait, so many of them only take time: what counts is that nothing is left.
            for place in 0..<100 {
                builder.program.hostOperations.append(
                    .openAsSubmitter(path: ByteString(stuck), how: .input, into: DescriptorIndex(UInt16(600 + place))))
            }
            _ = try harness.send(.start, program: builder.program.encoded(), table: builder.table)
            try harness.process.signal(SIGKILL)
            let (next, socket) = try LauncherHarness.start(runRoot: harness.directory + "/run")
            socket.close()
            _ = try next.wait()
            // Before the next was ready everything was decided: a stamp, or none for ever.
            let stamped = access("\(harness.directory)/run/one/cloned", F_OK) == 0
            usleep(300_000)
            #expect((access("\(harness.directory)/run/one/cloned", F_OK) == 0) == stamped)
        }

        /// The helper of a launcher that another has followed, which would have made the file longer.
        @Test func aHelperThatIsLateStartsNothing() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["true"])
            builder.program.hostOperations.append(.openAsSubmitter(path: "/etc/passwd", how: .input, into: DescriptorIndex(600)))
            try Descriptor.open(harness.directory + "/run/launchers", [.writeOnly, .append]).write("+")
            let job = try builder.start(harness)
            #expect(job.monitor == nil && job.running == nil && job.failure == nil)
            #expect(access("\(harness.directory)/run/one/cloned", F_OK) != 0)
            // What needs no helper is the launcher's own, and its lock is enough.
            #expect(try ProgramBuilder(harness, "two", ["true"]).start(harness).running != nil)
        }

        /// The stamp is written before the next launcher is ready.
        @Test func anotherLauncherWaitsForAHelperThatIsStartingSomething() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let helper = try Descriptor.open(harness.directory + "/run/launchers")
            #expect(try helper.lockRange(exclusive: false))
            harness.closeSocket()
            #expect(try harness.process.waitUntilEnded(milliseconds: 10_000))
            let (ours, theirs) = try Descriptor.socketPair(.sequencedPackets)
            let binary = LauncherHarness.binary
            let second = try Spawn(path: binary, arguments: [binary, "launcher", harness.directory + "/run"], descriptors: [3: theirs]).run()
            theirs.close()
            #expect(try poll(ours, for: .readable, milliseconds: 300).isEmpty)
            helper.close()
            #expect(try Answers(ours).next()?.answer == .ready(version: LaunchProgram.version))
            ours.close()
            #expect(try second.wait() == .exited(0))
        }

        @Test func theMonitorExecutesItselfAnewAndGoesOn() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["sh", "-c", "echo before; read line; echo after $line; exit 8"])
            builder.program.streams = .pipes(input: .fifo, output: .log, error: .log)
            builder.program.containerOperations.insert(.writeFile(path: "/.berth/init", mode: 0o711, contents: ""), at: 1)
            let job = try builder.start(harness)
            try job.waitFor("before")
            let pid = try #require(job.monitor).pid
            let attach = Process()
            attach.executableURL = URL(fileURLWithPath: TestRoot.directory + "/bin/attach")
            // Not readable, or PID 1's files of /proc become those of the root inside.
            let binary = harness.directory + "/init"
            try FileManager.default.copyItem(atPath: LauncherHarness.binary, toPath: binary)
            chmod(binary, 0o711)
            attach.arguments = ["\(pid)", binary, "/.berth/init"]
            try attach.run()
            attach.waitUntilExit()
            #expect(attach.terminationStatus == 0)
            try job.control(.prepareDump)
            // In the middle of an exec the new program is there before its arguments.
            try eventually("it is the new program", seconds: 60) {
                try readLink("/proc/\(pid)/exe").hasSuffix("/.berth/init") && readTextFile("/proc/\(pid)/cmdline").contains("monitor")
            }
            // It says so once it has read where it goes on from.
            try eventually("it can be dumped", seconds: 60) { try Descriptor.open("/proc/\(pid)/maps").status().uid != 0 }
            // As a restorer continues it: the signal is not the job's.
            try #require(job.monitor).signal(SIGCONT)
            try job.control(.goOn)
            try eventually("it is the old program", seconds: 60) { try Descriptor.open("/proc/\(pid)/maps").status().uid == 0 }
            try Descriptor.open("\(harness.directory)/run/one/stdin", [.writeOnly, .nonBlocking]).write("all\n")
            let record = try job.record()
            #expect(record.outcome == .ended(waitStatus: 8 << 8))
            #expect(try job.text() == "before\nafter all\n")
            #expect(record.startBootNanoseconds == job.running?.time)
            #expect(record.logBytesKept == 17)
        }

        @Test func nothingIsLeftAfterManyJobs() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(harness.process.pid)/fd").count
            for number in 0..<50 {
                var builder = try ProgramBuilder(harness, "job\(number)", ["true"])
                if number % 2 == 0 {
                    builder.program.hostOperations.append(.openAsSubmitter(path: "/etc/passwd", how: .input, into: DescriptorIndex(600)))
                }
                if number % 5 == 0 { builder.program.command.arguments = ["nothing"] }
                _ = try builder.start(harness).record()
            }
            let after = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(harness.process.pid)/fd").count
            #expect(after == before)
            // The launcher reaps a PID 1 after its end was seen here.
            var children = "not read"
            for _ in 0..<500 where !children.isEmpty {
                children = try readTextFile("/proc/\(harness.process.pid)/task/\(harness.process.pid)/children")
                if !children.isEmpty { usleep(10_000) }
            }
            #expect(children.isEmpty)
        }
    }
}
