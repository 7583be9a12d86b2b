package import JobModel

extension IntervalSet: Packable {
    private static let listForm: UInt64 = 0
    private static let bitForm: UInt64 = 1

    /// As gaps and lengths, or as bits when that is shorter: never more than one bit an index, so that a large array whose tasks end in any
    /// order stays below a transaction's size.
    package func pack(into packer: inout Packer) {
        guard let first, let last else { return }
        let bitBytes = Int(last - first) / 8 + 1
        // A list takes at least two bytes a range.
        if ranges.count * 2 > bitBytes { return packBits(from: first, bytes: bitBytes, into: &packer) }
        packer.raw(Self.listForm)
        packer.raw(UInt64(ranges.count))
        var end: UInt64 = 0
        for range in ranges {
            packer.raw(UInt64(range.lowerBound) - end)
            packer.raw(UInt64(range.upperBound - range.lowerBound))
            end = UInt64(range.upperBound) + 1
        }
    }

    private func packBits(from first: TaskIndex, bytes: Int, into packer: inout Packer) {
        packer.raw(Self.bitForm)
        packer.raw(UInt64(first))
        var bits = [UInt8](repeating: 0, count: bytes)
        for range in ranges {
            for index in range { bits[Int(index - first) / 8] |= 1 << UInt8((index - first) % 8) }
        }
        packer.data(0, bits)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init()
        guard !fields.isAtEnd else { return }
        if try fields.raw() == Self.bitForm {
            let first = try fields.raw()
            let bits = try required(try fields.next(), "the bits").bytes
            try insert(bits: bits, from: first)
            return
        }
        var end: UInt64 = 0
        for _ in 0..<(try fields.raw()) {
            let lower = end &+ (try fields.raw())
            let upper = lower &+ (try fields.raw())
            guard lower <= upper, upper <= TaskIndex.max else { throw PackingError("an index above \(TaskIndex.max)") }
            insert(TaskIndex(lower)...TaskIndex(upper))
            end = upper + 1
        }
    }

    private mutating func insert(bits: ArraySlice<UInt8>, from first: UInt64) throws(PackingError) {
        guard first + UInt64(bits.count) * 8 <= UInt64(TaskIndex.max) + 8 else { throw PackingError("an index above \(TaskIndex.max)") }
        var start: UInt64?
        var index = first
        for byte in bits {
            for bit in 0..<8 {
                let isMember = byte & (1 << UInt8(bit)) != 0
                if isMember, start == nil { start = index }
                if !isMember, let lower = start {
                    insert(TaskIndex(lower)...TaskIndex(index - 1))
                    start = nil
                }
                index += 1
            }
        }
        if let lower = start { insert(TaskIndex(lower)...TaskIndex(index - 1)) }
    }
}
