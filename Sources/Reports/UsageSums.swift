internal import JobModel

/// Sums and largest values of what the kernel counted, each with how many attempts had no number.
struct UsageSums: Sendable {
    enum Field: Int, CaseIterable, Sendable {
        case cpuUser, cpuSystem, cpu, readBytes, writtenBytes, throttled, throttledPeriods, memoryFailures, outOfMemoryKills, readOperations,
            writeOperations, minorFaults, majorFaults, voluntarySwitches, involuntarySwitches, logBytes, logDroppedBytes
        // The largest counts of these.
        case memoryPeak, swapPeak, pidsPeak
    }

    private var counters = [ReportSum.Counter](repeating: ReportSum.Counter(), count: Field.allCases.count)

    subscript(_ field: Field) -> ReportSum { counters[field.rawValue].result }

    mutating func add(_ usage: UsageFacts) {
        counters.withUnsafeMutableBufferPointer { all in
            func add(_ field: Field, _ value: UInt64?, partial: Bool = false) { all[field.rawValue].add(value, partial: partial) }
            func take(_ field: Field, _ value: UInt64?, partial: Bool = false) { all[field.rawValue].take(value, partial: partial) }
            add(.cpuUser, usage.cpuUserMicroseconds)
            add(.cpuSystem, usage.cpuSystemMicroseconds)
            add(.cpu, usage.cpuMicroseconds)
            add(.readBytes, usage.readBytes)
            add(.writtenBytes, usage.writtenBytes, partial: usage.ioPartial)
            add(.throttled, usage.throttledMicroseconds)
            add(.throttledPeriods, usage.throttledPeriods)
            add(.memoryFailures, usage.memoryFailures)
            add(.outOfMemoryKills, usage.outOfMemoryKills)
            add(.readOperations, usage.readOperations)
            add(.writeOperations, usage.writeOperations, partial: usage.ioPartial)
            add(.minorFaults, usage.minorFaults)
            add(.majorFaults, usage.majorFaults)
            add(.voluntarySwitches, usage.voluntarySwitches, partial: usage.switchesPartial)
            add(.involuntarySwitches, usage.involuntarySwitches, partial: usage.switchesPartial)
            add(.logBytes, usage.logBytes)
            add(.logDroppedBytes, usage.logDroppedBytes)
            take(.memoryPeak, usage.memoryPeak)
            take(.swapPeak, usage.swapPeak, partial: usage.swapPartial)
            take(.pidsPeak, usage.pidsPeak)
        }
    }

    mutating func add(_ other: UsageSums) {
        for field in Field.allCases {
            counters[field.rawValue].merge(other.counters[field.rawValue], isLargest: field.rawValue >= Field.memoryPeak.rawValue)
        }
    }

    var counts: ReportRow.Counts {
        ReportRow.Counts(
            throttledPeriods: self[.throttledPeriods], memoryFailures: self[.memoryFailures], outOfMemoryKills: self[.outOfMemoryKills],
            swapPeak: self[.swapPeak], pidsPeak: self[.pidsPeak], readOperations: self[.readOperations],
            writeOperations: self[.writeOperations], minorFaults: self[.minorFaults], majorFaults: self[.majorFaults],
            voluntarySwitches: self[.voluntarySwitches], involuntarySwitches: self[.involuntarySwitches], logBytes: self[.logBytes],
            logDroppedBytes: self[.logDroppedBytes])
    }
}
