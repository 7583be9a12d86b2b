private let requestMagic: UInt32 = 0x5142_5242  // "BRBQ"
private let answerMagic: UInt32 = 0x4142_5242  // "BRBA"

extension LauncherRequest {
    /// The packet's bytes.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(requestMagic)
        writer.put(LaunchProgram.version)
        switch self {
        case .start: writer.put(UInt8(1))
        case .execute: writer.put(UInt8(2))
        case .userNamespace(let uidMap, let gidMap):
            writer.put(UInt8(3))
            writer.put(uidMap)
            writer.put(gidMap)
        case .stagedOverlay(let overlay):
            writer.put(UInt8(4))
            writer.put(overlay)
        case .moreDescriptors: writer.put(UInt8(5))
        case .prepare: writer.put(UInt8(6))
        case .discard(let number):
            writer.put(UInt8(7))
            writer.put(number)
        }
        return writer.bytes
    }

    /// Refuses everything that is not exactly one request of this version.
    public init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = ByteReader(bytes)
        guard try reader.uint32() == requestMagic else { throw .magic }
        guard try reader.uint16() == LaunchProgram.version else { throw .version }
        switch try reader.uint8() {
        case 1: self = .start
        case 2: self = .execute
        case 3: self = .userNamespace(uidMap: try reader.array(IDMapExtent.self), gidMap: try reader.array(IDMapExtent.self))
        case 4: self = .stagedOverlay(try reader.value(StagedOverlay.self))
        case 5: self = .moreDescriptors
        case 6: self = .prepare
        case 7: self = .discard(number: try reader.uint64())
        default: throw .unknownCase
        }
        try reader.finish()
    }
}

extension StagedOverlay: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(layers)
        writer.put(scratch)
        writer.put(options)
        writer.put(attributes)
        writer.put(joinedLayers)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        layers = try reader.array(DescriptorIndex.self)
        scratch = try reader.optional(DescriptorIndex.self)
        options = try reader.array(FilesystemMount.Option.self)
        attributes = try reader.value(MountAttributes.self)
        joinedLayers = try reader.bool()
    }
}

extension LauncherAnswer {
    /// The packet's bytes.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(answerMagic)
        writer.put(LaunchProgram.version)
        switch self {
        case .ready(let version):
            writer.put(UInt8(1))
            writer.put(version)
        case .started(let pid, let times):
            writer.put(UInt8(2))
            writer.put(pid)
            for time in [times.received, times.opened, times.cloned] { writer.put(time) }
        case .running(let time, let pid):
            writer.put(UInt8(3))
            writer.put(time)
            writer.put(pid)
        case .failed(let failure):
            writer.put(UInt8(4))
            writer.put(failure)
        case .exited(let status):
            writer.put(UInt8(5))
            writer.put(status)
        case .descriptor: writer.put(UInt8(6))
        case .prepared(let times):
            writer.put(UInt8(7))
            for time in [times.joined, times.forked, times.mounted, times.ready] { writer.put(time) }
        case .helping(let pid):
            writer.put(UInt8(8))
            writer.put(pid)
        }
        return writer.bytes
    }

    /// Refuses everything that is not exactly one answer of this version.
    public init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = ByteReader(bytes)
        guard try reader.uint32() == answerMagic else { throw .magic }
        guard try reader.uint16() == LaunchProgram.version else { throw .version }
        switch try reader.uint8() {
        case 1: self = .ready(version: try reader.uint16())
        case 2: self = .started(pid: try reader.int32(), try LauncherTimes(from: &reader))
        case 3: self = .running(bootNanoseconds: try reader.uint64(), pid: try reader.int32())
        case 4: self = .failed(try reader.value(LaunchFailure.self))
        case 5: self = .exited(waitStatus: try reader.int32())
        case 6: self = .descriptor
        case 7: self = .prepared(try MonitorTimes(from: &reader))
        case 8: self = .helping(pid: try reader.int32())
        default: throw .unknownCase
        }
        try reader.finish()
    }
}

extension LauncherTimes {
    init(from reader: inout ByteReader) throws(DecodeError) {
        received = try reader.uint64()
        opened = try reader.uint64()
        cloned = try reader.uint64()
    }
}

extension MonitorTimes {
    init(from reader: inout ByteReader) throws(DecodeError) {
        joined = try reader.uint64()
        forked = try reader.uint64()
        mounted = try reader.uint64()
        ready = try reader.uint64()
    }
}

extension LaunchFailure: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(stage.rawValue)
        writer.put(index)
        writer.put(errno)
        writer.put(detail)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        guard let stage = Stage(rawValue: try reader.uint8()) else { throw .unknownCase }
        self.stage = stage
        index = try reader.uint16()
        errno = try reader.int32()
        detail = try reader.data()
    }
}

extension ControlMessage {
    /// Bytes of every message.
    public static let size = 16

    /// kind 1 │ version 1 │ signal, rows or counter 2 │ columns 2 │ – 2 │ value 8.
    ///
    /// Later kinds come on top and the version stays: a PID 1 of an earlier version leaves out what it does not know, and no message says who reads.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .signalMain(let signal): writer.putControl(kind: 1, UInt16(signal), 0)
        case .signalAll(let signal): writer.putControl(kind: 2, UInt16(signal), 0)
        case .resize(let size): writer.putControl(kind: 3, size.rows, size.columns)
        case .closeInput: writer.putControl(kind: 4, 0, 0)
        case .prepareDump: writer.putControl(kind: 5, 0, 0)
        case .goOn: writer.putControl(kind: 6, 0, 0)
        case .usedBefore(let counter, let value): writer.putControl(kind: 7, counter, 0, value)
        }
        return writer.bytes
    }

    /// Refuses everything that is not exactly one message of this version.
    public init(decoding bytes: [UInt8]) throws(DecodeError) {
        guard bytes.count == Self.size else { throw .truncated }
        var reader = ByteReader(bytes)
        let kind = try reader.uint8()
        guard try reader.uint8() == 1 else { throw .version }
        let first = try reader.uint16()
        let second = try reader.uint16()
        switch kind {
        case 1: self = .signalMain(try Self.signal(first))
        case 2: self = .signalAll(try Self.signal(first))
        case 3: self = .resize(TerminalSize(rows: first, columns: second))
        case 4: self = .closeInput
        case 5: self = .prepareDump
        case 6: self = .goOn
        case 7:
            _ = try reader.uint16()
            self = .usedBefore(counter: first, try reader.uint64())
        default: throw .unknownCase
        }
    }

    private static func signal(_ number: UInt16) throws(DecodeError) -> UInt8 {
        guard (1...64).contains(number) else { throw .range }
        return UInt8(truncatingIfNeeded: number)
    }
}

extension ByteWriter {
    fileprivate mutating func putControl(kind: UInt8, _ first: UInt16, _ second: UInt16, _ value: UInt64 = 0) {
        put(kind)
        put(UInt8(1))
        put(first)
        put(second)
        put(UInt16(0))
        put(value)
    }
}
