import Foundation
import JobLog
import LaunchProgram
import LinuxSys
import TestSupport
import Testing

/// Which of the ways a job can be frozen, started and connected goes through the dump.
struct CheckpointWay: Sendable, CustomTestStringConvertible {
    enum Freezer: String, Sendable {
        case v1, v2

        /// Where its hierarchy is mounted; nil where it is not.
        var directory: String? {
            let places = self == .v1 ? ["/sys/fs/cgroup/freezer"] : ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
            return places.first { access("\($0)/\(self == .v1 ? "tasks" : "cgroup.procs")", W_OK) == 0 }
        }
    }

    enum Streams: String, CaseIterable, Sendable { case log, files, terminal }

    var freezer: Freezer
    var streams: Streams
    var round: Int
    /// Its PID 1 was cloned before it was known.
    var isAhead: Bool

    init(_ freezer: Freezer, _ streams: Streams, _ round: Int = 1, isAhead: Bool = false) {
        self.freezer = freezer
        self.streams = streams
        self.round = round
        self.isAhead = isAhead
    }

    var testDescription: String { "\(freezer) \(streams)\(isAhead ? " ahead" : "") \(round)" }
}

/// A job on its way. It runs as root inside with every capability but the two that no job gets.
final class CheckpointTrip {
    let way: CheckpointWay
    let harness: LauncherHarness
    let trip: RoundTrip
    private let group: String
    private var builder: ProgramBuilder
    private(set) var job: StartedJob
    private var output: String { "\(harness.directory)/out" }
    /// So that what is sent while the job is in the dump waits for it.
    private var input: Descriptor?
    private var overlay: Descriptor?
    private var restored: ProcessHandle?
    private var typed: [String] = []
    /// Of the processes that went through a dump, and of those that PID 1 had reaped, until then.
    private var usedBefore: UInt64 = 0
    private var switchesBefore: UInt64 = 0
    private static let capabilities: UInt64 = ((1 << 41) - 1) & ~(3 << 23)
    private static let filter = KernelTests.IsolationTests.filter([
        (0x20, 0, 0, 0), (0x15, 0, 1, 110), (0x06, 0, 0, 0x0005_0001), (0x06, 0, 0, 0x7fff_0000),
    ])

    private static let program: Result<String, any Error> = Result {
        try RoundTrip.makeJob(at: TestRoot.directory + "/bin/steady")
        return "steady"
    }

    init(_ way: CheckpointWay) throws {
        self.way = way
        let command = [try Self.program.get()] + RoundTrip.jobArguments
        harness = try LauncherHarness()
        group = "\(try #require(way.freezer.directory))/berth-test-criu-\(getpid())"
        // CRIU's user namespaces are root's; so is this one, where it may not look at the limits of another's.
        let right = try #require(Capability(name: "CAP_SYS_RESOURCE"))
        let owner = try ProcessCapabilities.current().effective.contains(right) ? LauncherHarness.slot : 0
        // CRIU opens what it binds as the root inside.
        chmod(harness.directory, 0o711)
        let own = harness.directory + "/trip"
        try Descriptor.workingDirectory.makeDirectory(own, mode: 0o700)
        trip = try RoundTrip(in: own, group: group, run: "\(harness.directory)/run/one", program: LauncherHarness.binary)
        job = StartedJob(harness: harness, name: "one")
        switch way.freezer {
        case .v2: try harness.makeGroup(group)
        case .v1:
            for part in ["", "/job"] { try Descriptor.workingDirectory.makeDirectory(group + part, mode: 0o755) }
        }
        let pair = way.isAhead ? try KernelTests.SpareTests.Pair(harness, "one", command) : nil
        builder = try pair?.builder ?? ProgramBuilder(harness, "one", command)
        if var pair {
            pair.spare.owner = owner
            pair.spare.group = DescriptorIndex(UInt16(pair.spareTable.count))
            _ = try #require(try harness.prepare(pair.spare, table: pair.spareTable + [try Descriptor.open(group, [.directory])]))
            builder.program.spare = pair.spare.number
        } else {
            builder.program.owner = owner
        }
        try enterGroups()
        try openStreams()
        builder.program.logLimits = LogLimits(head: 64 << 20, tail: 16 << 20)
        builder.program.jobOperations = builder.program.jobOperations.map { operation in
            switch operation {
            case .boundingSet: .boundingSet(Self.capabilities)
            case .capabilities: .capabilities(effective: Self.capabilities, permitted: Self.capabilities, ambient: 0)
            default: operation
            }
        }
        builder.program.jobOperations.append(.seccomp(Self.filter))
    }

    private func enterGroups() throws {
        if way.freezer == .v1 {
            builder.program.taskFiles = [builder.pass(try Descriptor.open(group + "/tasks", [.writeOnly]))]
            builder.program.jobTaskFiles = [builder.pass(try Descriptor.open(group + "/job/tasks", [.writeOnly]))]
        } else {
            if !way.isAhead { builder.program.group = builder.pass(try Descriptor.open(group, [.directory])) }
            builder.program.jobGroup = builder.pass(try Descriptor.open(group + "/job", [.directory]))
        }
    }

    private func openStreams() throws {
        switch way.streams {
        case .log: builder.program.streams = .pipes(input: .fifo, output: .log, error: .log)
        case .terminal: builder.program.streams = .terminal(TerminalSize(rows: 31, columns: 97), log: true)
        case .files:
            chmod(harness.directory, 0o777)
            try Data("one\n".utf8).write(to: URL(fileURLWithPath: "\(harness.directory)/in"))
            chmod("\(harness.directory)/in", 0o644)
            // The table that a spare is handed has no gaps.
            let next = UInt16(builder.table.count)
            let (written, read) = (DescriptorIndex(next), DescriptorIndex(next + 1))
            builder.program.hostOperations += [
                .openAsSubmitter(path: ByteString(output), how: .output(append: false, mode: 0o640), into: written),
                .openAsSubmitter(path: ByteString("\(harness.directory)/in"), how: .input, into: read),
            ]
            builder.program.streams = .pipes(input: .file(read), output: .file(written), error: .log)
        }
    }

    // MARK: Steps

    /// Starts it and waits until all of its parts are at work.
    func begin() throws {
        job = try builder.start(harness)
        #expect(job.failure == nil)
        try waits("touched")
        if way.streams == .log { input = try Descriptor.open("\(harness.directory)/run/one/stdin", [.readWrite, .nonBlocking]) }
        try type("one", to: job.terminal)
        try waits("typed one")
        try goesOn(try #require(job.monitor).pid)
        try checkSpec(try main(of: try #require(job.monitor).pid))
    }

    private func type(_ word: String, to terminal: Descriptor?) throws {
        switch way.streams {
        case .log: try #require(input).write(word + "\n")
        case .terminal: try #require(terminal).write(word + "\n")
        case .files: if word != "one" { return }
        }
        typed.append(word)
    }

    func dump(monitor pid: Int32? = nil) throws {
        let monitor = try #require(job.monitor)
        let used = try used(pid ?? monitor.pid)
        try trip.dump(monitor: pid ?? monitor.pid)
        usedBefore += used.cpuMicroseconds
        switchesBefore += used.switches
        #expect(try (restored ?? monitor).waitUntilEnded(milliseconds: 10_000))
        if overlay == nil { builder.table[0].close() }
        overlay?.close()
        job.terminal?.close()
        // Nobody reads it now.
        if way.streams == .log { try type("while \(typed.count)", to: nil) }
    }

    func restore() throws -> Int32 {
        let mounted = try TestRoot.overlay(harness, "one", fresh: false)
        overlay = mounted
        let pid = try trip.restore(overlay: mounted)
        let handle = try ProcessHandle(pid: pid)
        restored = handle
        if way.streams == .terminal {
            let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")
            let number = names.first { (try? readLink("/proc/\(pid)/fd/\($0)"))?.hasSuffix("/ptmx") == true }.flatMap { Int32($0) }
            let master = try handle.copyDescriptor(try #require(number))
            try type("after", to: master)
        }
        for word in typed { try waits("typed \(word)") }
        // What PID 1 is, and what the job is.
        let status = try readTextFile("/proc/\(pid)/status")
        let slot = LauncherHarness.slot
        // An exec makes the effective id the saved one. Two that differ are enough: prlimit(2) asks for one id in all three places.
        for ids in ["Uid", "Gid"] { #expect(status.contains("\(ids):\t\(slot + 65533)\t\(slot + 65534)\t\(slot + 65534)\t"), "\(status)") }
        #expect(status.contains("CapEff:\t0000000000000020") && status.contains("CapPrm:\t0000000000800020"), "\(status)")
        #expect(status.contains("CapInh:\t0000000000000000") && status.contains("CapAmb:\t0000000000000000"))
        #expect(try Descriptor.open("/proc/\(pid)/maps").status().uid == 0)
        try checkSpec(try main(of: pid))
        return pid
    }

    /// The host's number of the job's main process.
    private func main(of monitor: Int32) throws -> Int32 {
        let children = try readTextFile("/proc/\(monitor)/task/\(monitor)/children")
        return try #require(Int32(children.split(separator: " ").first ?? ""))
    }

    private func checkSpec(_ main: Int32) throws {
        let status = try readTextFile("/proc/\(main)/status")
        let slot = LauncherHarness.slot
        let all = String(format: "%016lx", Self.capabilities)
        let none = String(repeating: "0", count: 16)
        for line in [
            "Uid:\t\(slot)\t\(slot)\t\(slot)\t\(slot)", "Gid:\t\(slot)\t\(slot)\t\(slot)\t\(slot)", "CapInh:\t\(none)",
            "CapPrm:\t\(all)", "CapEff:\t\(all)", "CapBnd:\t\(all)", "CapAmb:\t\(none)", "NoNewPrivs:\t1", "Seccomp:\t2", "Umask:\t0027",
        ] { #expect(status.contains(line + "\n"), "\(line): \(status)") }
        let limits = try readTextFile("/proc/\(main)/limits")
        let files = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") } ?? ""
        #expect(files.contains(" 512 ") && files.contains(" 1024 "), "\(limits)")
        #expect(try readTextFile("/proc/\(main)/oom_score_adj") == "500\n")
        #expect(try readTextFile("/proc/\(main)/cgroup").contains("/\(group.split(separator: "/").last!)/job\n"))
    }

    /// The numbers and the attack go on, and the attack has got nowhere.
    func goesOn(_ pid: Int32) throws {
        let (count, siege) = (try last("count"), try last("siege"))
        var (counted, besieged) = (count, siege)
        for _ in 0..<6000 {
            (counted, besieged) = (try last("count"), try last("siege"))
            if counted > count + 100, besieged > siege + 1 { break }
            try goesOnRunning()
            usleep(Programs.isEmulated ? 200_000 : 20_000)
        }
        #expect(counted > count + 100 && besieged > siege + 1)
        let found = try text().split(whereSeparator: \.isNewline).filter { $0.hasPrefix("OPEN") || $0.hasPrefix("CANNOT") }
        #expect(found.isEmpty)
        #expect(try !["T", "t", "Z"].contains(state(of: pid)))
    }

    private func state(of pid: Int32) throws -> String {
        let line = try readTextFile("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("State:") }
        return line.map { String($0.dropFirst(7).prefix(1)) } ?? "?"
    }

    /// What the kernel counts now of the job's processes, of those that they waited for and of those that PID 1 reaped.
    private func used(_ monitor: Int32) throws -> (cpuMicroseconds: UInt64, switches: UInt64) {
        func counters(_ pid: Int32) throws -> [UInt64] {
            let line = try readTextFile("/proc/\(pid)/stat")
            // Fields 14 to 17, behind the name: user and system time of the process, then of its children; in hundredths of a second.
            return line[line.index(after: try #require(line.lastIndex(of: ")")))...].split(separator: " ")[11..<15].compactMap { UInt64($0) }
        }
        var ticks = try counters(monitor)[2...].reduce(0, +)
        var switches: UInt64 = 0
        for pid in try readTextFile(group + "/job/cgroup.procs").split(separator: "\n").compactMap({ Int32($0) }) {
            // What the attack starts is soon gone.
            ticks += (try? counters(pid).reduce(0, +)) ?? 0
            let line = (try? readTextFile("/proc/\(pid)/status"))?.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt") }
            if let count = line.flatMap({ UInt64($0.split(separator: "\t")[1]) }) { switches += count }
        }
        return (ticks * 10_000, switches)
    }

    /// PID 1 ends the job and writes the record; every byte of the output is there once.
    func conclude(_ pid: Int32) throws {
        let monitor = try ProcessHandle(pid: pid)
        let usedAfter = try used(pid)
        let asked = bootNanoseconds()
        // With CAP_KILL alone can it signal another id.
        try job.control(.signalMain(UInt8(SIGUSR1)))
        #expect(try monitor.waitUntilEnded(milliseconds: 30_000))
        let record = try ExitRecord(decoding: try harness.readRunFile("one", RunFile.record))
        #expect(record.outcome == .ended(waitStatus: 21 << 8))
        #expect(record.startBootNanoseconds == job.running?.time)
        // By the machine's clock.
        #expect((asked...bootNanoseconds()).contains(record.endBootNanoseconds))
        // Of one that PID 1 reaped before the dump.
        #expect(record.usage.minorFaults >= 16_384)
        // Of those that lived through it.
        let cpu = record.usage.userMicroseconds + record.usage.systemMicroseconds
        #expect(cpu >= usedBefore + usedAfter.cpuMicroseconds, "\(usedBefore) before, \(usedAfter.cpuMicroseconds) after, \(cpu) told")
        #expect(record.usage.voluntarySwitches >= switchesBefore + usedAfter.switches)
        #expect(record.isUsagePartial)
        let all = try text()
        #expect(record.logBytesKept == UInt64(all.utf8.count) && record.logBytesDropped == 0)
        let lines = all.split(whereSeparator: \.isNewline)
        let counted = lines.filter { $0.hasPrefix("count ") }.compactMap { Int($0.split(separator: " ")[1]) }
        #expect(counted == Array(1...counted.count))
        #expect(lines.filter { $0.hasPrefix("last ") } == ["last \(counted.count)"])
        for word in typed { #expect(lines.count { $0 == "typed \(word)" } == 1, "\(word)") }
        // Neither one torn nor one that the terminal wrote.
        let known = ["count ", "siege ", "typed ", "last ", "touched"]
        #expect(lines.filter { line in !known.contains { line.hasPrefix($0) } } == [])
    }

    func end() {
        try? writeControlFile(group + "/cgroup.kill", "1")
        for part in ["/job", ""] where way.freezer == .v1 {
            try? writeControlFile(group + part + "/freezer.state", "THAWED")
            let processes = (try? readTextFile(group + part + "/cgroup.procs")) ?? ""
            for pid in processes.split(separator: "\n").compactMap({ Int32($0) }) { kill(pid, SIGKILL) }
        }
        harness.stop()
        for _ in 0..<200 {
            rmdir(group + "/job")
            if rmdir(group) == 0 { break }
            usleep(50_000)
        }
    }

    // MARK: Output

    func text() throws -> String { way.streams == .files ? try readTextFile(output) : try job.text() }

    /// The latest number; between two lines of the attack there are thousands of the count.
    private func last(_ word: String) throws -> Int {
        let line = try text().suffix(200_000).split(whereSeparator: \.isNewline).dropLast().last { $0.hasPrefix(word + " ") }
        return line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
    }

    /// Waiting for a job that has ended would take minutes.
    private func goesOnRunning() throws {
        guard let monitor = restored ?? job.monitor, !monitor.isAlive else { return }
        let record = try? ExitRecord(decoding: try harness.readRunFile("one", RunFile.record))
        throw SystemError("run the job", "it has ended: \(record.map { "\($0)" } ?? "no record"), its output: \(try text().suffix(500))", errno: 3)
    }

    private func waits(_ words: String) throws {
        for _ in 0..<6000 {
            if try text().contains(words) { return }
            try goesOnRunning()
            usleep(Programs.isEmulated ? 200_000 : 20_000)
        }
        Issue.record("no \(words) in the output: \(try text().suffix(500))")
    }
}
