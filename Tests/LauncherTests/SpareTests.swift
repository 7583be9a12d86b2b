import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import Testing

/// PID 1s cloned ahead.
extension KernelTests {
    @Suite struct SpareTests {
        /// What a spare does ahead, and the program that is left for its job.
        struct Pair {
            var spare = SpareProgram()
            var spareTable: [Descriptor] = []
            var builder: ProgramBuilder

            init(_ harness: LauncherHarness, _ name: String, _ command: [String]) throws {
                builder = try ProgramBuilder(harness, name, command)
                spare.number = 1
                spare.owner = builder.program.owner
                spare.uidMap = builder.program.uidMap
                spare.gidMap = builder.program.gidMap
                spare.containerOperations = [.skeleton] + ProgramBuilder.mounts
                // Their sources are those of the builder; a start's own table has no gaps.
                spareTable = builder.table
                spare.hostOperations = builder.program.hostOperations
                for case .attach(let mount, let path, _) in builder.program.containerOperations {
                    spare.containerOperations.append(.attach(mount: mount, path: path, target: .newFile))
                }
                spare.containerOperations += [.loopbackUp, .mask(path: "/proc/cpuinfo"), .readOnly(path: "/proc/sys"), .pivotRoot]
                builder.program.hostOperations = []
                builder.table = [builder.table[0]]
                builder.program.containerOperations = [
                    .attachRoot(mount: DescriptorIndex(0), writable: true), .take(path: "/proc"), .take(path: "/sys"), .take(path: "/dev"),
                    .hostname("inside"), .pivotRoot,
                ]
            }
        }

        @Test func aJobRunsInASpare() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let look = """
                cat /proc/self/mountinfo; hostname; ls /dev; ls /proc | grep -c '^[0-9]'; echo "<$(cat /proc/1/cmdline)>"; grep -c . /proc/cpuinfo
                echo x > /proc/sys/kernel/hostname; echo out > /dev/stdout; head -c 3 /dev/zero | wc -c; echo shm > /dev/shm/x; cat; exit 5
                """
            var pair = try Pair(harness, "one", ["sh", "-c", look])
            pair.builder.program.streams = .pipes(input: .fifo, output: .log, error: .log)
            pair.builder.program.groupName = "spare-1"
            let spare = try #require(try harness.prepare(pair.spare, table: pair.spareTable))
            // Nothing of the host is mounted in it: it would keep what is unmounted there busy.
            let held = try readTextFile("/proc/\(spare.pid)/mountinfo").split(separator: "\n").map { $0.split(separator: " ")[4] }
            #expect(Set(held.filter { !$0.hasPrefix("/dev") }) == ["/", "/proc", "/proc/cpuinfo", "/proc/sys", "/sys"])
            let before = bootNanoseconds()
            pair.builder.program.spare = pair.spare.number
            let job = try pair.builder.start(harness)
            #expect(job.failure == nil)
            #expect(job.monitor?.pid == spare.pid)
            let stamp = try ClonedStamp(decoding: try harness.readRunFile("one", RunFile.cloned))
            #expect(stamp.pid == spare.pid)
            #expect(stamp.bootNanoseconds >= before, "not the time of the clone")
            #expect(String(decoding: stamp.groupName, as: UTF8.self) == "spare-1")
            #expect(try ProcessHandle.open(pid: stamp.pid, startTime: stamp.startTicks) != nil)
            let input = try Descriptor.open("\(harness.directory)/run/one/stdin", [.writeOnly, .nonBlocking])
            try input.write("typed\n")
            input.close()
            try job.waitFor("typed")
            try job.control(.closeInput)
            #expect(try job.record().outcome == .ended(waitStatus: 5 << 8))
            let text = try job.text()
            for line in ["inside\n", "\nnull\n", "\nout\n", "\n3\n", "\ntyped\n"] { #expect(text.contains(line), "\(line)") }
            #expect(!text.contains("\(harness.directory)/run"), "PID 1 hides its arguments")
            // Nothing of the host or of the skeleton is mounted any more.
            let places = text.split(separator: "\n").compactMap { line -> Substring? in
                let parts = line.split(separator: " ")
                return parts.count > 6 ? parts[4] : nil
            }
            #expect(places.first == "/")
            #expect(Set(places).isSubset(of: Set(["/", "/proc", "/proc/cpuinfo", "/proc/sys", "/sys"] + places.filter { $0.hasPrefix("/dev") })))
            #expect(try job.text(.error).contains("Read-only file system"))
        }

        @Test func aSpareIsUsedOnce() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var first = try Pair(harness, "one", ["sleep", "100"])
            _ = try #require(try harness.prepare(first.spare, table: first.spareTable))
            first.builder.program.spare = first.spare.number
            #expect(try first.builder.start(harness).failure == nil)
            var second = try Pair(harness, "two", ["true"])
            second.builder.program.spare = first.spare.number
            let job = try second.builder.start(harness)
            #expect(job.failure == LaunchFailure(stage: .spare, errno: ESRCH, detail: "use a PID 1 cloned ahead"))
            // Nothing was done: the start can be tried in another way.
            #expect(access("\(harness.directory)/run/two", F_OK) != 0)
        }

        /// What a job uses of what the kernel bounds for each user is its own slot's, not the host root's.
        @Test(arguments: [false, true]) func aJobTakesNothingOfTheHostsRoot(inSpare: Bool) throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let most = Int(try readTextFile("/proc/sys/fs/inotify/max_user_instances").trimmingCharacters(in: .whitespacesAndNewlines)) ?? 128
            var pair = try Pair(harness, "one", ["watch", "\(most - 8)"])
            var builder = try ProgramBuilder(harness, "two", ["watch", "\(most - 8)"])
            if inSpare {
                _ = try #require(try harness.prepare(pair.spare, table: pair.spareTable))
                pair.builder.program.spare = pair.spare.number
                builder = pair.builder
            }
            builder.program.jobOperations = builder.program.jobOperations.map { operation in
                if case .resourceLimit = operation { .resourceLimit(resource: 7, soft: 4096, hard: 4096) } else { operation }
            }
            let job = try builder.start(harness)
            try job.waitFor("\(most - 8) instances")
            // Others of this process or machine may have some.
            let mine = (0..<most / 2).map { _ in inotify_init1(Int32(IN_CLOEXEC)) }
            defer { for descriptor in mine where descriptor >= 0 { close(descriptor) } }
            #expect(mine.count { $0 >= 0 } > 16)
        }

        @Test func aSpareEndsWithItsLauncherOrWhenItIsDiscarded() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let pair = try Pair(harness, "one", ["true"])
            let spares = try (UInt64(1)...3).map { number in
                var program = pair.spare
                program.number = number
                return try #require(try harness.prepare(program, table: pair.spareTable))
            }
            // A process that outlives the launcher must not keep them waiting.
            let job = try ProgramBuilder(harness, "two", ["sleep", "100"]).start(harness)
            #expect(job.failure == nil)
            _ = try harness.send(.discard(number: 2))
            #expect(try spares[1].waitUntilEnded(milliseconds: 10_000))
            #expect(spares[0].isAlive && spares[2].isAlive)
            try harness.process.signal(SIGKILL)
            for spare in spares { #expect(try spare.waitUntilEnded(milliseconds: 10_000)) }
            #expect(try #require(job.monitor).isAlive)
        }

        @Test func aSpareThatCannotBePreparedIsReported() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            var pair = try Pair(harness, "one", ["true"])
            pair.spare.containerOperations.append(.mount(FilesystemMount(type: "nosuchfs", path: "/dev/x")))
            #expect(try harness.prepare(pair.spare, table: pair.spareTable) == nil)
            #expect(harness.process.isAlive)
        }

        /// The record is there when the end is told, which is sooner than PID 1 is gone.
        @Test func theEndIsTold() throws {
            let harness = try LauncherHarness()
            defer { harness.stop() }
            let job = try ProgramBuilder(harness, "one", ["sh", "-c", "exit 9"]).start(harness)
            #expect(try #require(job.answers).next()?.answer == .exited(waitStatus: 9 << 8))
            #expect(try ExitRecord(decoding: try harness.readRunFile("one", RunFile.record)).outcome == .ended(waitStatus: 9 << 8))
        }
    }
}
