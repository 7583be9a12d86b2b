internal import FoundationEssentials
package import JobModel

/// Values that are written seldom keep the form of the API, which grows with it.
private func json(_ value: some Encodable) -> [UInt8] {
    // Encoding these types has no failing path: no floating point, no custom errors.
    (try? Array(JSONEncoder().encode(value))) ?? []
}

private func parse<T: Decodable>(_ bytes: ArraySlice<UInt8>) throws(PackingError) -> T {
    do { return try JSONDecoder().decode(T.self, from: Data(bytes)) } catch { throw PackingError("\(T.self): \(error)") }
}

extension JobRecord: Packable {
    /// The indices stand apart: as text, every second one of a million would take megabytes.
    package func pack(into packer: inout Packer) {
        var rest = self
        rest.spec.array?.indices = IntervalSet()
        packer.data(1, json(rest))
        if let array = spec.array { packer.nested(2, array.indices) }
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var record: JobRecord?
        var indices = IntervalSet()
        while let field = try fields.next() {
            switch field.number {
            case 1: record = try parse(field.bytes)
            case 2: indices = try field.nested()
            default: break
            }
        }
        self = try required(record, "the record")
        spec.array?.indices = indices
    }
}

extension BatchRecord: Packable {
    package func pack(into packer: inout Packer) { packer.data(1, json(self)) }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self = try parse(try required(try fields.next(), "the record").bytes)
    }
}

extension LedgerJob: Packable {
    package func pack(into packer: inout Packer) {
        packer.nested(1, record)
        packer.nested(2, tasks)
        packer.signed(3, endedAt.milliseconds)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var record: JobRecord?
        var tasks: TaskTable?
        var endedAt: WallTime?
        while let field = try fields.next() {
            switch field.number {
            case 1: record = try field.nested()
            case 2: tasks = try field.nested()
            case 3: endedAt = WallTime(milliseconds: field.signed)
            default: break
            }
        }
        self.init(
            record: try required(record, "the record"), tasks: try required(tasks, "the tasks"), endedAt: try required(endedAt, "the end"))
    }
}
