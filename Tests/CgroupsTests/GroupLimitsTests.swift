import JobModel
import LinuxSys
import Testing

@testable import Cgroups

/// What is written to which file, on trees of plain files.
@Suite struct GroupLimitsTests {
    private let disk = DeviceNumber(major: 8, minor: 16)

    private var limits: GroupLimits {
        var limits = GroupLimits()
        limits.cpuQuota = CpuQuota(cpus: 1.5)
        limits.cpuWeight = 200
        limits.memory = .mebibytes(64)
        limits.swap = .mebibytes(16)
        limits.pids = 50
        limits.io = [IOThrottle(device: disk, readBytesPerSecond: 1_000_000, writeOperationsPerSecond: 20)]
        return limits
    }

    @Test func unifiedFiles() throws {
        let tree = try FakeTree()
        let layout = try tree.unified()
        let parent = try GroupParent(layout: layout, name: "berth-test")
        #expect(try tree.read("cg/cgroup.subtree_control") == "+cpuset +cpu +io +memory +hugetlb +pids")
        #expect(try tree.read("cg/berth-test/cgroup.subtree_control") == "+cpuset +cpu +io +memory +hugetlb +pids")
        let group = try parent.prepare("12.1")
        try tree.populate(layout, "12.1")
        try group.apply(limits)
        let expected = [
            "cpu.max": "150000 100000", "cpu.weight": "200", "memory.max": "67108864", "memory.swap.max": "16777216", "pids.max": "50",
            "io.max": "8:16 rbps=1000000 wbps=max riops=max wiops=20",
        ]
        for (file, text) in expected { #expect(try tree.read("cg/berth-test/12.1/\(file)") == text) }
        #expect(
            try Descriptor.open("\(tree.path)/cg/berth-test/12.1/job", .directory).names() == [], "the child has no controllers of its own")
    }

    @Test(arguments: [false, true]) func legacyFiles(hybrid: Bool) throws {
        let tree = try FakeTree()
        let layout = try tree.legacy(hybrid: hybrid)
        let parent = try GroupParent(layout: layout, name: "berth-test")
        #expect(try tree.read("v1/cpuset/berth-test/cpuset.cpus") == "0-3")
        #expect(try tree.read("v1/cpuset/berth-test/cpuset.mems") == "0")
        let group = try parent.prepare("12.1")
        try tree.populate(layout, "12.1")
        try group.apply(limits)
        let expected = [
            "cpu/berth-test/12.1/cpu.cfs_quota_us": "150000", "cpu/berth-test/12.1/cpu.cfs_period_us": "100000",
            "cpu/berth-test/12.1/cpu.shares": "2048", "memory/berth-test/12.1/memory.limit_in_bytes": "67108864",
            "memory/berth-test/12.1/memory.memsw.limit_in_bytes": "83886080", "pids/berth-test/12.1/pids.max": "50",
            "blkio/berth-test/12.1/blkio.throttle.read_bps_device": "8:16 1000000",
            "blkio/berth-test/12.1/blkio.throttle.write_bps_device": "",
            "blkio/berth-test/12.1/blkio.throttle.write_iops_device": "8:16 20",
            "blkio/berth-test/blkio.throttle.read_bps_device": "8:16 \(BlockIO.neverBinding)",
        ]
        for (file, text) in expected { #expect(try tree.read("v1/\(file)") == text, "\(file)") }
        let places = hybrid ? ["unified"] : ["freezer", "cpuacct"]
        for place in places { #expect(try Descriptor.open("\(tree.path)/v1/\(place)/berth-test/12.1", .path).status().kind == .directory) }
        for place in hybrid ? ["freezer", "cpuacct"] : [] {
            #expect(throws: SystemError.self) { try Descriptor.open("\(tree.path)/v1/\(place)/berth-test/12.1", .path) }
        }
        let jobPlace = hybrid ? "unified" : "freezer"
        #expect(try Descriptor.open("\(tree.path)/v1/\(jobPlace)/berth-test/12.1/job", .path).status().kind == .directory)
    }

    @Test func legacyMemoryIsWrittenInTheOrderTheKernelTakes() throws {
        let tree = try FakeTree()
        let layout = try tree.legacy(hybrid: true)
        let group = try GroupParent(layout: layout, name: "berth-test").prepare("1.1")
        try tree.populate(layout, "1.1")
        func apply(_ memory: UInt64?, _ swap: UInt64?) throws -> [String] {
            var limits = GroupLimits()
            limits.memory = memory.map { Bytes($0) }
            limits.swap = swap.map { Bytes($0) }
            try group.apply(limits)
            return try ["limit_in_bytes", "memsw.limit_in_bytes"].map { try tree.read("v1/memory/berth-test/1.1/memory.\($0)") }
        }
        #expect(try apply(1 << 30, 0) == ["1073741824", "1073741824"])
        #expect(try apply(1 << 29, nil) == ["536870912", "536870912"], "no swap before, none after")
        #expect(try apply(nil, 4096) == ["536870912", "536875008"])
        #expect(try apply(1 << 31, nil) == ["2147483648", "2147487744"])
    }

    @Test func effectiveCpusThatDifferAreAnError() throws {
        let tree = try FakeTree()
        let layout = try tree.unified()
        let group = try GroupParent(layout: layout, name: "berth-test").prepare("1.1")
        try tree.populate(layout, "1.1")
        try tree.write(["cg/berth-test/1.1/cpuset.cpus.effective": "0-1\n", "cg/berth-test/1.1/cpuset.mems.effective": "0\n"])
        var limits = GroupLimits()
        limits.cpus = CpuSet([0, 1])
        limits.memoryNodes = MemoryNodeSet([0])
        try group.apply(limits)
        limits.cpus = CpuSet([2, 3])
        let error = #expect(throws: CgroupError.self) { try group.apply(limits) }
        #expect(error?.wanted == "2-3" && error?.found == "0-1")
        #expect(error?.description.hasSuffix("set cpuset.cpus.effective of \(tree.path)/cg/berth-test/1.1: wanted 2-3, found 0-1") == true)
        limits.memoryNodes = nil
        #expect(throws: CgroupError.self) { try group.apply(limits) }
    }

    /// design: what did not take is a failed start, never a silent pass. A file that swallows what is written stands for such a kernel.
    @Test(arguments: ["cpu.max", "cpu.weight", "memory.max", "memory.swap.max", "pids.max", "io.max", "cpuset.cpus.effective"])
    func aLimitThatDidNotTakeIsAnError(file: String) throws {
        let tree = try FakeTree()
        let layout = try tree.unified()
        let group = try GroupParent(layout: layout, name: "berth-test").prepare("1.1")
        try tree.populate(layout, "1.1")
        try tree.write(["cg/berth-test/1.1/cpuset.cpus.effective": "0-1\n", "cg/berth-test/1.1/cpuset.mems.effective": "0\n"])
        var limits = limits
        limits.cpus = CpuSet([0, 1])
        limits.memoryNodes = MemoryNodeSet([0])
        try group.apply(limits)
        try swallow(file, "\(tree.path)/cg/berth-test/1.1")
        let error = #expect(throws: CgroupError.self) { try group.apply(limits) }
        #expect(error?.description.contains(file) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        "cpu/cpu.cfs_quota_us", "cpu/cpu.shares", "memory/memory.limit_in_bytes", "memory/memory.memsw.limit_in_bytes", "pids/pids.max",
        "blkio/blkio.throttle.read_bps_device",
    ])
    func aLegacyLimitThatDidNotTakeIsAnError(file: String) throws {
        let tree = try FakeTree()
        let layout = try tree.legacy(hybrid: true)
        let group = try GroupParent(layout: layout, name: "berth-test").prepare("1.1")
        try tree.populate(layout, "1.1")
        let parts = file.split(separator: "/").map(String.init)
        try swallow(parts[1], "\(tree.path)/v1/\(parts[0])/berth-test/1.1")
        let error = #expect(throws: CgroupError.self) { try group.apply(limits) }
        #expect(error?.description.contains(parts[1]) == true, "\(String(describing: error))")
    }

    private func swallow(_ file: String, _ directory: String) throws {
        let place = try Descriptor.open(directory, .directory)
        try place.unlink(file)
        try place.makeSymbolicLink(file, to: "/dev/null")
    }

    @Test func missingSwapAccountingIsSaid() throws {
        let tree = try FakeTree()
        let layout = try tree.unified()
        let group = try GroupParent(layout: layout, name: "berth-test").prepare("1.1")
        try tree.populate(layout, "1.1")
        #expect(group.countsSwap)
        try Descriptor.open(tree.path + "/cg/berth-test/1.1", .directory).unlink("memory.swap.max")
        #expect(!group.countsSwap)
        var limits = GroupLimits()
        limits.swap = .zero
        let error = #expect(throws: CgroupError.self) { try group.apply(limits) }
        #expect(error?.found.contains("does not count swap") == true)
    }

    @Test func namesThatWouldEscapeAreRefused() throws {
        let tree = try FakeTree()
        let layout = try tree.unified()
        for name in ["", "..", "a/../b"] { #expect(throws: CgroupError.self) { try GroupParent(layout: layout, name: name) } }
        let parent = try GroupParent(layout: layout, name: "berth-test")
        for name in ["", ".", "..", "a/b", "allow-1"] { #expect(throws: CgroupError.self) { try parent.prepare(name) } }
        _ = try parent.prepare("1.1")
        #expect(throws: CgroupError.self, "used once") { try parent.prepare("1.1") }
    }

    @Test func usageFromFiles() throws {
        let tree = try FakeTree()
        let layout = try tree.unified()
        let group = try GroupParent(layout: layout, name: "berth-test").prepare("1.1")
        try tree.write([
            "cg/berth-test/1.1/cpu.stat": "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 9\nnr_throttled 4\nthrottled_usec 77\n",
            "cg/berth-test/1.1/memory.peak": "4096\n", "cg/berth-test/1.1/memory.events": "low 0\nmax 9\noom 2\noom_kill 1\n",
            "cg/berth-test/1.1/memory.swap.peak": "12288\n", "cg/berth-test/1.1/memory.stat": "anon 0\npgfault 50\npgmajfault 8\n",
            "cg/berth-test/1.1/io.stat": "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n7:0 rbytes=100 wbytes=100 rios=1 wios=1\n",
        ])
        let usage = group.usage()
        #expect(usage.cpuUserMicroseconds == 20 && usage.cpuSystemMicroseconds == 10)
        #expect(usage.throttledPeriods == 4 && usage.throttledMicroseconds == 77)
        #expect(usage.memoryPeak == Bytes(4096) && usage.outOfMemoryKills == 1)
        #expect(
            usage.readBytes == 100 && usage.writtenBytes == 100 && usage.readOperations == 3 && usage.writeOperations == 4,
            "of a loop device and the disk below, the one that saw more")
        #expect(usage.ioPartial == false)
        #expect(usage.memoryFailures == 9 && usage.outOfMemoryEvents == 2)
        #expect(usage.swapPeak == Bytes(12288) && usage.swapPartial == nil)
        #expect(usage.minorFaults == 42 && usage.majorFaults == 8)
        let devices = (usage.devices ?? []).map { "\($0.device) \($0.readBytes) \($0.writtenBytes) \($0.readOperations) \($0.writeOperations)" }
        #expect(devices == ["7:0 100 100 1 1", "8:16 1 2 3 4"])
        #expect(usage.pidsPeak == nil, "a kernel without pids.peak")
    }

    @Test func legacyUsageFromFiles() throws {
        let tree = try FakeTree()
        let layout = try tree.legacy(hybrid: false)
        let group = try GroupParent(layout: layout, name: "berth-test").prepare("1.1")
        try tree.write([
            "v1/cpuacct/berth-test/1.1/cpuacct.usage_user": "5000\n", "v1/cpuacct/berth-test/1.1/cpuacct.usage_sys": "7000\n",
            "v1/cpu/berth-test/1.1/cpu.stat": "nr_periods 9\nnr_throttled 4\nthrottled_time 77000\n",
            "v1/memory/berth-test/1.1/memory.max_usage_in_bytes": "8192\n",
            "v1/memory/berth-test/1.1/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
            "v1/memory/berth-test/1.1/memory.failcnt": "5\n", "v1/memory/berth-test/1.1/memory.memsw.max_usage_in_bytes": "9192\n",
            "v1/memory/berth-test/1.1/memory.stat": "pgfault 7\npgmajfault 0\n",
            "v1/blkio/berth-test/1.1/blkio.throttle.io_service_bytes": "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n",
            "v1/blkio/berth-test/1.1/blkio.throttle.io_serviced": "8:0 Read 5\n8:0 Write 6\n8:0 Total 11\nTotal 11\n",
        ])
        let usage = group.usage()
        #expect(usage.cpuUserMicroseconds == 5 && usage.cpuSystemMicroseconds == 7)
        #expect(usage.throttledPeriods == 4 && usage.throttledMicroseconds == 77)
        #expect(usage.memoryPeak == Bytes(8192) && usage.outOfMemoryKills == 3)
        #expect(usage.readBytes == 1 && usage.writtenBytes == 2 && usage.readOperations == 5 && usage.writeOperations == 6)
        #expect(usage.ioPartial == true)
        #expect(usage.memoryFailures == 5 && usage.minorFaults == 7 && usage.majorFaults == 0)
        #expect(usage.outOfMemoryEvents == nil, "v1 counts only the kills")
        #expect(usage.swapPeak == Bytes(1000) && usage.swapPartial == true, "a lower bound")
        try tree.write(["v1/memory/berth-test/1.1/memory.failcnt": "0\n"])
        #expect(group.usage().memoryFailures == nil, "a zero may mean that the kernel does not count")
        // With both peaks the same nothing is known of swap.
        try tree.write(["v1/memory/berth-test/1.1/memory.memsw.max_usage_in_bytes": "8192\n"])
        #expect(group.usage().swapPeak == nil && group.usage().swapPartial == nil)
    }

    @Test func disksBelowPartitionsMappersAndLoops() throws {
        let tree = try FakeTree()
        // 8:1 is a partition of 8:0; 253:0 (device mapper) lies on 8:1 and on 9:0, a RAID of 8:16 and 8:32.
        try tree.write([
            "sys/devices/sda/dev": "8:0\n", "sys/devices/sda/sda1/dev": "8:1\n", "sys/devices/sda/sda1/partition": "1\n",
            "sys/devices/dm-0/dev": "253:0\n", "sys/devices/dm-0/slaves/sda1/dev": "8:1\n", "sys/devices/dm-0/slaves/md0/dev": "9:0\n",
            "sys/devices/md0/dev": "9:0\n", "sys/devices/md0/slaves/sdb/dev": "8:16\n", "sys/devices/md0/slaves/sdc/dev": "8:32\n",
            "sys/devices/sdb/dev": "8:16\n", "sys/devices/sdc/dev": "8:32\n",
        ])
        let numbers = ["8:0": "sda", "8:1": "sda/sda1", "253:0": "dm-0", "9:0": "md0", "8:16": "sdb", "8:32": "sdc"]
        let sys = try Descriptor.open(tree.path + "/sys", .directory)
        let block = try sys.makeAndOpenDirectory("dev").makeAndOpenDirectory("block")
        for (number, device) in numbers { try block.makeSymbolicLink(number, to: "../../devices/\(device)") }
        let devices = IODevices(sysRoot: tree.path + "/sys", mounts: MountTable(text: ""))
        func number(_ minor: UInt32, _ major: UInt32 = 8) -> DeviceNumber { DeviceNumber(major: major, minor: minor) }
        #expect(try devices.disks(of: number(0)) == [number(0)])
        #expect(try devices.disks(of: number(1)) == [number(0)])
        #expect(try devices.disks(of: number(0, 253)) == [number(0), number(16), number(32)])
        #expect(devices.isStacked(number(0, 253)) && devices.isStacked(number(0, 7)) && !devices.isStacked(number(0)))
        // A loop device's traffic may stay in its own name or be counted below again: it is neither lost nor counted twice.
        func counters(_ read: UInt64, _ written: UInt64) -> IOCounters {
            var counters = IOCounters()
            (counters.readBytes, counters.writtenBytes) = (read, written)
            return counters
        }
        let sum = UsageReading.total([number(0, 7): counters(50, 20), number(0): counters(0, 10), number(16): counters(1, 20)], devices)
        #expect((sum.readBytes, sum.writtenBytes) == (50, 30))
        let error = #expect(throws: SystemError.self) { try devices.disks(of: number(30, 0)) }
        #expect(error?.description.contains("no disk carries") == true)
    }
}
