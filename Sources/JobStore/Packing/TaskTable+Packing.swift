package import JobModel

extension TaskTable: Packable {
    package func pack(into packer: inout Packer) {
        let sets = [pending, active, succeeded, unsuccessful, cancelled, dependencyFailed, started]
        for (field, set) in zip(UInt64(1)..., sets) where !set.isEmpty { packer.nested(field, set) }
        for hold in holds { packer.nested(8, hold) }
        if !attempts.isEmpty { packer.nested(9, PackedMap(attempts.mapValues { UInt64($0) })) }
        if !notBefore.isEmpty { packer.nested(10, PackedMap(notBefore.mapValues { UInt64(bitPattern: $0.milliseconds) })) }
        if !retried.isEmpty { packer.nested(11, PackedMap(retried.mapValues { UInt64($0) })) }
        if !pendingSince.isEmpty { packer.nested(12, PackedMap(pendingSince.mapValues { UInt64(bitPattern: $0.milliseconds) })) }
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init(pending: IntervalSet())
        while let field = try fields.next() {
            switch field.number {
            case 1: pending = try field.nested()
            case 2: active = try field.nested()
            case 3: succeeded = try field.nested()
            case 4: unsuccessful = try field.nested()
            case 5: cancelled = try field.nested()
            case 6: dependencyFailed = try field.nested()
            case 7: started = try field.nested()
            case 8: holds.append(try field.nested())
            case 9: attempts = try field.nested(PackedMap.self).values.mapValues { UInt32(truncatingIfNeeded: $0) }
            case 10: notBefore = try field.nested(PackedMap.self).values.mapValues { WallTime(milliseconds: Int64(bitPattern: $0)) }
            case 11: retried = try field.nested(PackedMap.self).values.mapValues { UInt32(truncatingIfNeeded: $0) }
            case 12: pendingSince = try field.nested(PackedMap.self).values.mapValues { WallTime(milliseconds: Int64(bitPattern: $0)) }
            default: break
            }
        }
    }
}

/// Numbers by task index, in ascending order of the indices.
private struct PackedMap: Packable {
    var values: [TaskIndex: UInt64]
    init(_ values: [TaskIndex: UInt64]) { self.values = values }

    func pack(into packer: inout Packer) {
        packer.raw(UInt64(values.count))
        var last: TaskIndex = 0
        for (index, value) in values.sorted(by: { $0.key < $1.key }) {
            packer.raw(UInt64(index - last))
            packer.raw(value)
            last = index
        }
    }

    init(unpacking fields: inout Unpacker) throws(PackingError) {
        values = [:]
        var index: UInt64 = 0
        for _ in 0..<(try fields.raw()) {
            index &+= try fields.raw()
            guard index <= TaskIndex.max else { throw PackingError("an index above \(TaskIndex.max)") }
            values[TaskIndex(index)] = try fields.raw()
        }
    }
}

extension TaskHold: Packable {
    package func pack(into packer: inout Packer) {
        packer.nested(1, hold)
        packer.nested(2, tasks)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var hold: Hold?
        var tasks = IntervalSet()
        while let field = try fields.next() {
            switch field.number {
            case 1: hold = try field.nested()
            case 2: tasks = try field.nested()
            default: break
            }
        }
        self.init(hold: try required(hold, "the hold"), tasks: tasks)
    }
}

extension Hold: Packable {
    package func pack(into packer: inout Packer) {
        packer.text(1, kind.rawValue)
        packer.text(2, scope.rawValue)
        packer.number(3, UInt64(by.value))
        packer.signed(4, at.milliseconds)
        packer.flag(5, keepCores)
        packer.text(6, reason)
        packer.text(7, byName)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var kind: Kind?
        var scope: Scope?
        var by: UInt32?
        self.init(kind: .user, scope: .task, by: .root, at: WallTime(milliseconds: 0))
        while let field = try fields.next() {
            switch field.number {
            case 1: kind = try field.name()
            case 2: scope = try field.name()
            case 3: by = try field.small()
            case 4: at = WallTime(milliseconds: field.signed)
            case 5: keepCores = field.flag
            case 6: reason = field.text
            case 7: byName = field.text
            default: break
            }
        }
        self.kind = try required(kind, "the kind")
        self.scope = try required(scope, "the scope")
        self.by = UserID(try required(by, "the user"))
    }
}
