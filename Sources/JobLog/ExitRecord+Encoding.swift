extension ExitRecord {
    private static let magic: UInt64 = 0x4452_4852_4542  // "BERHRD"

    /// magic 8 │ version 2 │ kind 1 │ stage 1 │ index 2 │ flags 2 │ status or errno 4 │ – 4 │ 13 numbers of 8 │ length 1, failure 119 │ checksum 8 at the end.
    public func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        store(Self.magic, in: &bytes, at: 0, size: 8)
        store(UInt64(Self.version), in: &bytes, at: 8, size: 2)
        switch outcome {
        case .ended(let status):
            bytes[10] = 1
            store(UInt64(UInt32(bitPattern: status)), in: &bytes, at: 16, size: 4)
        case .startFailed(let stage, let index, let errno):
            bytes[10] = 2
            bytes[11] = stage
            store(UInt64(index), in: &bytes, at: 12, size: 2)
            store(UInt64(UInt32(bitPattern: errno)), in: &bytes, at: 16, size: 4)
        }
        store(isUsagePartial ? Self.usageIsPartial : 0, in: &bytes, at: 14, size: 2)
        for (place, value) in numbers.enumerated() { store(value, in: &bytes, at: 24 + 8 * place, size: 8) }
        let shown = Self.shortened(failure)
        bytes[Self.failurePlace] = UInt8(truncatingIfNeeded: shown.count)
        for (place, byte) in shown.enumerated() { bytes[Self.failurePlace + 1 + place] = byte }
        store(checksum(bytes[0..<Self.size - 8]), in: &bytes, at: Self.size - 8, size: 8)
        return bytes
    }

    /// Refuses what is torn, forged or of a later version.
    public init(decoding bytes: [UInt8]) throws(JobLogError) {
        try check(bytes, magic: Self.magic, size: Self.size, version: 8, readable: Self.readable)
        let code = Int32(bitPattern: UInt32(truncatingIfNeeded: number(bytes, at: 16, size: 4)))
        switch bytes[10] {
        case 1: self.init(outcome: .ended(waitStatus: code))
        case 2:
            let index = UInt16(truncatingIfNeeded: number(bytes, at: 12, size: 2))
            self.init(outcome: .startFailed(stage: bytes[11], index: index, errno: code))
        default: throw .invalid
        }
        isUsagePartial = number(bytes, at: 14, size: 2) & Self.usageIsPartial != 0
        var values: [UInt64] = []
        for place in 0..<13 { values.append(number(bytes, at: 24 + 8 * place, size: 8)) }
        numbers = values
        let length = Int(bytes[Self.failurePlace])
        guard length <= Self.failureSize else { throw .invalid }
        failure = Array(bytes[Self.failurePlace + 1..<Self.failurePlace + 1 + length])
    }

    private static let usageIsPartial: UInt64 = 1
    private static let failurePlace = 128

    /// Beginning and end tell the operation and the name it ended on.
    private static func shortened(_ text: [UInt8]) -> [UInt8] {
        guard text.count > failureSize else { return text }
        let half = (failureSize - 3) / 2
        let dots = [UInt8](repeating: UInt8(ascii: "."), count: 3)
        return Array(text[..<half]) + dots + Array(text[(text.count - half)...])
    }

    private var numbers: [UInt64] {
        get { [startBootNanoseconds, endBootNanoseconds] + usage.counters + [logBytesKept, logBytesDropped] }
        set {
            startBootNanoseconds = newValue[0]
            endBootNanoseconds = newValue[1]
            usage.counters = Array(newValue[2..<2 + ProcessUsage.count])
            logBytesKept = newValue[2 + ProcessUsage.count]
            logBytesDropped = newValue[3 + ProcessUsage.count]
        }
    }
}

extension ProcessUsage {
    /// How many there are.
    public static let count = 9

    /// All of them, in the order of the record.
    public var counters: [UInt64] {
        get {
            [
                userMicroseconds, systemMicroseconds, maximumResidentKilobytes, minorFaults, majorFaults, voluntarySwitches, involuntarySwitches,
                blocksIn, blocksOut,
            ]
        }
        set {
            userMicroseconds = newValue[0]
            systemMicroseconds = newValue[1]
            maximumResidentKilobytes = newValue[2]
            minorFaults = newValue[3]
            majorFaults = newValue[4]
            voluntarySwitches = newValue[5]
            involuntarySwitches = newValue[6]
            blocksIn = newValue[7]
            blocksOut = newValue[8]
        }
    }
}

/// Torn, foreign and forged bytes are invalid; whole ones of a format that is not known are named.
private func check(_ bytes: [UInt8], magic: UInt64, size: Int, version place: Int, readable: ClosedRange<UInt16>) throws(JobLogError) {
    guard bytes.count == size, number(bytes, at: 0, size: 8) == magic,
        number(bytes, at: size - 8, size: 8) == checksum(bytes[0..<size - 8])
    else { throw .invalid }
    let version = UInt16(truncatingIfNeeded: number(bytes, at: place, size: 2))
    guard readable.contains(version) else { throw .unknownFormat(found: version, latest: readable.upperBound) }
}

extension ClonedStamp {
    private static let magic: UInt64 = 0x444e_4f4c_4342  // "BCLOND"

    /// magic 8 │ pid 4 │ length 2 │ version 2 │ start 8 │ time 8 │ group's name 72 │ checksum 8.
    public func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        let name = groupName.prefix(Self.groupNameSize)
        store(Self.magic, in: &bytes, at: 0, size: 8)
        store(UInt64(UInt32(bitPattern: pid)), in: &bytes, at: 8, size: 4)
        store(UInt64(name.count), in: &bytes, at: 12, size: 2)
        store(UInt64(Self.version), in: &bytes, at: 14, size: 2)
        store(startTicks, in: &bytes, at: 16, size: 8)
        store(bootNanoseconds, in: &bytes, at: 24, size: 8)
        for (place, byte) in name.enumerated() { bytes[Self.namePlace + place] = byte }
        store(checksum(bytes[0..<Self.size - 8]), in: &bytes, at: Self.size - 8, size: 8)
        return bytes
    }

    private static let namePlace = 32

    /// Refuses what is torn or of a later version.
    public init(decoding bytes: [UInt8]) throws(JobLogError) {
        try check(bytes, magic: Self.magic, size: Self.size, version: 14, readable: Self.readable)
        let length = Int(truncatingIfNeeded: number(bytes, at: 12, size: 2))
        guard length <= Self.groupNameSize else { throw .invalid }
        pid = Int32(bitPattern: UInt32(truncatingIfNeeded: number(bytes, at: 8, size: 4)))
        startTicks = number(bytes, at: 16, size: 8)
        bootNanoseconds = number(bytes, at: 24, size: 8)
        groupName = Array(bytes[Self.namePlace..<Self.namePlace + length])
    }
}
