import Cgroups
import JobModel
import LinuxSys
import Synchronization
import TestSupport

/// What berthd reads of control groups, in each of the three arrangements. The kernel writes those files; still nothing in them may end the daemon.
extension FuzzTarget {
    /// A byte that chooses the arrangement, then the files' texts, parted by byte 30; those that are missing are empty, an empty one is not there.
    static let controlGroups = FuzzTarget(
        name: "control-groups",
        sample: { random in
            let tree = FakeGroups.Kind.allCases.randomElement(using: &random) ?? .v2
            let texts = tree.files.map { file in
                Int.random(in: 0..<8, using: &random) == 0 ? "" : file.text.replacing("%", with: "\(randomNumber(&random))")
            }
            return [tree.rawValue] + Array(texts.joined(separator: "\u{1e}").utf8)
        },
        words: [
            "\n", " ", "=", ":", "-", ",", "max", "0", "18446744073709551615", "9223372036854775807", "18446744073709551616", "-1", "8:0 ", "7:0 ",
            "253:0 ", "rbytes=", "wbytes=", "rios=", "total_pgfault ", "pgmajfault ", "oom_kill ", "populated 1", "frozen 1", "FREEZING", "Total ",
            "Read ", "0-4294967295", "\u{1e}", "\u{0}",
        ],
        prepare: { try FakeGroups.prepare() }
    ) { bytes in
        guard let kind = bytes.first.flatMap({ FakeGroups.Kind(rawValue: $0 % 3) }), let groups = FakeGroups.all[kind] else { throw Empty() }
        try groups.write(bytes.dropFirst().split(separator: 30, omittingEmptySubsequences: false))
        try groups.read()
    }

    private struct Empty: Error {}

    private static func randomNumber(_ random: inout SeededGenerator) -> UInt64 {
        [0, 1, 4096, 1 << 40, .max, .max - 1, random.next()].randomElement(using: &random) ?? 0
    }
}

/// Hierarchies of plain files: a parent and one attempt's groups in it.
private final class FakeGroups: Sendable {
    enum Kind: UInt8, CaseIterable { case v1, hybrid, v2 }

    static var all: [Kind: FakeGroups] { made.withLock { $0 } }
    private static let made = Mutex<[Kind: FakeGroups]>([:])

    static func prepare() throws {
        guard let place = ProcessContext.variable("BERTH_FUZZ_PLACE") else { throw Violation("no place") }
        for kind in Kind.allCases {
            let groups = try FakeGroups(kind, "\(place)/\(kind)")
            made.withLock { $0[kind] = groups }
        }
    }

    private let files: [Kind.File]
    private let directory: String
    /// By file; nil before the first input.
    private let written: Mutex<[[UInt8]?]>
    private let parent: GroupParent
    private let group: AttemptGroup

    private init(_ kind: Kind, _ directory: String) throws {
        files = kind.files
        self.directory = directory
        written = Mutex(kind.files.map { _ in nil })
        var lines: [String] = []
        if kind != .v1 {
            try Self.put("\(directory)/cg", ["cgroup.controllers": kind == .v2 ? "cpuset cpu io memory hugetlb pids\n" : "hugetlb\n"])
            for place in ["cg", "cg/p"] { try Self.put("\(directory)/\(place)", ["cgroup.subtree_control": "", "hugetlb.2MB.max": "max\n"]) }
            lines.append("30 23 0:26 / /cg rw - cgroup2 cgroup2 rw")
        }
        for name in kind == .v2 ? [] : ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"] {
            lines.append("3\(lines.count) 23 0:3\(lines.count) / /\(name) rw - cgroup cgroup rw,\(name)")
            try Self.put("\(directory)/\(name)/p", name == "cpuset" ? ["cpuset.cpus": "0-3\n", "cpuset.mems": "0\n"] : ["tasks": ""])
        }
        let layout = try CgroupLayout.discover(mounts: MountTable(text: lines.joined(separator: "\n")), root: directory)
        parent = try GroupParent(layout: layout, name: "p")
        // As a daemon finds what an earlier one made.
        for path in Set(kind.files.map { $0.path.split(separator: "/").dropLast().joined(separator: "/") }) {
            try Self.put("\(directory)/\(path)", [:])
        }
        guard let group = try parent.open("a") else { throw Violation("no groups in \(directory)") }
        self.group = group
    }

    private static func put(_ directory: String, _ files: [String: String]) throws {
        var place = try Descriptor.open("/", .directory)
        for part in directory.split(separator: "/") { place = try place.makeAndOpenDirectory(String(part)) }
        for (name, text) in files { try place.open(at: name, [.writeOnly, .create, .truncate], mode: 0o600).write(text) }
    }

    /// Only those that are other than before: most of an input is like the one that it was made of.
    func write(_ texts: [ArraySlice<UInt8>]) throws {
        try written.withLock { written in
            for (number, file) in files.enumerated() {
                let text = number < texts.count ? Array(texts[number]) : []
                guard written[number] != text else { continue }
                written[number] = text
                let slash = file.path.lastIndex(of: "/") ?? file.path.endIndex
                let place = try Descriptor.open("\(directory)/\(file.path[..<slash])", .directory)
                let name = String(file.path[file.path.index(after: slash)...])
                try? place.unlink(name)
                if !text.isEmpty { try place.open(at: name, [.writeOnly, .create, .exclusive], mode: 0o600).write(text) }
            }
        }
    }

    /// Everything that only looks.
    func read() throws {
        for one in [group.usage(), parent.usage()] {
            _ = one.cpuMicroseconds
            guard one.devices?.count ?? 0 <= 32 else { throw Violation("\(one)") }
        }
        try mustEqual(group.usage(), group.usage(), "usage")
        _ = group.currentUse(at: BootTime(nanoseconds: 1))
        _ = group.ioCounters()
        var refusal: (any Error)?
        func look(_ what: () throws -> Void) throws {
            do { try what() } catch {
                try mustBeOneLine("\(error)")
                refusal = error
            }
        }
        try look { _ = try self.group.effectivePlacement() }
        try look { _ = try self.group.isFrozen() }
        try look { _ = try self.group.isPopulated(.job) }
        try look { _ = try self.group.isPopulated(.everything) }
        try look { _ = try self.group.watchMemory(limit: Bytes(1 << 30)).events() }
        try look { _ = try self.parent.open("a")?.name }
        try look { _ = try self.parent.names() }
        try look { _ = try self.parent.identity() }
        if let refusal { throw refusal }
    }
}

extension FakeGroups.Kind {
    /// A file below the tree, and what the kernel might write: `%` stands for a number.
    fileprivate struct File {
        let path: String
        let text: String
    }

    fileprivate var files: [File] {
        let unified: [(String, String)] = [
            ("cpu.stat", "usage_usec %\nuser_usec %\nsystem_usec %\nnr_periods 5\nnr_throttled %\nthrottled_usec %\n"),
            ("memory.peak", "%\n"),
            ("memory.current", "%\n"), ("memory.events", "low 0\nhigh 0\nmax %\noom %\noom_kill %\n"), ("memory.swap.peak", "%\n"),
            ("memory.low", "%\n"), ("memory.stat", "anon 5\ninactive_file %\npgfault %\npgmajfault %\n"), ("pids.peak", "%\n"),
            ("pids.current", "%\n"),
            ("io.stat", "8:0 rbytes=% wbytes=% rios=% wios=% dbytes=0 dios=0\n7:0 rbytes=% wbytes=%\n8:16 rbytes=% rios=%\n"),
            ("cpuset.cpus.effective", "0-3\n"), ("cpuset.mems.effective", "0\n"), ("hugetlb.2MB.max", "%\n"), ("hugetlb.2MB.events", "max %\n"),
            ("cgroup.events", "populated 1\nfrozen 0\n"), ("cgroup.procs", "%\n2\n"),
        ]
        let side: [(String, String)] = [
            ("cgroup.events", "populated 0\nfrozen 1\n"), ("cpu.stat", "usage_usec %\nuser_usec %\nsystem_usec %\n"), ("hugetlb.2MB.max", "%\n"),
            ("hugetlb.2MB.events", "max %\n"),
        ]
        let legacy: [(String, String)] = [
            ("cpuacct/cpuacct.usage", "%\n"), ("cpuacct/cpuacct.usage_user", "%\n"), ("cpuacct/cpuacct.usage_sys", "%\n"),
            ("cpu/cpu.stat", "nr_periods 0\nnr_throttled %\nthrottled_time %\n"), ("memory/memory.max_usage_in_bytes", "%\n"),
            ("memory/memory.usage_in_bytes", "%\n"), ("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill %\n"),
            ("memory/memory.failcnt", "%\n"), ("memory/memory.memsw.failcnt", "%\n"), ("memory/memory.memsw.max_usage_in_bytes", "%\n"),
            ("memory/memory.stat", "total_inactive_file %\ntotal_pgfault %\ntotal_pgmajfault %\n"), ("pids/pids.peak", "%\n"),
            ("pids/pids.current", "%\n"), ("cpuset/cpuset.effective_cpus", "0-3\n"), ("cpuset/cpuset.effective_mems", "0\n"),
            ("blkio/blkio.throttle.io_service_bytes", "8:0 Read %\n8:0 Write %\n8:16 Read %\n8:0 Total %\nTotal %\n"),
            ("blkio/blkio.throttle.io_serviced", "8:0 Read %\n8:0 Write %\nTotal %\n"), ("freezer/freezer.state", "FREEZING\n"),
        ]
        func files(_ list: [(String, String)], _ place: (String) -> String) -> [File] { list.map { File(path: place($0.0), text: $0.1) } }
        func below(_ path: String) -> String {
            let parts = path.split(separator: "/")
            return "\(parts[0])/p/a/\(parts[1])"
        }
        switch self {
        case .v2:
            return files(unified) { "cg/p/a/\($0)" } + files(unified) { "cg/p/\($0)" }
                + files([unified[14], unified[15]]) { "cg/p/a/job/\($0)" }
        case .hybrid: return files(side) { "cg/p/a/\($0)" } + files([side[0]]) { "cg/p/a/job/\($0)" } + files(legacy, below)
        case .v1:
            return files(legacy, below) + files([legacy[17]]) { "freezer/p/a/job/\($0.split(separator: "/")[1])" }
                + [File(path: "freezer/p/a/job/cgroup.procs", text: "%\n2\n"), File(path: "freezer/p/a/cgroup.procs", text: "")]
        }
    }
}
