/// What the kernel counts for a group and for the groups above it alike, so that the two can be held against each other.
public enum AccountCounter: String, Hashable, Sendable, Codable, CaseIterable {
    case cpuUser, cpuSystem, readBytes, writtenBytes, readOperations, writeOperations, minorFaults, majorFaults

    /// Of one group; CPU time in microseconds, io over all devices, those below others included. Nil: not counted.
    public func value(_ usage: Usage) -> UInt64? {
        func io(_ field: KeyPath<DeviceUsage, UInt64>) -> UInt64? {
            guard usage.readOperations != nil else { return nil }
            return (usage.devices ?? []).reduce(0) { $0 &+ $1[keyPath: field] }
        }
        return switch self {
        case .cpuUser: usage.cpuUserMicroseconds
        case .cpuSystem: usage.cpuSystemMicroseconds
        case .readBytes: io(\.readBytes)
        case .writtenBytes: io(\.writtenBytes)
        case .readOperations: io(\.readOperations)
        case .writeOperations: io(\.writeOperations)
        case .minorFaults: usage.minorFaults
        case .majorFaults: usage.majorFaults
        }
    }
}

/// Sums over attempts, ever growing, whatever reports forget.
public struct AccountTotals: Hashable, Sendable, Codable {
    /// In the order of `AccountCounter`.
    public var sums: [UInt64]
    /// How many attempts had no number.
    public var missing: [UInt64]

    public init() {
        sums = Array(repeating: 0, count: AccountCounter.allCases.count)
        missing = sums
    }

    public mutating func add(_ usage: Usage) {
        // One that never started has nothing to be counted.
        guard usage != Usage() else { return }
        for (place, counter) in AccountCounter.allCases.enumerated() {
            if let value = counter.value(usage) { sums[place] &+= value } else { missing[place] += 1 }
        }
    }

    /// What came after `earlier`.
    public func since(_ earlier: AccountTotals) -> AccountTotals {
        var result = self
        for place in sums.indices {
            result.sums[place] = sums[place] &- earlier.sums[place]
            result.missing[place] = missing[place] &- earlier.missing[place]
        }
        return result
    }
}

/// From when on the parent group and the jobs are held against each other.
public struct AccountSpan: Hashable, Sendable, Codable {
    public var bootID: String
    /// Of the parent's directories: another one counts from nothing.
    public var identity: String
    public var since: WallTime
    public var jobs: AccountTotals
    /// Of the parent at that time, less what the attempts that ran had used; in the order of `AccountCounter`, nil where it counts nothing.
    public var parent: [UInt64?]

    public init(bootID: String, identity: String, since: WallTime, jobs: AccountTotals, parent: [UInt64?]) {
        self.bootID = bootID
        self.identity = identity
        self.since = since
        self.jobs = jobs
        self.parent = parent
    }
}
