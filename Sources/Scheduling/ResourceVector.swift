import JobModel

/// Amounts of everything that is counted, in one unit each, so that fits and reservations are exact.
///
/// Whole cores and the shared pool are one amount: with `T` usable CPUs, `E` exclusive ones and a quota sum of `M` thousandths, `n` more cores fit
/// exactly when `1000 n ≤ 1000 (T − E) − M`, because the pool keeps `⌈M / 1000⌉` CPUs.
struct ResourceVector: Hashable, Sendable {
    /// Thousandths of a CPU.
    var cpu: Int64
    /// Bytes.
    var memory: Int64
    /// Bytes on disk.
    var scratch: Int64
    /// Instances, in the order of `Settings.named`.
    var named: [Int64]
    /// Bytes of huge pages, in the order of `Machine.hugeSizes`.
    var huge: [Int64]

    static func += (a: inout ResourceVector, b: ResourceVector) { a.combine(b, +) }
    static func -= (a: inout ResourceVector, b: ResourceVector) { a.combine(b, -) }

    private mutating func combine(_ other: ResourceVector, _ operation: (Int64, Int64) -> Int64) {
        cpu = operation(cpu, other.cpu)
        memory = operation(memory, other.memory)
        scratch = operation(scratch, other.scratch)
        for index in named.indices { named[index] = operation(named[index], other.named[index]) }
        for index in huge.indices { huge[index] = operation(huge[index], other.huge[index]) }
    }

    func fits(in room: ResourceVector) -> Bool {
        guard cpu <= room.cpu, memory <= room.memory, scratch <= room.scratch else { return false }
        for index in named.indices where named[index] > room.named[index] { return false }
        for index in huge.indices where huge[index] > room.huge[index] { return false }
        return true
    }

    /// In the order that `ClassTree` keeps.
    var flat: [Int64] { [cpu, memory, scratch] + named + huge }

    /// More is given than there is of something.
    var isShort: Bool { flat.contains { $0 < 0 } }
}

extension Int64 {
    /// Far beyond every sum of real amounts and times, yet safe to add up: stands for "no limit" and "never".
    static let endless = Int64.max / 8

    init(capped amount: UInt64) { self = amount > UInt64(Int64.endless) ? .endless : Int64(amount) }
}

extension TimeSpan {
    /// Nanoseconds; a limit of centuries counts as endless and cannot overflow.
    var cappedNanoseconds: Int64 { milliseconds > Int64.endless / 1_000_000 ? .endless : max(0, milliseconds) * 1_000_000 }
}
