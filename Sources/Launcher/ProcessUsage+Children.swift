internal import CLinux
internal import JobLog

extension ProcessUsage {
    /// Of all processes reaped so far.
    static var ofChildren: ProcessUsage {
        var usage = rusage()
        linux_children_usage(&usage)
        var result = ProcessUsage()
        result.userMicroseconds = microseconds(usage.ru_utime)
        result.systemMicroseconds = microseconds(usage.ru_stime)
        result.maximumResidentKilobytes = UInt64(bitPattern: Int64(usage.ru_maxrss))
        result.minorFaults = UInt64(bitPattern: Int64(usage.ru_minflt))
        result.majorFaults = UInt64(bitPattern: Int64(usage.ru_majflt))
        result.voluntarySwitches = UInt64(bitPattern: Int64(usage.ru_nvcsw))
        result.involuntarySwitches = UInt64(bitPattern: Int64(usage.ru_nivcsw))
        result.blocksIn = UInt64(bitPattern: Int64(usage.ru_inblock))
        result.blocksOut = UInt64(bitPattern: Int64(usage.ru_oublock))
        return result
    }

    /// Both one after the other.
    static func + (first: ProcessUsage, second: ProcessUsage) -> ProcessUsage {
        var sum = ProcessUsage()
        sum.userMicroseconds = first.userMicroseconds &+ second.userMicroseconds
        sum.systemMicroseconds = first.systemMicroseconds &+ second.systemMicroseconds
        sum.maximumResidentKilobytes = max(first.maximumResidentKilobytes, second.maximumResidentKilobytes)
        sum.minorFaults = first.minorFaults &+ second.minorFaults
        sum.majorFaults = first.majorFaults &+ second.majorFaults
        sum.voluntarySwitches = first.voluntarySwitches &+ second.voluntarySwitches
        sum.involuntarySwitches = first.involuntarySwitches &+ second.involuntarySwitches
        sum.blocksIn = first.blocksIn &+ second.blocksIn
        sum.blocksOut = first.blocksOut &+ second.blocksOut
        return sum
    }
}

private func microseconds(_ time: timeval) -> UInt64 {
    UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000 &+ UInt64(bitPattern: Int64(time.tv_usec))
}
