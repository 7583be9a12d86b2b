package import JobModel

/// Reads what reports need from the packed form of ended attempts, without making the rest: what `LedgerAttempt(packed:)` would say of them.
package struct FactsReader {
    private var ownerName = TextCache()
    private var batch = TextCache()
    private var queue = TextCache()
    private var image = TextCache()
    private var node = TextCache()
    private var kind: (bytes: [UInt8], value: AttemptOutcome.Kind) = ([], .succeeded)
    private let name: [UInt8]?

    /// - Parameter name: only attempts of jobs with this name are wanted.
    package init(name: String? = nil) { self.name = name.map { Array($0.utf8) } }

    /// Nil for one that is not wanted.
    package mutating func read(_ bytes: UnsafeRawBufferPointer) throws(PackingError) -> AttemptFacts? {
        var facts = AttemptFacts()
        return try read(bytes, into: &facts) ? facts : nil
    }

    /// In place of what was there: half a kilobyte is not moved once more for each. False for one that is not wanted.
    package mutating func read(_ bytes: UnsafeRawBufferPointer, into facts: inout AttemptFacts) throws(PackingError) -> Bool {
        facts = AttemptFacts()
        var fields = FieldScanner(bytes)
        var isNamed = name == nil
        while try fields.next() {
            switch fields.number {
            case 1: try Self.readID(fields.bytes, &facts)
            case 2: facts.owner = UserID(UInt32(truncatingIfNeeded: fields.value))
            case 3: facts.ownerName = ownerName.text(fields.bytes)
            case 4: if let name { isNamed = fields.bytes.are(name) }
            case 5: facts.batch = batch.text(fields.bytes)
            case 6: facts.queue = queue.text(fields.bytes)
            case 7: facts.image = image.text(fields.bytes)
            case 8: facts.node = node.text(fields.bytes)
            case 9: try Self.readDemand(fields.bytes, &facts)
            case 13: facts.startedAt = WallTime(milliseconds: fields.signed)
            case 14: facts.endedAt = WallTime(milliseconds: fields.signed)
            case 15: facts.queuedFor = TimeSpan(milliseconds: fields.signed)
            case 16: facts.ranFor = TimeSpan(milliseconds: fields.signed)
            case 17: facts.pausedFor = TimeSpan(milliseconds: fields.signed)
            case 18: facts.outcome = try readOutcome(fields.bytes)
            case 19: try Self.readUsage(fields.bytes, &facts.usage)
            case 21: facts.startingFor = TimeSpan(milliseconds: fields.signed)
            default: break
            }
        }
        return isNamed
    }

    private static func readID(_ bytes: UnsafeRawBufferPointer, _ facts: inout AttemptFacts) throws(PackingError) {
        var fields = FieldScanner(bytes)
        while try fields.next() {
            switch fields.number {
            case 1: facts.job = JobID(fields.value)
            case 2: facts.slot = TaskIndex(truncatingIfNeeded: fields.value)
            case 3: facts.number = UInt32(truncatingIfNeeded: fields.value)
            default: break
            }
        }
    }

    private static func readDemand(_ bytes: UnsafeRawBufferPointer, _ facts: inout AttemptFacts) throws(PackingError) {
        var fields = FieldScanner(bytes)
        while try fields.next() {
            switch fields.number {
            case 1: facts.cores = Int(fields.signed)
            case 2: facts.cpuMillis = Int(fields.signed)
            case 3: facts.memory = Bytes(fields.value)
            default: return
            }
        }
    }

    private mutating func readOutcome(_ bytes: UnsafeRawBufferPointer) throws(PackingError) -> AttemptOutcome.Kind {
        var fields = FieldScanner(bytes)
        while try fields.next() {
            guard fields.number == 1 else { continue }
            if fields.bytes.are(kind.bytes) { return kind.value }
            let text = String(decoding: fields.bytes, as: UTF8.self)
            guard let value = AttemptOutcome.Kind(rawValue: text) else { throw PackingError("outcome '\(text)' is not known") }
            kind = (Array(fields.bytes), value)
            return value
        }
        throw PackingError("the outcome is missing")
    }

    private static func readUsage(_ bytes: UnsafeRawBufferPointer, _ usage: inout UsageFacts) throws(PackingError) {
        var fields = FieldScanner(bytes)
        usage.isKnown = !bytes.isEmpty
        while try fields.next() {
            let value = fields.value
            switch fields.number {
            case 1: usage.cpuUserMicroseconds = value
            case 2: usage.cpuSystemMicroseconds = value
            case 3: usage.throttledMicroseconds = value
            case 4: usage.throttledPeriods = value
            case 5: usage.memoryPeak = value
            case 6: usage.outOfMemoryKills = value
            case 7: usage.pidsPeak = value
            case 8: usage.readBytes = value
            case 9: usage.writtenBytes = value
            case 10: usage.readOperations = value
            case 11: usage.writeOperations = value
            case 12: usage.ioPartial = value != 0
            case 13: usage.logBytes = value
            case 14: usage.logDroppedBytes = value
            case 15: usage.minorFaults = value
            case 16: usage.majorFaults = value
            case 17: usage.voluntarySwitches = value
            case 18: usage.involuntarySwitches = value
            case 30: usage.memoryFailures = value
            case 32: usage.swapPeak = value
            case 33: usage.swapPartial = value != 0
            case 38: usage.reapedCpuMicroseconds = value
            case 39: usage.switchesPartial = value != 0
            default: break
            }
        }
    }
}

/// Walks over the fields that `Packer` wrote, where they lie.
private struct FieldScanner {
    private let whole: UnsafeRawBufferPointer
    private var at = 0
    private(set) var number: UInt64 = 0
    private(set) var value: UInt64 = 0
    private(set) var bytes: UnsafeRawBufferPointer

    init(_ whole: UnsafeRawBufferPointer) {
        self.whole = whole
        bytes = UnsafeRawBufferPointer(rebasing: whole[0..<0])
    }

    var signed: Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }

    private mutating func raw() throws(PackingError) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while at < whole.count {
            let byte = whole[at]
            at += 1
            guard shift < 64 else { throw PackingError("a number of more than 64 bits") }
            result |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return result }
            shift += 7
        }
        throw PackingError("the value ends within a number")
    }

    mutating func next() throws(PackingError) -> Bool {
        guard at < whole.count else { return false }
        let tag = try raw()
        number = tag >> 1
        value = try raw()
        guard tag & 1 == 1 else {
            bytes = UnsafeRawBufferPointer(rebasing: whole[at..<at])
            return true
        }
        guard value <= UInt64(whole.count - at) else { throw PackingError("field \(number): the value ends within it") }
        bytes = UnsafeRawBufferPointer(rebasing: whole[at..<(at + Int(value))])
        at += Int(value)
        return true
    }
}

/// Neighbours in the ledger share most of their words.
private struct TextCache {
    private var bytes: [UInt8] = []
    private var last = ""

    mutating func text(_ found: UnsafeRawBufferPointer) -> String {
        if found.are(bytes) { return last }
        bytes = Array(found)
        last = String(decoding: found, as: UTF8.self)
        return last
    }
}

extension UnsafeRawBufferPointer {
    /// Without an iterator for each, which costs more than these few bytes.
    fileprivate func are(_ other: [UInt8]) -> Bool {
        guard count == other.count else { return false }
        var at = 0
        while at < count, self[at] == other[at] { at += 1 }
        return at == count
    }
}
