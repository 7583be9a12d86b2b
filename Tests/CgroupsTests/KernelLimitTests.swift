import JobModel
import LinuxSys
import Testing

@testable import Cgroups

/// Limits in the real kernel, seen from inside.
@Suite(.serialized, .enabled(if: KernelFixture.isRoot, "needs root")) struct KernelLimitTests {
    @Test(arguments: KernelFixture.layouts) func processesEnterEveryHierarchy(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let group = try kernel.group()
            let worker = try kernel.start("sleep 60;", in: group)
            let paths = try ProcessPlace.cgroupPaths(of: worker.process.pid)
            let own = "/\(kernel.parent.name)/\(group.name)"
            for controller in [Controller.cpu, .cpuset, .memory, .pids] where kernel.layout.legacy[controller] != nil {
                #expect(paths[controller.v1Name] == own)
            }
            if kind == .v1 { #expect(paths["freezer"] == own + "/job") } else { #expect(paths[""] == own + "/job") }
            #expect(try group.jobProcesses() == [worker.process.pid])
            #expect(try group.isPopulated(.job) && group.isPopulated())
        }
    }

    @Test(arguments: KernelFixture.layouts) func cpusAndNodesAreSetAndReadBack(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let whole = try Cpuset.effective(of: try #require(kernel.parent.directories.holding(.cpuset, kernel.layout)))
            var limits = GroupLimits()
            limits.cpus = CpuSet([whole.cpus.members[whole.cpus.count - 1]])
            limits.memoryNodes = MemoryNodeSet([whole.nodes.members[0]])
            let group = try kernel.group(limits)
            let placement = try group.effectivePlacement()
            #expect(placement.cpus == limits.cpus && placement.nodes == limits.memoryNodes)
            let worker = try kernel.start("print grep /^(Cpus|Mems)_allowed_list/, `cat /proc/self/status`;", in: group)
            let text = try worker.output.readText()
            #expect(text.contains("Cpus_allowed_list:\t\(placement.cpus)\n") && text.contains("Mems_allowed_list:\t\(placement.nodes)\n"))
            // A cpu that this machine does not have.
            limits.cpus = CpuSet([whole.cpus.members[0], 4_000])
            let error = #expect(throws: CgroupError.self) { try group.apply(limits) }
            #expect(error?.operation.contains("cpuset") == true && error?.wanted.contains("4000") == true)
        }
    }

    /// Which arrangement of this machine limits huge pages; none where the kernel has no hugetlb controller.
    private static let hugePageLayouts = KernelFixture.layouts.filter { kind in
        var sizes: [Bytes] = []
        try? withKernel(kind) { sizes = $0.parent.limitedHugePages }
        return !sizes.isEmpty
    }

    @Test(.enabled(if: !hugePageLayouts.isEmpty, "needs the hugetlb controller"), arguments: hugePageLayouts)
    func hugePagesAreLimitedToWhatWasAsked(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let sizes = kernel.parent.hugePageSizes
            func limits(of group: AttemptGroup) throws -> [UInt64] {
                let directory = try group.holding(.hugetlb)
                return try sizes.flatMap { size in try size.files(directory.version).map { try directory.readNumber($0) } }
            }
            let plain = try kernel.parent.prepare("plain.1")
            #expect(try limits(of: plain).allSatisfy { $0 == 0 }, "none from the first moment")
            var asked = GroupLimits()
            asked.hugePages = [HugePages(size: sizes[0].size, bytes: Bytes(sizes[0].size.count * 2))]
            let group = try kernel.group(asked)
            let own = sizes[0].files(try group.holding(.hugetlb).version).count
            #expect(try limits(of: group).prefix(own).allSatisfy { $0 == sizes[0].size.count * 2 })
            #expect(try limits(of: group).dropFirst(own).allSatisfy { $0 == 0 })
            #expect(group.usage().hugePages?.map(\.size) == [sizes[0].size] && plain.usage().hugePages == nil)
            asked.hugePages = [HugePages(size: Bytes(sizes[0].size.count / 2), bytes: sizes[0].size)]
            #expect(throws: CgroupError.self) { try kernel.parent.prepare("other.1").apply(asked) }
        }
    }

    private static let freeHugePages =
        (try? readTextFile("/proc/meminfo"))?.split(separator: "\n").first { $0.hasPrefix("HugePages_Free") }
        .flatMap { Int($0.filter(\.isNumber)) } ?? 0

    @Test(.enabled(if: freeHugePages >= 4, "needs four free huge pages"), arguments: hugePageLayouts)
    func hugePagesBeyondTheLimitAreRefusedAndCounted(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let size = try #require(try SystemInfo().hugePageSize > 0 ? Bytes(SystemInfo().hugePageSize) : nil)
            #if arch(arm64)
                let call = 222
            #else
                let call = 9
            #endif
            // mmap(2) with MAP_PRIVATE, MAP_ANONYMOUS and MAP_HUGETLB reserves the pages.
            let program = "for my $n (2, 3) { print syscall(\(call), 0, $n * \(size.count), 3, 0x40022, -1, 0) == -1 ? \"refused \" : \"got \"; }"
            var asked = GroupLimits()
            asked.hugePages = [HugePages(size: size, bytes: Bytes(size.count * 2))]
            let group = try kernel.group(asked)
            #expect(try kernel.start(program, in: group).output.readText() == "got refused ")
            #expect(group.usage().hugePages?.first?.failures ?? 0 > 0)
            #expect(try kernel.start(program, in: kernel.group()).output.readText() == "refused refused ", "who asked for none gets none")
        }
    }

    @Test(arguments: KernelFixture.layouts) func softMemoryTakes(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            var limits = GroupLimits()
            limits.memory = .mebibytes(64)
            limits.memorySoft = .mebibytes(32)
            let group = try kernel.group(limits)
            let directory = try group.holding(.memory)
            #expect(try directory.readNumber(SoftMemory.file(directory.version)) == 32 << 20)
            guard directory.version == .v2, let parent = kernel.parent.directories.holding(.memory, kernel.layout) else { return }
            #expect(try parent.readNumber("memory.low") == 32 << 20)
            try group.remove()
            #expect(try parent.readNumber("memory.low") == 0)
        }
    }

    @Test(arguments: KernelFixture.layouts) func anIOWeightTakesOrSaysWhatIsMissing(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            var limits = GroupLimits()
            limits.ioWeight = 300
            let directory = try kernel.parent.prepare("probe.1").holding(.io)
            guard IOWeight.isThere(directory) else {
                let error = #expect(throws: CgroupError.self) { try kernel.group(limits) }
                #expect(error?.description.contains("neither io.cost nor bfq") == true)
                return
            }
            let group = try kernel.group(limits).holding(.io)
            let found = ["io.weight", "io.bfq.weight", "blkio.bfq.weight"].compactMap { group.readIfPresent($0) }
            #expect(!found.isEmpty && found.allSatisfy { $0.hasSuffix("300") || $0.hasSuffix("118") }, "\(found)")
        }
    }

    /// A file that was written once is page cache, not what a person calls memory in use.
    @Test(arguments: KernelFixture.layouts) func theWorkingSetIsLessThanWhatIsCharged(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let place = try Descriptor.open("/var/tmp", [.directory, .temporary, .readWrite], mode: 0o600)
            var limits = GroupLimits()
            limits.memory = .mebibytes(256)
            let group = try kernel.group(limits)
            let worker = try kernel.start(
                "use IO::Handle; open(F, '+>', '/proc/\(ProcessContext.processID)/fd/\(place.rawValue)') or die; "
                    + "syswrite(F, 'x' x (1 << 20)) for 1 .. 24; F->sync; print 'done'; sleep 60;", in: group)
            #expect(String(decoding: try worker.output.read(upTo: 4), as: UTF8.self) == "done")
            let (inUse, working) = (try group.memoryInUse(), try group.workingSet())
            #expect(inUse.count >= working.count + 16 << 20, "\(inUse) charged, \(working) in use")
        }
    }

    @Test(arguments: KernelFixture.layouts) func memoryBeyondTheLimitIsKilledAndCounted(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            var limits = GroupLimits()
            limits.memory = .mebibytes(32)
            let probe = try kernel.group()
            if probe.countsSwap { limits.swap = .zero }
            let group = try kernel.group(limits)
            let watch = try group.watchMemory(limit: .mebibytes(32))
            let poller = try Poller()
            for (index, item) in try watch.arm().enumerated() { try poller.add(item.descriptor, item.readiness, token: UInt64(index)) }
            #expect(try group.outOfMemoryKills() == 0 && watch.events().isEmpty)
            let worker = try kernel.start("my $n = 200; my $x = 'a' x ($n << 20); print length $x;", in: group)
            #expect(try worker.process.wait() == .killed(signal: 9, coreDumped: false))
            #expect(try group.outOfMemoryKills() == 1)
            #expect(try !poller.wait(milliseconds: 2_000).isEmpty, "the kernel told without being asked")
            let events = try watch.events()
            #expect(events == [.reached(percent: 80), .reached(percent: 95), .outOfMemory(kills: 1)])
            #expect(try watch.events().isEmpty)
            let usage = group.usage()
            #expect(usage.outOfMemoryKills == 1)
            if kind == .v2 { #expect(try #require(usage.memoryFailures) > 0) } else { #expect(usage.memoryFailures != 0, "counted, or not known") }
            #expect(try #require(usage.minorFaults) >= 14, "28 MiB and more, in huge pages of 2 MiB at most")
            if let peak = usage.memoryPeak { #expect(peak > .mebibytes(30) && peak <= .mebibytes(32)) }
        }
    }

    @Test(arguments: KernelFixture.layouts) func limitsOfALiveGroupChange(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            var limits = GroupLimits()
            limits.memory = .mebibytes(64)
            let group = try kernel.group(limits)
            if group.countsSwap { limits.swap = .mebibytes(8) }
            for mebibytes in [UInt64(256), 32, 512, 16] {
                limits.memory = .mebibytes(mebibytes)
                try group.apply(limits)
                limits.swap = nil
            }
            limits.pids = 7
            limits.cpuQuota = CpuQuota(quotaMicroseconds: 20_000, periodMicroseconds: 50_000)
            limits.cpuWeight = 50
            try group.apply(limits)
            limits.cpuQuota = CpuQuota(quotaMicroseconds: nil)
            limits.cpuWeight = 10_000
            try group.apply(limits)
            limits.cpuWeight = 10_001
            #expect(throws: CgroupError.self) { try group.apply(limits) }
        }
    }

    @Test(arguments: KernelFixture.layouts) func processesBeyondTheLimitAreRefused(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            var limits = GroupLimits()
            limits.pids = 5
            let group = try kernel.group(limits)
            let worker = try kernel.start(
                "my $n = 1; for (1..20) { my $p = fork; last unless defined $p; if (!$p) { sleep 60; exit } $n++ } print $n;", in: group)
            #expect(try worker.output.read(upTo: 10) == Array("5".utf8))
            if let peak = group.usage().pidsPeak { #expect(peak == 5) }
        }
    }

    @Test(arguments: KernelFixture.layouts) func cpuQuotaThrottlesAndIsCounted(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            var limits = GroupLimits()
            limits.cpuQuota = CpuQuota(quotaMicroseconds: 5_000, periodMicroseconds: 50_000)
            let group = try kernel.group(limits)
            let worker = try kernel.start("my $t = times; 1 while times < $t + 0.15;", in: group)
            #expect(try worker.process.wait() == .exited(0))
            let usage = group.usage()
            #expect(try #require(usage.throttledPeriods) > 5)
            #expect(try #require(usage.throttledMicroseconds) > 0)
            #expect(try #require(usage.cpuMicroseconds) >= 100_000)
        }
    }

    @Test(arguments: KernelFixture.layouts) func writesAreThrottledAndCounted(kind: CgroupLayout.Kind) throws {
        try withKernel(kind) { kernel in
            let directory = "/var/tmp"
            let disk = try #require(try IODevices().disks(ofPath: directory).first)
            let rate: UInt64 = 2 << 20
            var limits = GroupLimits()
            limits.io = [IOThrottle(device: disk, writeBytesPerSecond: rate)]
            let group = try kernel.group(limits)
            let path = "\(directory)/berth-test-io-\(UInt32.random(in: 0...UInt32.max))"
            defer { try? Descriptor.open(directory, .directory).unlink(String(path.split(separator: "/")[2])) }
            let started = bootNanoseconds()
            let worker = try kernel.start(
                "exec 'dd', 'if=/dev/zero', 'of=\(path)', 'bs=256k', 'count=20', 'oflag=direct', 'status=none';", in: group)
            #expect(try worker.process.wait() == .exited(0))
            let seconds = Double(bootNanoseconds() - started) / 1e9
            // 5 MiB at 2 MiB/s with no more than one second's worth for nothing.
            #expect(Double(5 << 20) <= Double(rate) * (seconds + 1), "5 MiB in \(seconds) s")
            let usage = group.usage()
            #expect(try #require(usage.writtenBytes) >= 5 << 20)
            #expect(try #require(usage.writeOperations) >= 20)
            #expect(usage.ioPartial == (kernel.layout.version(of: .io) == .v1))
            limits.io = [IOThrottle(device: disk, readOperationsPerSecond: 100)]
            try group.apply(limits)
            let file = kernel.layout.version(of: .io) == .v1 ? "blkio.throttle.write_bps_device" : "io.max"
            #expect(try !group.holding(.io).read(file).contains("\(rate)"), "the old limit is gone")
        }
    }

    /// A subvolume has a device number that no mount has; the disk is the one that carries the loop device's file.
    @Test(.enabled(if: (try? Descriptor.open("/sbin/mkfs.btrfs", .path)) != nil, "needs btrfs-progs"))
    func aSubvolumeInAFileLeadsToTheDisk() throws {
        let temporary = try Descriptor.open("/var/tmp", .directory)
        let name = "berth-test-disk-\(UInt32.random(in: 0...UInt32.max))"
        let place = try temporary.makeAndOpenDirectory(name)
        defer { _ = try? removeTree(at: temporary, name) }
        let image = try place.open(at: "image", [.readWrite, .create])
        try image.truncate(to: 300 << 20)
        let path = "/var/tmp/\(name)"
        let maker = try Spawn(path: "/sbin/mkfs.btrfs", arguments: ["mkfs.btrfs", "-q", path + "/image"]).run()
        try #require(try maker.wait() == .exited(0))
        let loop = try LoopDevice.attach(image)
        try place.makeDirectory("mnt")
        try Mount.mount(loop.path, at: path + "/mnt", type: "btrfs")
        loop.descriptor.close()
        defer { try? Mount.detach(path + "/mnt") }
        let root = try Descriptor.open(path + "/mnt", .directory)
        try Btrfs.createSubvolume("sub", in: root)
        let file = try root.open(at: "sub/file", [.writeOnly, .create])
        #expect(try file.status().device.major == 0 && !MountTable().entries.contains { try $0.device == file.status().device })
        #expect(try IODevices().disks(of: file) == IODevices().disks(of: temporary))
        let nowhere = try Descriptor.memoryFile("nowhere")
        let error = #expect(throws: SystemError.self) { try IODevices().disks(of: nowhere) }
        #expect(error?.detail.contains("no disk carries") == true)
    }

    @Test(.enabled(if: KernelFixture.layouts.contains { $0 != .v2 }, "needs cgroup v1's device controller"))
    func onlyAllowedDevicesOpen() throws {
        try withKernel(KernelFixture.layouts[0]) { kernel in
            let program = "for ('/dev/null', '/dev/zero', '/dev/loop1', '/dev/loop-control') { print sysopen(F, $_, 0) ? 0 : $! + 0, ' '; }"
            let free = try kernel.start(program, in: kernel.group())
            #expect(try free.output.readText() == "0 0 0 0 ")
            let held = try kernel.start(program, in: kernel.group(), devices: DeviceRule.containerDefault)
            #expect(try held.output.readText() == "0 0 1 1 ")
            _ = try kernel.group().entry(devices: DeviceRule.containerDefault.reversed())
            _ = try kernel.group().entry(devices: DeviceRule.containerDefault + [DeviceRule(major: 10, minor: 237)])
            let shared = try #require(kernel.parent.directories.legacy[.devices]).children()
            #expect(shared.count == 2, "one group per list")
            let loop = try kernel.start(
                program, in: kernel.group(), devices: DeviceRule.containerDefault + [DeviceRule(major: 10, minor: 237)])
            #expect(try loop.output.readText() == "0 0 1 0 ")
        }
    }
}
