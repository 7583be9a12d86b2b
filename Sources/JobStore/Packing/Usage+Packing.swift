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
    }

    package init(unpacking fields: inout Unpacker) throws(PackingError) {
        self.init()
        while let field = try fields.next() { take(field) }
    }

    private mutating func take(_ field: Unpacker.Field) {
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
        default: break
        }
    }
}
