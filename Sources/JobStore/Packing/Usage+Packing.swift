package import JobModel

extension Usage: Packable {
    package func pack(into packer: inout Packer) {
        packer.number(1, cpuUserMicroseconds)
        packer.number(2, cpuSystemMicroseconds)
        packer.number(3, throttledMicroseconds)
        packer.number(4, throttledPeriods)
        packer.number(5, memoryPeak?.count)
        packer.number(6, outOfMemoryKills)
        packer.number(7, pidsPeak)
        packer.number(8, readBytes)
        packer.number(9, writtenBytes)
        packer.number(10, readOperations)
        packer.number(11, writeOperations)
        packer.flag(12, ioPartial)
        packer.number(13, logBytes)
        packer.number(14, logDroppedBytes)
        packer.number(15, minorFaults)
        packer.number(16, majorFaults)
        packer.number(17, voluntarySwitches)
        packer.number(18, involuntarySwitches)
        for pages in hugePages ?? [] { packer.nested(19, pages) }
        packer.number(30, memoryFailures)
        packer.number(31, outOfMemoryEvents)
        packer.number(32, swapPeak?.count)
        packer.flag(33, swapPartial)
        for device in devices ?? [] { packer.nested(34, device) }
        packer.number(35, scratchBytes?.count)
        packer.number(36, scratchFiles)
        packer.flag(37, scratchPartial)
        packer.number(38, reapedCpuMicroseconds)
        packer.flag(39, switchesPartial)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init()
        while let field = try fields.next() {
            if field.number < 30 { try take(field) } else { try takeLater(field) }
        }
    }

    private mutating func take(_ field: Unpacker.Field) throws(PackingError) {
        switch field.number {
        case 1: cpuUserMicroseconds = field.value
        case 2: cpuSystemMicroseconds = field.value
        case 3: throttledMicroseconds = field.value
        case 4: throttledPeriods = field.value
        case 5: memoryPeak = Bytes(field.value)
        case 6: outOfMemoryKills = field.value
        case 7: pidsPeak = field.value
        case 8: readBytes = field.value
        case 9: writtenBytes = field.value
        case 10: readOperations = field.value
        case 11: writeOperations = field.value
        case 12: ioPartial = field.flag
        case 13: logBytes = field.value
        case 14: logDroppedBytes = field.value
        case 15: minorFaults = field.value
        case 16: majorFaults = field.value
        case 17: voluntarySwitches = field.value
        case 18: involuntarySwitches = field.value
        case 19: hugePages = (hugePages ?? []) + [try field.nested()]
        default: break
        }
    }
}

extension Usage {
    /// Fields that records of earlier versions do not have.
    fileprivate mutating func takeLater(_ field: Unpacker.Field) throws(PackingError) {
        switch field.number {
        case 30: memoryFailures = field.value
        case 31: outOfMemoryEvents = field.value
        case 32: swapPeak = Bytes(field.value)
        case 33: swapPartial = field.flag
        case 34: devices = (devices ?? []) + [try field.nested()]
        case 35: scratchBytes = Bytes(field.value)
        case 36: scratchFiles = field.value
        case 37: scratchPartial = field.flag
        case 38: reapedCpuMicroseconds = field.value
        case 39: switchesPartial = field.flag
        default: break
        }
    }
}

extension DeviceUsage: Packable {
    package func pack(into packer: inout Packer) {
        packer.text(1, device)
        packer.text(2, name)
        packer.number(3, readBytes)
        packer.number(4, writtenBytes)
        packer.number(5, readOperations)
        packer.number(6, writeOperations)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init(device: "")
        while let field = try fields.next() {
            switch field.number {
            case 1: device = field.text
            case 2: name = field.text
            case 3: readBytes = field.value
            case 4: writtenBytes = field.value
            case 5: readOperations = field.value
            case 6: writeOperations = field.value
            default: break
            }
        }
    }
}

extension HugePageUsage: Packable {
    package func pack(into packer: inout Packer) {
        packer.number(1, size.count)
        packer.number(2, peak?.count)
        packer.number(3, failures)
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init(size: .zero)
        while let field = try fields.next() {
            switch field.number {
            case 1: size = Bytes(field.value)
            case 2: peak = Bytes(field.value)
            case 3: failures = field.value
            default: break
            }
        }
    }
}
