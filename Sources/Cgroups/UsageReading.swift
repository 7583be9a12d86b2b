public import JobModel
import LinuxSys

extension AttemptGroup {
    /// What the kernel counted for the attempt, PID 1 included. A field that this kernel does not count is nil; `ioPartial` says that v1 gives
    /// buffered write-back to nobody. Read it before the group goes.
    public func usage() -> Usage { UsageReading.read(directories, layout) }
}

enum UsageReading {
    static func read(_ group: GroupDirectories, _ layout: CgroupLayout) -> Usage {
        var usage = Usage()
        readCpu(group, layout, &usage)
        readMemory(group, layout, &usage)
        readIO(group, layout, &usage)
        if let pids = group.holding(.pids, layout) { usage.pidsPeak = try? pids.readNumber("pids.peak") }
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
            usage.outOfMemoryKills = try? memory.readTable("memory.events")["oom_kill"]
        case .v1:
            usage.memoryPeak = (try? memory.readNumber("memory.max_usage_in_bytes")).map { Bytes($0) }
            usage.outOfMemoryKills = try? memory.readTable("memory.oom_control")["oom_kill"]
        }
    }

    private static func readIO(_ group: GroupDirectories, _ layout: CgroupLayout, _ usage: inout Usage) {
        guard let directory = group.holding(.io, layout), let counters = BlockIO.counters(of: directory) else { return }
        let sum = total(counters, IODevices())
        usage.readBytes = sum.readBytes
        usage.writtenBytes = sum.writtenBytes
        usage.readOperations = sum.readOperations
        usage.writeOperations = sum.writeOperations
        usage.ioPartial = directory.version == .v1
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
        readBytes += other.readBytes
        writtenBytes += other.writtenBytes
        readOperations += other.readOperations
        writeOperations += other.writeOperations
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
