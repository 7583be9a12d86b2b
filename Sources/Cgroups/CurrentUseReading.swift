public import JobModel
import LinuxSys

extension AttemptGroup {
    /// What the attempt uses now, PID 1 included; a few reads of files in memory.
    public func currentUse(at time: BootTime) -> CurrentUse { CurrentUseReading.read(directories, layout, at: time) }
}

enum CurrentUseReading {
    static func read(_ group: GroupDirectories, _ layout: CgroupLayout, at time: BootTime) -> CurrentUse {
        var use = CurrentUse(readAt: time)
        // The v2 side counts cpu time in every group, without a controller.
        if let table = try? group.unified?.readTable("cpu.stat") {
            use.cpuMicroseconds = table["usage_usec"]
        } else {
            use.cpuMicroseconds = (try? group.legacy[.cpuacct]?.readNumber("cpuacct.usage")).map { $0 / 1000 }
        }
        if let memory = group.holding(.memory, layout) { readMemory(memory, &use) }
        use.pids = group.holding(.pids, layout).flatMap { try? $0.readNumber("pids.current") }
        if let directory = group.holding(.io, layout), let counters = BlockIO.counters(of: directory) {
            let sum = UsageReading.total(counters, IODevices())
            (use.readBytes, use.writtenBytes) = (sum.readBytes, sum.writtenBytes)
        }
        return use
    }

    private static func readMemory(_ memory: GroupDirectory, _ use: inout CurrentUse) {
        let (current, inactive) =
            switch memory.version {
            case .v2: ("memory.current", "inactive_file")
            case .v1: ("memory.usage_in_bytes", "total_inactive_file")
            }
        guard let charged = try? memory.readNumber(current) else { return }
        use.memoryCharged = Bytes(charged)
        let cache = (try? memory.readTable("memory.stat"))?[inactive] ?? 0
        use.memory = Bytes(charged - min(charged, cache))
    }
}
