import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import Testing

/// PID 1 while the job runs.
extension KernelTests {
    @Suite struct MonitorTests {
        @Test func aFloodKeepsBeginningAndEnd() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["sh", "-c", "echo first; yes | head -c 10000000; echo last"])
            builder.program.logLimits = LogLimits(head: 100_000, tail: 50_000)
            let job = try builder.start(harness)
            let record = try job.record()
            #expect(record.outcome == .ended(waitStatus: 0))
            #expect(record.logBytesKept + record.logBytesDropped == 10_000_011)
            let items = try job.log()
            var gap: UInt64 = 0
            var kept: UInt64 = 0
            for item in items {
                switch item {
                case .gap(let bytes): gap += bytes
                case .frame(let frame): kept += UInt64(frame.bytes.count)
                }
            }
            #expect(gap == record.logBytesDropped)
            #expect(kept == record.logBytesKept)
            let text = try job.text()
            #expect(text.hasPrefix("first\n"))
            #expect(text.hasSuffix("last\n"))
            #expect(try harness.readRunFile("one", RunFile.log).count <= 200_100)
        }

        @Test func orphansAreReapedAndTheRestIsEnded() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let script =
                "for i in $(seq 50); do (true & ); done; sleep 0.3; ls /proc | grep -c '^[0-9]'; sleep 1000 & setsid sleep 1000 & exit 3"
            let job = try ProgramBuilder(harness, "one", ["sh", "-c", script]).start(harness)
            #expect(try job.record().outcome == .ended(waitStatus: 3 << 8))
            // PID 1, the shell, ls and grep: no zombies.
            let count = Int(try job.text().trimmingCharacters(in: .whitespacesAndNewlines)) ?? 1000
            #expect(count <= 5)
        }

        @Test func signalsFromOutsideReachTheJob() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let script = "trap 'echo got; exit 5' USR1; echo ready; while true; do sleep 0.05; done"
            let job = try ProgramBuilder(harness, "one", ["sh", "-c", script]).start(harness)
            try job.waitFor("ready")
            try #require(job.monitor).signal(SIGUSR1)
            #expect(try job.record().outcome == .ended(waitStatus: 5 << 8))
            #expect(try job.text() == "ready\ngot\n")
        }

        @Test func controlMessagesAreExecuted() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let script = "trap 'echo termed' TERM; echo ready; cat; echo end; while :; do sleep 1; done"
            var builder = try ProgramBuilder(harness, "one", ["sh", "-c", script])
            builder.program.streams = .pipes(input: .fifo, output: .log, error: .log)
            let job = try builder.start(harness)
            try job.waitFor("ready")
            let input = try Descriptor.open("\(harness.directory)/run/one/stdin", [.writeOnly, .nonBlocking])
            try input.write("typed\n")
            try job.waitFor("typed")
            input.close()
            try job.control(.closeInput)
            try job.waitFor("end")
            try job.control(.signalAll(15))
            try job.waitFor("termed")
            try job.control(.signalMain(9))
            #expect(try job.record().outcome == .ended(waitStatus: 9))
        }

        @Test func outputGoesToFiles() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let path = "\(harness.directory)/out"
            chmod(harness.directory, 0o777)
            var builder = try ProgramBuilder(harness, "one", ["sh", "-c", "cat; echo out; echo err >&2; echo out2"])
            builder.program.submitter = Identity(user: 1000, group: 1000)
            try Data("input\n".utf8).write(to: URL(fileURLWithPath: "\(harness.directory)/in"))
            chmod("\(harness.directory)/in", 0o644)
            builder.program.hostOperations += [
                .openAsSubmitter(path: ByteString(path), how: .output(append: false, mode: 0o640), into: DescriptorIndex(600)),
                .openAsSubmitter(path: ByteString("\(harness.directory)/in"), how: .input, into: DescriptorIndex(601)),
            ]
            builder.program.streams = .pipes(
                input: .file(DescriptorIndex(601)), output: .file(DescriptorIndex(600)), error: .file(DescriptorIndex(600)))
            let job = try builder.start(harness)
            #expect(job.failure == nil)
            let record = try job.record()
            #expect(record.outcome == .ended(waitStatus: 0))
            #expect(record.logBytesKept == 19)
            #expect(try readTextFile(path) == "input\nout\nerr\nout2\n")
            let status = try Descriptor.open(path).status()
            #expect(status.uid == 1000)
            #expect(status.permissions == 0o640)
        }

        @Test func aPathThatTheSubmitterMayNotOpenFails() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["true"])
            builder.program.submitter = Identity(user: 1000, group: 1000)
            let place = builder.program.hostOperations.count
            builder.program.hostOperations.append(.openAsSubmitter(path: "/etc/shadow", how: .input, into: DescriptorIndex(600)))
            #expect(
                try builder.start(harness).failure
                    == LaunchFailure(stage: .hostOperation, index: UInt16(place), errno: EACCES, detail: "open /etc/shadow"))
            builder = try ProgramBuilder(harness, "two", ["true"])
            builder.program.submitter = Identity(user: 1000, group: 1000)
            builder.program.hostOperations.append(.openAsSubmitter(path: "/proc/self/fd/3", how: .source, into: DescriptorIndex(600)))
            #expect(try builder.start(harness).failure?.errno == ELOOP)
        }

        @Test func aTerminalWorks() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(
                harness, "one", ["sh", "-c", "stty size; read line; echo \"<$line>\"; stty size; readlink /proc/self/fd/0; exit 4"])
            builder.program.streams = .terminal(TerminalSize(rows: 31, columns: 97), log: true)
            let job = try builder.start(harness)
            #expect(job.failure == nil)
            let terminal = try #require(job.terminal)
            try job.waitFor("31 97")
            try job.control(.resize(TerminalSize(rows: 50, columns: 60)))
            usleep(100_000)
            try terminal.write("hi\n")
            try job.waitFor("50 60")
            terminal.close()
            #expect(try job.record().outcome == .ended(waitStatus: 4 << 8))
            let text = try job.text()
            #expect(text.contains("<hi>"))
            #expect(text.contains("/dev/pts/0"))
        }

        @Test func theMonitorOutlivesItsLauncher() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(harness, "one", ["sh", "-c", "echo a; sleep 1; echo b; exit 9"]).start(harness)
            try harness.process.signal(SIGKILL)
            let (next, socket) = try LauncherHarness.start(runRoot: harness.directory + "/run")
            #expect(try job.record().outcome == .ended(waitStatus: 9 << 8))
            #expect(try job.text() == "a\nb\n")
            socket.close()
            #expect(try next.wait() == .exited(0))
        }

        /// The sender of a real-time signal is lost when the queue is full: PID 1 must not take it for the host's, nor execute what the job put there.
        @Test func aSignalWhoseSenderIsLostIsNotBelieved() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let script = "mkdir -p /.berth; cp /bin/busybox /.berth/init; forge; sleep 0.3; readlink /proc/1/exe; exit 5"
            let job = try ProgramBuilder(harness, "one", ["sh", "-c", script]).start(harness)
            let monitor = try #require(job.monitor).pid
            try job.waitFor("queued")
            #expect(try readLink("/proc/\(monitor)/exe").hasSuffix("/berth-init"))
            #expect(try job.record().outcome == .ended(waitStatus: 5 << 8))
        }

        @Test func theMonitorHoldsNothingOfTheHost() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(harness, "one", ["sleep", "100"]).start(harness)
            let pid = try #require(job.monitor).pid
            var links: [String] = []
            for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd") {
                links.append(try readLink("/proc/\(pid)/fd/\(name)"))
            }
            let run = "\(harness.directory)/run/one/"
            // The socket is the daemon's end of this start.
            #expect(links.count { $0.hasPrefix("socket:") } == 1)
            for link in links where !link.hasPrefix("socket:") {
                #expect(link.hasPrefix(run) || link.hasPrefix("pipe:") || link == "/dev/null" || link == "anon_inode:[signalfd]", "\(link)")
            }
            let status = try readTextFile("/proc/\(pid)/status")
            let slot = LauncherHarness.slot
            #expect(status.contains("Uid:\t\(slot + 65533)\t\(slot + 65534)\t\(slot + 65535)\t"))
            #expect(status.contains("Gid:\t\(slot + 65533)\t\(slot + 65534)\t\(slot + 65535)\t"))
            #expect(status.contains("CapEff:\t0000000000000020"))
            // With CAP_SYS_NICE, which no job has, so that none can change its priority.
            #expect(status.contains("CapPrm:\t0000000000800020"))
            #expect(status.contains("Threads:\t1"))
        }
    }
}
