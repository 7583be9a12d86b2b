import JobModel
import LinuxSys
import Testing

@testable import Cgroups

/// Weights and soft memory on trees of plain files.
@Suite struct IOWeightTests {
    @Test func whatTheKernelHasIsWritten() throws {
        let tree = try FakeTree()
        try tree.write(["g/io.weight": "default 100\n", "g/io.bfq.weight": "default 100\n", "h/blkio.bfq.weight": "100\n", "n/io.max": ""])
        try IOWeight.apply(5_000, to: GroupDirectory(path: "\(tree.path)/g", version: .v2))
        #expect(try tree.read("g/io.weight") == "5000" && tree.read("g/io.bfq.weight") == "545")
        try IOWeight.apply(50, to: GroupDirectory(path: "\(tree.path)/h", version: .v1))
        #expect(try tree.read("h/blkio.bfq.weight") == "50")
        let error = #expect(throws: CgroupError.self) { try IOWeight.apply(50, to: GroupDirectory(path: "\(tree.path)/n", version: .v2)) }
        #expect(error?.description.contains("neither io.cost nor bfq") == true)
    }

    @Test func bfqsScaleHasTheSameMiddleAndEnds() {
        #expect([1, 100, 10_000].map(IOWeight.forBFQ) == [1, 100, 1_000])
    }

    /// The files are there for every disk; the scheduler and io.cost say which disk goes by them.
    @Test func onlyADiskThatGoesByWeightsCounts() throws {
        let tree = try FakeTree()
        let layout = try tree.unified()
        for (number, name, scheduler) in [
            ("8:0", "sda", "none [mq-deadline] bfq"), ("8:16", "sdb", "none mq-deadline [bfq]"), ("8:32", "sdc", "[none]"),
        ] {
            try tree.write([
                "sys/dev/block/\(number)/queue/scheduler": scheduler + "\n", "sys/dev/block/\(number)/uevent": "MAJOR=8\nDEVNAME=\(name)\n",
            ])
        }
        let mounts = MountTable(
            text: [(1, "8:0", "/"), (2, "8:16", "/b"), (3, "8:32", "/c")]
                .map { "\($0.0) 0 \($0.1) / \($0.2) rw - ext4 /dev/sd rw" }.joined(separator: "\n"))
        func sharers(_ files: [String: String]) throws -> [String?] {
            try tree.write(files)
            return try GroupParent(layout: layout, name: "berth-test").weightedDisks(mounts, sysRoot: tree.path + "/sys").map(\.sharer)
        }
        #expect(try sharers([:]) == [nil, nil, nil], "a kernel without such files")
        #expect(try sharers(["cg/berth-test/io.bfq.weight": "default 100\n"]) == [nil, "bfq", nil])
        try tree.write(["cg/berth-test/io.weight": "default 100\n"])
        #expect(try sharers(["cg/io.cost.qos": "8:0 enable=0 ctrl=auto\n8:32 enable=1 ctrl=auto rpct=0.00\n"]) == [nil, "bfq", "io.cost"])
        let disks = try GroupParent(layout: layout, name: "berth-test").weightedDisks(mounts, sysRoot: tree.path + "/sys")
        #expect(disks.map(\.name) == ["sda", "sdb", "sdc"] && disks.map(\.scheduler) == ["mq-deadline", "bfq", "none"])
    }

    @Test func softMemoryIsWrittenAndSpared() throws {
        let tree = try FakeTree()
        let layout = try tree.unified()
        let parent = try GroupParent(layout: layout, name: "berth-test")
        try tree.write(["cg/berth-test/memory.low": "0\n"])
        var groups: [AttemptGroup] = []
        for (name, mebibytes) in [("1.1", UInt64(64)), ("2.1", 32)] {
            groups.append(try parent.prepare(name))
            try tree.populate(layout, name)
            try tree.write(["cg/berth-test/\(name)/memory.low": "0\n"])
            var limits = GroupLimits()
            limits.memorySoft = .mebibytes(mebibytes)
            try groups.last?.apply(limits, isNew: true)
        }
        #expect(try tree.read("cg/berth-test/1.1/memory.low") == "\(64 << 20)")
        #expect(try tree.read("cg/berth-test/memory.low") == "\(96 << 20)", "a group is spared no more than its parent")
        // Another daemon learns of what is there.
        let next = try GroupParent(layout: layout, name: "berth-test")
        try tree.write(["cg/berth-test/memory.low": "0\n"])
        let adopted = try #require(try next.open("2.1"))
        #expect(try tree.read("cg/berth-test/memory.low") == "\(32 << 20)")
        adopted.removeInBackground()
        #expect(try tree.read("cg/berth-test/memory.low") == "0", "the share goes with its group")
    }

    @Test func softMemoryOfV1() throws {
        let tree = try FakeTree()
        let layout = try tree.legacy(hybrid: true)
        let parent = try GroupParent(layout: layout, name: "berth-test")
        let group = try parent.prepare("1.1")
        try tree.populate(layout, "1.1")
        var limits = GroupLimits()
        limits.memorySoft = .mebibytes(64)
        #expect(throws: CgroupError.self, "a kernel without it") { try group.apply(limits) }
        try tree.write(["v1/memory/berth-test/1.1/memory.soft_limit_in_bytes": "9223372036854771712\n"])
        try group.apply(limits)
        #expect(try tree.read("v1/memory/berth-test/1.1/memory.soft_limit_in_bytes") == "\(64 << 20)")
    }

    /// Pages of files that nobody touched lately are not what a person calls memory in use.
    @Test(arguments: [true, false]) func theWorkingSetLeavesOutIdleFilePages(isUnified: Bool) throws {
        let tree = try FakeTree()
        let layout = try isUnified ? tree.unified() : tree.legacy(hybrid: true)
        let group = try GroupParent(layout: layout, name: "berth-test").prepare("1.1")
        let place = isUnified ? "cg/berth-test/1.1" : "v1/memory/berth-test/1.1"
        try tree.write([
            "\(place)/\(isUnified ? "memory.current" : "memory.usage_in_bytes")": "\(100 << 20)\n",
            "\(place)/memory.stat": isUnified ? "file 9\ninactive_file \(30 << 20)\n" : "inactive_file 1\ntotal_inactive_file \(30 << 20)\n",
        ])
        #expect(try group.workingSet() == .mebibytes(70))
    }
}
