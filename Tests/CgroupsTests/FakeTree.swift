import LinuxSys

@testable import Cgroups

/// Control group hierarchies of plain files in a temporary directory: what is written is what is read.
final class FakeTree {
    let path: String
    private let parent: Descriptor
    private let name = "berth-groups-\(UInt64.random(in: 0...UInt64.max))"

    init() throws {
        path = "/tmp/" + name
        parent = try Descriptor.open("/tmp", .directory)
        try parent.makeDirectory(name)
    }

    deinit { _ = try? removeTree(at: parent, name) }

    /// Writes files below the tree, making directories on the way.
    func write(_ files: [String: String]) throws {
        for (file, text) in files {
            let parts = file.split(separator: "/").map(String.init)
            var place = try Descriptor.open(path, .directory)
            for part in parts.dropLast() { place = try place.makeAndOpenDirectory(part) }
            try place.open(at: parts[parts.count - 1], [.writeOnly, .create, .truncate], mode: 0o644).write(text)
        }
    }

    func read(_ file: String) throws -> String { try readTextFile("\(path)/\(file)") }

    /// A tree with v2 only; `berth-test` is there already, with its files.
    func unified() throws -> CgroupLayout {
        let core = ["cgroup.controllers": "cpuset cpu io memory hugetlb pids\n", "cgroup.subtree_control": ""]
        for (file, text) in core { try write(["cg/\(file)": text, "cg/berth-test/\(file)": text]) }
        return try CgroupLayout.discover(mounts: MountTable(text: "30 23 0:26 / /cg rw - cgroup2 cgroup2 rw,nsdelegate"), root: path)
    }

    /// A tree with v1, and a v2 side that has no controllers if `hybrid`.
    func legacy(hybrid: Bool) throws -> CgroupLayout {
        var lines: [String] = []
        for controller in ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"] {
            lines.append("3\(lines.count) 23 0:2\(lines.count) / /v1/\(controller) rw - cgroup cgroup rw,\(controller)")
            try write(["v1/\(controller)/berth-test/tasks": ""])
        }
        try write([
            "v1/cpuset/cpuset.effective_cpus": "0-3\n", "v1/cpuset/cpuset.effective_mems": "0\n", "v1/cpuset/berth-test/cpuset.cpus": "",
            "v1/cpuset/berth-test/cpuset.mems": "", "v1/blkio/berth-test/blkio.throttle.read_bps_device": "",
        ])
        if hybrid {
            lines.append("50 23 0:50 / /v1/unified rw - cgroup2 cgroup2 rw")
            try write(["v1/unified/cgroup.controllers": "hugetlb\n", "v1/unified/berth-test/cgroup.procs": ""])
        }
        return try CgroupLayout.discover(mounts: MountTable(text: lines.joined(separator: "\n")), root: path)
    }

    /// Puts empty control files into an attempt's group, as mkdir does in the kernel.
    func populate(_ layout: CgroupLayout, _ attempt: String) throws {
        let unified = [
            "cpu.max", "cpu.weight", "memory.max", "memory.swap.max", "pids.max", "io.max", "cpuset.cpus", "cpuset.mems",
            "cpuset.cpus.effective",
            "cpuset.mems.effective", "cgroup.procs",
        ]
        let legacy = [
            "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us", "cpu/cpu.shares", "memory/memory.limit_in_bytes",
            "memory/memory.memsw.limit_in_bytes",
            "pids/pids.max", "blkio/blkio.throttle.read_bps_device", "blkio/blkio.throttle.write_bps_device",
            "blkio/blkio.throttle.read_iops_device",
            "blkio/blkio.throttle.write_iops_device", "cpuset/cpuset.cpus", "cpuset/cpuset.mems", "cpuset/cpuset.effective_cpus",
            "cpuset/cpuset.effective_mems",
        ]
        if layout.kind == .v2 { for file in unified { try write(["cg/berth-test/\(attempt)/\(file)": ""]) } }
        for file in legacy where layout.kind != .v2 {
            let parts = file.split(separator: "/")
            let text = file.contains("limit_in_bytes") ? "9223372036854771712\n" : ""
            try write(["v1/\(parts[0])/berth-test/\(attempt)/\(parts[1])": text])
        }
    }
}
