import API
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

extension AgentSuite {
    /// The helper alone, on processes that root made to hang whoever touches them.
    @Suite(.enabled(if: Programs.exists("/usr/bin/python3"), "needs python3")) struct InspectHelperTests {
        /// Two ranges whose pages only a handler could bring (userfaultfd(2)), which never does: three pages of which the first and the last
        /// are there, and pages in the middle of the process's own words.
        private static let hole = #"""
            import ctypes, fcntl, os, platform, signal, struct
            libc = ctypes.CDLL(None, use_errno=True)
            libc.mmap.restype = ctypes.c_void_p
            libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
            page = 4096
            handler = libc.syscall({'x86_64': 323, 'aarch64': 282}[platform.machine()], os.O_CLOEXEC)
            fcntl.ioctl(handler, 0xc018aa3f, struct.pack('<QQQ', 0xAA, 0, 0))
            def register(start, size): fcntl.ioctl(handler, 0xc020aa00, struct.pack('<QQQQ', start, size, 1, 0))
            known = libc.mmap(None, page, 3, 0x22, -1, 0)
            ctypes.memmove(known, b'what can be read', 16)
            place = libc.mmap(None, 3 * page, 3, 0x22, -1, 0)
            ctypes.memmove(place, b'before', 6)
            ctypes.memmove(place + 2 * page, b'after', 5)
            register(place, 3 * page)
            fields = open('/proc/self/stat').read().rsplit(')', 1)[1].split()
            first = (int(fields[45]) + page - 1) // page * page
            size = int(fields[46]) // page * page - first
            os.write(1, b'%d %d %d\n' % (known, place, size))
            libc.mmap(first, size, 3, 0x32, -1, 0)
            register(first, size)
            os.write(1, b'ready\n')
            while True: signal.pause()
            """#

        private struct Look {
            var lines: [InspectLine] = []
            var core: [UInt8] = []
            var processes: [InspectedProcess] { lines.compactMap(\.process) }
            var notes: [String] { lines.compactMap(\.note) }
            var isDone: Bool { lines.last?.done == true }
            var refusal: String? { lines.last?.refusal }
        }

        /// A program in a group of its own.
        private func withProgram(_ words: [String], ready: String, _ body: (TemporaryCgroup, RunningCommand) throws -> Void) throws {
            let group = try TemporaryCgroup(["freezer"])
            let command = try Command(words).start()
            defer {
                command.signal(9)
                _ = try? command.finish()
                group.remove()
            }
            let file = try #require(group.path("freezer")) + "/cgroup.procs"
            try Descriptor.open(file, [.writeOnly]).write("\(command.handle.pid)")
            eventually("it is ready", seconds: 30) { command.output.contains(ready) }
            try body(group, command)
        }

        private static let isUnified = Programs.exists("/sys/fs/cgroup/cgroup.controllers")

        private func look(_ group: TemporaryCgroup, core: Bool = false, path: String? = nil, _ meanwhile: (Int32) throws -> Void = { _ in }) throws
            -> Look
        {
            var order = InspectOrder(controller: Self.isUnified ? "" : "freezer", groupPath: path ?? "/\(group.name)", milliseconds: 20_000)
            order.core = core
            let members = try Descriptor.open(try #require(group.path("freezer")) + "/cgroup.procs")
            let helper = try InspectHelper(path: Programs.path("berth-helper"), order: order, members: members)
            defer {
                helper.kill()
                _ = try? helper.isReaped(within: 5_000)
            }
            var look = Look()
            while true {
                switch try helper.next(within: 20_000) {
                case .line(let line):
                    look.lines.append(line)
                    guard line.looked == true else { continue }
                    try meanwhile(helper.process.pid)
                    try helper.say("frozen")
                case .bytes(let bytes): look.core += bytes
                case .ended: return look
                case .silent:
                    Issue.record("the helper is stuck after \(look.lines.last.map { "\($0)" } ?? "nothing")")
                    return look
                }
            }
        }

        /// What is `um` in smaps is neither read as words nor as memory.
        @Test func whatAHandlerWouldHaveToBringIsNotTouched() throws {
            let long = String(repeating: "x", count: 20_000)
            try withProgram(["/usr/bin/python3", "-c", Self.hole, long], ready: "ready") { group, command in
                let pid = command.handle.pid
                // This kernel would refuse such a page to whoever reads from outside; nothing is to hang on that.
                let seen = try look(group)
                #expect(seen.isDone && seen.processes.map(\.hostID) == [pid] && seen.lines.allSatisfy { $0.command == nil }, "\(seen)")
                #expect(seen.notes == ["command of process \(pid): its memory is under userfaultfd"], "\(seen.notes)")
                let made = try look(group, core: true)
                let core = try #require(CoreReader(made.core), "\(made.lines)")
                let numbers = command.output.split(whereSeparator: \.isWhitespace).compactMap { UInt64($0) }
                try #require(made.isDone && numbers.count == 3, "\(command.output)")
                #expect(core.memory(at: numbers[0], count: 16) == Array("what can be read".utf8))
                #expect(core.memory(at: numbers[1], count: 1) == nil)
                #expect(core.lines.contains("\(numbers[2] + 3 * 4096) bytes are missing: under userfaultfd"), "\(core.lines)")
            }
        }

        /// A process that is not where the order says is another's: nothing of it is told.
        @Test func whoIsNotOfTheGroupIsNotShown() throws {
            try withProgram(["/bin/busybox", "sleep", "600"], ready: "") { group, _ in
                #expect(try look(group).processes.count == 1)
                let elsewhere = try look(group, path: "/\(group.name)-other")
                #expect(elsewhere.isDone && elsewhere.processes.isEmpty, "\(elsewhere)")
                let core = try look(group, core: true, path: "/\(group.name)-other")
                #expect(core.core.isEmpty && core.refusal == "the job has no process any more", "\(core)")
            }
        }

        /// It leaves the group between the look and the rest.
        @Test func whoLeavesTheGroupIsNotShown() throws {
            try withProgram(["/bin/busybox", "sleep", "600"], ready: "") { group, command in
                let root = try #require(group.path("freezer")).split(separator: "/").dropLast().joined(separator: "/")
                let seen = try look(group) { _ in try Descriptor.open("/\(root)/cgroup.procs", [.writeOnly]).write("\(command.handle.pid)") }
                #expect(seen.isDone && seen.processes.isEmpty, "\(seen)")
            }
        }

        /// It gives way to others and has the capabilities that procfs asks for, a filter, and no file system but procfs, read-only.
        @Test func itCanDoLittle() throws {
            try withProgram(["/bin/busybox", "sleep", "600"], ready: "") { group, _ in
                _ = try look(group) { pid in
                    let status = try readTextFile("/proc/\(pid)/status").split(separator: "\n")
                    func field(_ name: String) -> Substring? { status.first { $0.hasPrefix(name + ":") }?.split(separator: "\t").last }
                    #expect(field("NoNewPrivs") == "1" && field("Seccomp") == "2")
                    // CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE and CAP_SYS_ADMIN.
                    #expect(field("CapEff").flatMap { UInt64($0, radix: 16) } == 1 << 2 | 1 << 19 | 1 << 21)
                    let stat = try readTextFile("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ") ?? []
                    #expect(stat.count > 16 && stat[16] == "10", "nice: \(stat)")
                    let mounts = try MountTable(text: readTextFile("/proc/\(pid)/mountinfo")).entries
                    #expect(mounts.map(\.type) == ["proc"], "\(mounts)")
                }
            }
        }
    }
}
