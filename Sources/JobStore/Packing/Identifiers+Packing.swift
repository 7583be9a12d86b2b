package import JobModel

extension TaskID: Packable {
    package func pack(into packer: inout Packer) {
        packer.number(1, job.value)
        packer.number(2, index.map { UInt64($0) })
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var job: UInt64?
        var index: TaskIndex?
        while let field = try fields.next() {
            switch field.number {
            case 1: job = field.value
            case 2: index = try field.small()
            default: break
            }
        }
        self.init(JobID(try required(job, "the job")), index)
    }
}

extension AttemptID: Packable {
    package func pack(into packer: inout Packer) {
        task.pack(into: &packer)
        packer.number(3, UInt64(number))
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var job: UInt64?
        var index: TaskIndex?
        var number: UInt32?
        while let field = try fields.next() {
            switch field.number {
            case 1: job = field.value
            case 2: index = try field.small()
            case 3: number = try field.small()
            default: break
            }
        }
        self.init(TaskID(JobID(try required(job, "the job")), index), try required(number, "the number"))
    }
}

extension Stamp: Packable {
    package func pack(into packer: inout Packer) {
        packer.signed(1, wall.milliseconds)
        packer.signed(2, boot.nanoseconds)
        packer.text(3, bootID)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init(wall: WallTime(milliseconds: 0), boot: BootTime(nanoseconds: 0), bootID: "")
        while let field = try fields.next() {
            switch field.number {
            case 1: wall = WallTime(milliseconds: field.signed)
            case 2: boot = BootTime(nanoseconds: field.signed)
            case 3: bootID = field.text
            default: break
            }
        }
    }
}

extension AttemptOutcome: Packable {
    package func pack(into packer: inout Packer) {
        packer.text(1, kind.rawValue)
        switch self {
        case .failed(let code): packer.signed(2, Int64(code))
        case .killed(let signal): packer.signed(2, Int64(signal))
        case .startFailed(let operation, let errno):
            packer.text(3, operation)
            packer.text(4, errno)
        default: break
        }
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        var kind: Kind?
        var number: Int32 = 0
        var operation = ""
        var errno = ""
        while let field = try fields.next() {
            switch field.number {
            case 1: kind = try field.name()
            case 2: number = Int32(truncatingIfNeeded: field.signed)
            case 3: operation = field.text
            case 4: errno = field.text
            default: break
            }
        }
        switch try required(kind, "the outcome") {
        case .succeeded: self = .succeeded
        case .failed: self = .failed(code: number)
        case .killed: self = .killed(signal: number)
        case .timedOut: self = .timedOut
        case .outOfMemory: self = .outOfMemory
        case .cancelled: self = .cancelled
        case .startFailed: self = .startFailed(operation: operation, errno: errno)
        case .preempted: self = .preempted
        case .nodeLost: self = .nodeLost
        case .monitorLost: self = .monitorLost
        }
    }
}
