extension StoreEntry {
    /// The value alone; the key says what it is.
    package var packedValue: [UInt8] {
        let bytes = packedUnchecked
        assert((try? StoreEntry(key: key, packedValue: bytes)) == self, "\(key): a field is missing in its packed form, see PackingTests")
        return bytes
    }

    private var packedUnchecked: [UInt8] {
        switch self {
        case .job(let record): record.packed
        case .tasks(_, let table): table.packed
        case .attempt(let record): record.packed
        case .observation(let observation): observation.packed
        case .batch(let record): record.packed
        case .counter(_, let value): PackedCounter(value: value).packed
        }
    }

    package init(key: StoreKey, packedValue bytes: [UInt8]) throws(PackingError) {
        switch key {
        case .job: self = .job(try .init(packed: bytes))
        case .tasks(let id): self = .tasks(id, try .init(packed: bytes))
        case .attempt: self = .attempt(try .init(packed: bytes))
        case .observation: self = .observation(try .init(packed: bytes))
        case .batch: self = .batch(try .init(packed: bytes))
        case .counter(let name): self = .counter(name, try PackedCounter(packed: bytes).value)
        }
    }
}

private struct PackedCounter: Packable {
    var value: UInt64
    init(value: UInt64) { self.value = value }
    func pack(into packer: inout Packer) { packer.raw(value) }
    init(unpacking fields: inout Unpacker) throws(PackingError) { value = try fields.raw() }
}
