package import JobModel

extension LedgerAttempt: Packable {
    package func pack(into packer: inout Packer) {
        packer.nested(1, id)
        packer.number(2, UInt64(owner.value))
        packer.text(3, ownerName)
        packer.text(4, name)
        packer.text(5, batch)
        packer.text(6, queue)
        packer.text(7, image)
        packer.text(8, node)
        packer.nested(9, demand)
        packer.signed(10, timeLimit.milliseconds)
        packer.nested(11, placement)
        packer.signed(12, submittedAt.milliseconds)
        packer.signed(13, startedAt?.milliseconds)
        packer.signed(14, endedAt.milliseconds)
        packer.signed(15, queuedFor.milliseconds)
        packer.signed(16, ranFor.milliseconds)
        packer.signed(17, pausedFor.milliseconds)
        packer.nested(18, outcome)
        packer.nested(19, usage)
        packer.signed(20, startedBoot?.nanoseconds)
        packer.signed(21, startingFor?.milliseconds)
        packer.text(22, note)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var found = Set<UInt64>()
        var result = LedgerAttempt.blank
        while let field = try fields.next() {
            found.insert(field.number)
            if field.number <= 9 { try result.takeWhat(field) } else { try result.takeHow(field) }
        }
        guard found.isSuperset(of: [1, 2, 9, 11, 14, 18, 19]) else { throw PackingError("a field of the attempt is missing") }
        self = result
    }

    private static var blank: LedgerAttempt {
        let none = WallTime(milliseconds: 0)
        return LedgerAttempt(
            id: AttemptID(TaskID(JobID(0)), 0), owner: .root, ownerName: "", name: nil, batch: nil, queue: "", image: nil, node: "",
            demand: ResourceDemand(cores: 0, memory: .zero), timeLimit: .zero,
            placement: Placement(cpus: CpuSet(), memoryNodes: MemoryNodeSet()),
            submittedAt: none, startedAt: nil, endedAt: none, queuedFor: .zero, ranFor: .zero, pausedFor: .zero, outcome: .succeeded,
            usage: Usage())
    }

    private mutating func takeWhat(_ field: Unpacker.Field) throws(PackingError) {
        switch field.number {
        case 1: id = try field.nested()
        case 2: owner = UserID(try field.small())
        case 3: ownerName = field.text
        case 4: name = field.text
        case 5: batch = field.text
        case 6: queue = field.text
        case 7: image = field.text
        case 8: node = field.text
        default: demand = try field.nested()
        }
    }

    private mutating func takeHow(_ field: Unpacker.Field) throws(PackingError) {
        switch field.number {
        case 10: timeLimit = TimeSpan(milliseconds: field.signed)
        case 11: placement = try field.nested()
        case 12: submittedAt = WallTime(milliseconds: field.signed)
        case 13: startedAt = WallTime(milliseconds: field.signed)
        case 14: endedAt = WallTime(milliseconds: field.signed)
        case 15: queuedFor = TimeSpan(milliseconds: field.signed)
        case 16: ranFor = TimeSpan(milliseconds: field.signed)
        case 17: pausedFor = TimeSpan(milliseconds: field.signed)
        case 18: outcome = try field.nested()
        case 19: usage = try field.nested()
        case 20: startedBoot = BootTime(nanoseconds: field.signed)
        case 21: startingFor = TimeSpan(milliseconds: field.signed)
        case 22: note = field.text
        default: break
        }
    }
}
