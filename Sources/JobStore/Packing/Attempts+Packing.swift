package import JobModel

extension AttemptRecord: Packable {
    package func pack(into packer: inout Packer) {
        packer.nested(1, id)
        packer.nested(2, placement)
        packer.nested(3, assignedAt)
        packer.flag(4, coresReleased)
        packer.text(5, stop?.rawValue)
        packer.signed(6, grace?.milliseconds)
        packer.signed(7, queuedAt?.milliseconds)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var id: AttemptID?
        var placement: Placement?
        var assignedAt: Stamp?
        var coresReleased = false
        var stop: StopReason?
        var grace: TimeSpan?
        var queuedAt: WallTime?
        while let field = try fields.next() {
            switch field.number {
            case 1: id = try field.nested()
            case 2: placement = try field.nested()
            case 3: assignedAt = try field.nested()
            case 4: coresReleased = field.flag
            case 5: stop = try field.name()
            case 6: grace = TimeSpan(milliseconds: field.signed)
            case 7: queuedAt = WallTime(milliseconds: field.signed)
            default: break
            }
        }
        self.init(
            id: try required(id, "the attempt"), placement: try required(placement, "the placement"),
            assignedAt: try required(assignedAt, "the stamp"))
        self.coresReleased = coresReleased
        self.stop = stop
        self.grace = grace
        self.queuedAt = queuedAt
    }
}

extension AttemptObservation: Packable {
    package func pack(into packer: inout Packer) {
        packer.nested(1, id)
        packer.text(2, state.rawValue)
        packer.nested(3, startedAt)
        packer.nested(4, endedAt)
        packer.signed(5, pausedFor.milliseconds)
        packer.signed(6, pausedSince?.nanoseconds)
        packer.nested(7, outcome)
        packer.nested(8, usage)
        packer.text(9, note)
        packer.flag(10, freezeFailed)
        packer.flag(11, accountMissing)
        packer.flag(12, warned ? true : nil)
        for percent in thresholdsTold { packer.signed(13, Int64(percent)) }
        packer.number(14, killsTold == 0 ? nil : killsTold)
        packer.signed(15, stopSignalledAt?.nanoseconds)
        packer.text(16, groupName)
        packer.signed(17, monitor.map { Int64($0) })
        packer.number(20, freezeGeneration)
        for percent in memorySignalled { packer.signed(21, Int64(percent)) }
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var id: AttemptID?
        var state: AttemptState?
        // The number stands for nothing: the whole is replaced once id and state are read.
        var result = AttemptObservation(id: AttemptID(TaskID(JobID(0)), 0), state: .assigned)
        while let field = try fields.next() {
            switch field.number {
            case 1: id = try field.nested()
            case 2: state = try field.name()
            case 3: result.startedAt = try field.nested()
            case 4: result.endedAt = try field.nested()
            case 5: result.pausedFor = TimeSpan(milliseconds: field.signed)
            case 6: result.pausedSince = BootTime(nanoseconds: field.signed)
            case 7: result.outcome = try field.nested()
            case 8: result.usage = try field.nested()
            case 9: result.note = field.text
            case 10: result.freezeFailed = field.flag
            case 11: result.accountMissing = field.flag
            case 12: result.warned = field.flag
            case 13: result.thresholdsTold.append(Int(field.signed))
            case 14: result.killsTold = field.value
            case 15: result.stopSignalledAt = BootTime(nanoseconds: field.signed)
            case 16: result.groupName = field.text
            case 17: result.monitor = Int32(truncatingIfNeeded: field.signed)
            case 20: result.freezeGeneration = field.value
            case 21: result.memorySignalled.append(Int(field.signed))
            default: break
            }
        }
        result.id = try required(id, "the attempt")
        result.state = try required(state, "the state")
        self = result
    }
}

extension Placement: Packable {
    package func pack(into packer: inout Packer) {
        packer.text(1, cpus.description)
        packer.text(2, memoryNodes.description)
        packer.flag(3, shared)
        for (name, instances) in named.sorted(by: { $0.key < $1.key }) { packer.nested(4, PackedNames(name: name, instances: instances)) }
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init(cpus: CpuSet(), memoryNodes: MemoryNodeSet())
        while let field = try fields.next() {
            switch field.number {
            case 1: cpus = try required(CpuSet(list: field.text), "the list of cpus")
            case 2: memoryNodes = try required(MemoryNodeSet(list: field.text), "the list of memory nodes")
            case 3: shared = field.flag
            case 4:
                let entry = try field.nested(PackedNames.self)
                named[entry.name] = entry.instances
            default: break
            }
        }
    }
}

/// A name with some more.
struct PackedNames: Packable {
    var name: String
    var instances: [String]
    init(name: String, instances: [String]) {
        self.name = name
        self.instances = instances
    }

    func pack(into packer: inout Packer) {
        packer.text(1, name)
        for instance in instances { packer.text(2, instance) }
    }

    init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init(name: "", instances: [])
        while let field = try fields.next() {
            switch field.number {
            case 1: name = field.text
            case 2: instances.append(field.text)
            default: break
            }
        }
    }
}
