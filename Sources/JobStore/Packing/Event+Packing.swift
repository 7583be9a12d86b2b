package import JobModel

extension Event: Packable {
    /// Without the sequence, which is the row's key.
    package func pack(into packer: inout Packer) {
        packer.signed(1, at.milliseconds)
        packer.text(2, kind.rawValue)
        packer.number(3, job?.value)
        packer.nested(4, task)
        packer.nested(5, attempt)
        packer.number(6, (owner?.value).map { UInt64($0) })
        packer.text(7, batch)
        packer.nested(8, outcome)
        packer.text(9, detail)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var kind: Kind?
        self.init(sequence: 0, at: WallTime(milliseconds: 0), kind: .audit)
        while let field = try fields.next() {
            switch field.number {
            case 1: at = WallTime(milliseconds: field.signed)
            case 2: kind = try field.name()
            case 3: job = JobID(field.value)
            case 4: task = try field.nested()
            case 5: attempt = try field.nested()
            case 6: owner = UserID(try field.small())
            case 7: batch = field.text
            case 8: outcome = try field.nested()
            case 9: detail = field.text
            default: break
            }
        }
        self.kind = try required(kind, "the kind")
    }
}
