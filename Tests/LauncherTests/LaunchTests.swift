import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import Testing

/// What a start does and reports.
extension KernelTests {
    @Suite struct LaunchTests {
        @Test func aJobPrintsAndEnds() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(harness, "one", ["sh", "-c", "echo hello; echo wrong >&2; exit 7"]).start(harness)
            #expect(job.failure == nil)
            let record = try job.record()
            #expect(record.outcome == .ended(waitStatus: 7 << 8))
            #expect(try job.text() == "hello\n")
            #expect(try job.text(.error) == "wrong\n")
            #expect(record.logBytesKept == 12)
            #expect(record.logBytesDropped == 0)
            #expect(record.startBootNanoseconds == job.running?.time)
            #expect(record.endBootNanoseconds > record.startBootNanoseconds)
            #expect(record.usage.maximumResidentKilobytes > 0)
        }

        @Test func aSignalIsInTheRecord() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(harness, "one", ["sh", "-c", "kill -9 $$"]).start(harness)
            #expect(try job.record().outcome == .ended(waitStatus: 9))
        }

        @Test func theStampNamesTheProcess() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(harness, "one", ["sleep", "100"]).start(harness)
            let stamp = try ClonedStamp(decoding: try harness.readRunFile("one", RunFile.cloned))
            #expect(stamp.pid == job.monitor?.pid)
            #expect(try ProcessHandle.open(pid: stamp.pid, startTime: stamp.startTicks) != nil)
            #expect(try ProcessHandle.open(pid: stamp.pid, startTime: stamp.startTicks + 1) == nil)
        }

        @Test func aSecondStartIsRefused() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let builder = try ProgramBuilder(harness, "one", ["true"])
            _ = try builder.start(harness).record()
            let again = try harness.start(builder.program, table: builder.table)
            #expect(again.failure == LaunchFailure(stage: .runDirectory, errno: EEXIST, detail: "mkdir one"))
            #expect(again.monitor == nil)
        }

        @Test func aProgramThatIsNotThereIsReported() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(harness, "one", ["no-such-program"]).start(harness)
            #expect(job.failure == LaunchFailure(stage: .exec, errno: ENOENT, detail: "exec no-such-program"))
            let outcome = ExitRecord.Outcome.startFailed(stage: LaunchFailure.Stage.exec.rawValue, index: 0, errno: ENOENT)
            #expect(try job.record().outcome == outcome)
            // For a daemon that was not there to hear it.
            #expect(try job.record().failure == Array("exec no-such-program".utf8))
            let file = try ProgramBuilder(harness, "two", ["/etc/passwd"]).start(harness)
            #expect(file.failure == LaunchFailure(stage: .exec, errno: EACCES, detail: "exec /etc/passwd"))
        }

        @Test func theFailedOperationIsNamed() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["true"])
            let place = builder.program.containerOperations.count - 1
            builder.program.containerOperations.insert(.mount(FilesystemMount(type: "nosuchfs", path: "/tmp")), at: place)
            let job = try builder.start(harness)
            #expect(
                job.failure
                    == LaunchFailure(stage: .containerOperation, index: UInt16(place), errno: ENODEV, detail: "mount nosuchfs on /tmp"))
            #expect(
                try job.record().outcome
                    == .startFailed(
                        stage: LaunchFailure.Stage.containerOperation.rawValue, index: UInt16(place), errno: ENODEV))
        }

        @Test func aFailedJobOperationIsNamed() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["true"])
            let place = try #require(builder.program.jobOperations.firstIndex(of: .workingDirectory("/tmp")))
            builder.program.jobOperations[place] = .workingDirectory("/not/there")
            let job = try builder.start(harness)
            #expect(
                job.failure
                    == LaunchFailure(stage: .jobOperation, index: UInt16(place), errno: ENOENT, detail: "open working directory /not/there")
            )
        }

        @Test func aMagicLinkIsNoWorkingDirectory() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var builder = try ProgramBuilder(harness, "one", ["pwd"])
            let place = try #require(builder.program.jobOperations.firstIndex(of: .workingDirectory("/tmp")))
            builder.program.jobOperations[place] = .workingDirectory("/proc/self/cwd")
            #expect(try builder.start(harness).failure?.errno == ELOOP)
        }

        @Test func garbageIsRefusedAndTheLauncherLives() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let answers = try harness.send(.start, program: [1, 2, 3])
            #expect(try answers.next()?.answer == .failed(LaunchFailure(stage: .request, index: 1, errno: EBADMSG, detail: "decode")))
            var builder = try ProgramBuilder(harness, "one", ["true"])
            builder.program.taskFiles = [DescriptorIndex(900)]
            #expect(try builder.start(harness).failure?.errno == EBADF)
            #expect(try ProgramBuilder(harness, "two", ["true"]).start(harness).record().outcome == .ended(waitStatus: 0))
        }

        @Test func manyStartsOverlap() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var jobs: [StartedJob] = []
            for number in 0..<20 {
                jobs.append(try ProgramBuilder(harness, "job\(number)", ["sh", "-c", "sleep 0.2; echo \(number)"]).start(harness))
            }
            for (number, job) in jobs.enumerated() {
                #expect(try job.record().outcome == .ended(waitStatus: 0))
                #expect(try job.text() == "\(number)\n")
            }
        }
    }
}
