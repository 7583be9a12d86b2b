public import JobModel

extension AccountTotals: Packable {
    package func pack(into packer: inout Packer) {
        for value in sums { packer.number(1, value) }
        for value in missing { packer.number(2, value) }
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init()
        // A version that counts more finds less, and begins those at nothing.
        var (sum, lack) = (0, 0)
        while let field = try fields.next() {
            switch field.number {
            case 1 where sum < sums.count:
                sums[sum] = field.value
                sum += 1
            case 2 where lack < missing.count:
                missing[lack] = field.value
                lack += 1
            default: break
            }
        }
    }
}

extension AccountSpan: Packable {
    package func pack(into packer: inout Packer) {
        packer.text(1, bootID)
        packer.text(2, identity)
        packer.signed(3, since.milliseconds)
        packer.nested(4, jobs)
        for (place, value) in parent.enumerated() where value != nil {
            packer.number(5, UInt64(place))
            packer.number(6, value)
        }
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init(
            bootID: "", identity: "", since: WallTime(milliseconds: 0), jobs: AccountTotals(),
            parent: Array(repeating: nil, count: AccountCounter.allCases.count))
        var place: UInt64 = .max
        while let field = try fields.next() {
            switch field.number {
            case 1: bootID = field.text
            case 2: identity = field.text
            case 3: since = WallTime(milliseconds: field.signed)
            case 4: jobs = try field.nested()
            case 5: place = field.value
            case 6: if place < UInt64(parent.count) { parent[Int(place)] = field.value }
            default: break
            }
        }
    }
}

extension NodeChange {
    /// The sums over all attempts that have ended.
    public static func accountTotals(_ totals: AccountTotals) -> NodeChange { .put(.accounts, key: "totals", value: totals.packed) }
    public static func accountSpan(_ span: AccountSpan) -> NodeChange { .put(.accounts, key: "span", value: span.packed) }
}

extension NodeStateStore {
    /// What was kept of accounts; nothing where it cannot be read.
    public func accounts() async throws(StoreError) -> (totals: AccountTotals, span: AccountSpan?) {
        let entries = try await nodeEntries(.accounts)
        let totals = entries["totals"].flatMap { try? AccountTotals(packed: $0) }
        return (totals ?? AccountTotals(), entries["span"].flatMap { try? AccountSpan(packed: $0) })
    }
}
