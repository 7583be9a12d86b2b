public import JobModel
import LinuxSys
internal import Synchronization

extension AttemptGroup {
    /// What the kernel counted for the attempt, PID 1 included. A field that this kernel does not count is nil; `ioPartial` says that v1 gives
    /// buffered write-back to nobody. Read it before the group goes.
    public func usage() -> Usage {
        UsageReading.read(directories, layout, parent.hugePageSizes, allowsHugePages: known.withLock { $0.allowsHugePages } ?? true)
    }
}

extension GroupParent {
    /// What the kernel counted for all groups below, those that are gone included. Where it counts only what is in the parent itself there is
    /// nothing: io on v1.
    public func usage() -> Usage {
        var usage = UsageReading.read(directories, layout)
        if directories.holding(.io, layout)?.version == .v1 {
            (usage.readBytes, usage.writtenBytes, usage.readOperations, usage.writeOperations, usage.devices) = (nil, nil, nil, nil, nil)
        }
        return usage
    }

    /// Another one after the parent was removed and made anew: the kernel gives no number to two groups of a boot.
    public func identity() throws(CgroupError) -> String {
        var numbers: [String] = []
        for directory in directories.all {
            do throws(SystemError) { numbers.append("\(try directory.descriptor.status().inode)") } catch {
                throw CgroupError("look at", directory.path, cause: error)
            }
        }
        return numbers.joined(separator: "-")
    }
}

enum UsageReading {
    static func read(
        _ group: GroupDirectories, _ layout: CgroupLayout, _ hugePages: [HugePageLimit.Size] = [], allowsHugePages: Bool = true
    ) -> Usage {
        var usage = Usage()
        readCpu(group, layout, &usage)
        readMemory(group, layout, &usage)
        readIO(group, layout, &usage)
        if let pids = group.holding(.pids, layout) { usage.pidsPeak = try? pids.readNumber("pids.peak") }
        if !hugePages.isEmpty, let directory = group.holding(.hugetlb, layout) {
            usage.hugePages = HugePageLimit.usage(hugePages, of: directory, mayAllow: allowsHugePages)
        }
        return usage
    }

    private static func readCpu(_ group: GroupDirectories, _ layout: CgroupLayout, _ usage: inout Usage) {
        // The v2 side counts cpu time in every group, without a controller.
        if let table = try? group.unified?.readTable("cpu.stat") {
            usage.cpuUserMicroseconds = table["user_usec"]
            usage.cpuSystemMicroseconds = table["system_usec"]
        } else if let accounting = group.legacy[.cpuacct] {
            usage.cpuUserMicroseconds = (try? accounting.readNumber("cpuacct.usage_user")).map { $0 / 1000 }
            usage.cpuSystemMicroseconds = (try? accounting.readNumber("cpuacct.usage_sys")).map { $0 / 1000 }
        }
        guard let cpu = group.holding(.cpu, layout), let table = try? cpu.readTable("cpu.stat") else { return }
        usage.throttledPeriods = table["nr_throttled"]
        usage.throttledMicroseconds = table["throttled_usec"] ?? table["throttled_time"].map { $0 / 1000 }
    }

    private static func readMemory(_ group: GroupDirectories, _ layout: CgroupLayout, _ usage: inout Usage) {
        guard let memory = group.holding(.memory, layout) else { return }
        switch memory.version {
        case .v2:
            usage.memoryPeak = (try? memory.readNumber("memory.peak")).map { Bytes($0) }
            let events = try? memory.readTable("memory.events")
            usage.outOfMemoryKills = events?["oom_kill"]
            usage.outOfMemoryEvents = events?["oom"]
            usage.memoryFailures = events?["max"]
            usage.swapPeak = (try? memory.readNumber("memory.swap.peak")).map { Bytes($0) }
        case .v1:
            usage.memoryPeak = (try? memory.readNumber("memory.max_usage_in_bytes")).map { Bytes($0) }
            usage.outOfMemoryKills = try? memory.readTable("memory.oom_control")["oom_kill"]
            // With swap limited to none the counter of both is charged first, and is the one that fails.
            let both = (try? memory.readNumber("memory.memsw.failcnt")) ?? 0
            usage.memoryFailures = (try? memory.readNumber("memory.failcnt")).map { $0.saturated(adding: both) }
            // Kernels of today (seen on 6.18) count none on v1, even where a limit was hit and they killed for it: there a zero says nothing.
            if usage.memoryFailures == 0 { usage.memoryFailures = nil }
            readLegacySwap(memory, &usage)
        }
        if let table = try? memory.readTable("memory.stat"), let faults = table["total_pgfault"] ?? table["pgfault"],
            let major = table["total_pgmajfault"] ?? table["pgmajfault"]
        {
            // v1's other numbers leave out the groups below.
            usage.minorFaults = faults - min(major, faults)
            usage.majorFaults = major
        }
    }

    /// v1 keeps the peak of memory and of memory with swap. The second cannot exceed the sum of both peaks, so that the difference is the
    /// least that was in swap; where it is nothing, swap may have been used all the same.
    private static func readLegacySwap(_ memory: GroupDirectory, _ usage: inout Usage) {
        guard let peak = usage.memoryPeak, let both = try? memory.readNumber("memory.memsw.max_usage_in_bytes"), both > peak.count else { return }
        usage.swapPeak = Bytes(both - peak.count)
        usage.swapPartial = true
    }

    private static func readIO(_ group: GroupDirectories, _ layout: CgroupLayout, _ usage: inout Usage) {
        guard let directory = group.holding(.io, layout), let counters = BlockIO.counters(of: directory) else { return }
        let devices = IODevices()
        let sum = total(counters, devices)
        usage.readBytes = sum.readBytes
        usage.writtenBytes = sum.writtenBytes
        usage.readOperations = sum.readOperations
        usage.writeOperations = sum.writeOperations
        usage.ioPartial = directory.version == .v1
        usage.devices = byDevice(counters, devices)
    }

    /// The most devices that are kept of one attempt.
    private static let mostDevices = 32

    private static func byDevice(_ counters: [DeviceNumber: IOCounters], _ devices: IODevices) -> [DeviceUsage]? {
        let touched = counters.filter { $0.value != IOCounters() }.sorted { ($0.key.major, $0.key.minor) < ($1.key.major, $1.key.minor) }
        guard !touched.isEmpty else { return nil }
        return touched.prefix(mostDevices).map { device, counter in
            DeviceUsage(
                device: "\(device)", name: devices.name(of: device), readBytes: counter.readBytes, writtenBytes: counter.writtenBytes,
                readOperations: counter.readOperations, writeOperations: counter.writeOperations)
        }
    }

    /// The same bytes may be counted on a loop or mapped device and again on the disk below, or, where the device's own thread passes them on
    /// in its own name, on the upper one alone. So each kind of device is summed up, and the largest sum counts.
    static func total(_ counters: [DeviceNumber: IOCounters], _ devices: IODevices) -> IOCounters {
        var (loops, mapped, disks) = (IOCounters(), IOCounters(), IOCounters())
        for (device, counter) in counters {
            if device.isLoop { loops.add(counter) } else if devices.isStacked(device) { mapped.add(counter) } else { disks.add(counter) }
        }
        return loops.larger(mapped).larger(disks)
    }
}

extension IOCounters {
    fileprivate mutating func add(_ other: IOCounters) {
        readBytes = readBytes.saturated(adding: other.readBytes)
        writtenBytes = writtenBytes.saturated(adding: other.writtenBytes)
        readOperations = readOperations.saturated(adding: other.readOperations)
        writeOperations = writeOperations.saturated(adding: other.writeOperations)
    }

    /// Each count of the one that has more.
    fileprivate func larger(_ other: IOCounters) -> IOCounters {
        var result = self
        result.readBytes = max(readBytes, other.readBytes)
        result.writtenBytes = max(writtenBytes, other.writtenBytes)
        result.readOperations = max(readOperations, other.readOperations)
        result.writeOperations = max(writeOperations, other.writeOperations)
        return result
    }
}
