/// Cpu quota and weight (sched-bwc.rst; cgroup-v2.rst, "CPU").
enum CpuBandwidth {
    static func apply(_ limits: GroupLimits, to group: GroupDirectory, isNew: Bool) throws(CgroupError) {
        if let quota = limits.cpuQuota { try apply(quota, to: group, isNew: isNew) }
        if let weight = limits.cpuWeight { try apply(weight: weight, to: group) }
    }

    private static func apply(_ quota: CpuQuota, to group: GroupDirectory, isNew: Bool) throws(CgroupError) {
        switch group.version {
        case .v2:
            try group.set("cpu.max", "\(quota.quotaMicroseconds.map(String.init) ?? "max") \(quota.periodMicroseconds)")
        case .v1:
            // A quota that is left from another period could be refused with the new one.
            if !isNew { try group.write("cpu.cfs_quota_us", "-1") }
            // The quota is read back in the period that a new group has.
            if !isNew || quota.periodMicroseconds != 100_000 { try group.set("cpu.cfs_period_us", "\(quota.periodMicroseconds)") }
            try group.set("cpu.cfs_quota_us", quota.quotaMicroseconds.map(String.init) ?? "-1")
        }
    }

    private static func apply(weight: UInt64, to group: GroupDirectory) throws(CgroupError) {
        guard (1...10_000).contains(weight) else {
            throw CgroupError("set cpu weight", group.path, wanted: "1 to 10000", found: "\(weight)")
        }
        switch group.version {
        case .v2: try group.set("cpu.weight", "\(weight)")
        // v1's usual share is 1024, v2's usual weight 100; 2 is the least that v1 takes.
        case .v1: try group.set("cpu.shares", "\(max(2, weight * 1024 / 100))")
        }
    }
}
