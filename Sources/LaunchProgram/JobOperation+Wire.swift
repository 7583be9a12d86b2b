extension JobOperation: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(code)
        switch self {
        case .sessionKeyring, .noNewPrivileges: break
        case .oomScoreAdjustment(let value), .nice(let value): writer.put(value)
        case .resourceLimit(let resource, let soft, let hard):
            writer.put(resource)
            writer.put(soft)
            writer.put(hard)
        case .umask(let mask): writer.put(mask)
        case .boundingSet(let set): writer.put(set)
        case .identity(let identity): writer.put(identity)
        case .workingDirectory(let text), .appArmor(let text), .seccomp(let text): writer.put(text)
        case .capabilities(let effective, let permitted, let ambient):
            writer.put(effective)
            writer.put(permitted)
            writer.put(ambient)
        }
    }

    private var code: UInt8 {
        switch self {
        case .sessionKeyring: 1
        case .oomScoreAdjustment: 2
        case .resourceLimit: 3
        case .umask: 4
        case .nice: 5
        case .boundingSet: 6
        case .identity: 7
        case .workingDirectory: 8
        case .capabilities: 9
        case .noNewPrivileges: 10
        case .appArmor: 11
        case .seccomp: 12
        }
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        switch try reader.uint8() {
        case 1: self = .sessionKeyring
        case 2: self = .oomScoreAdjustment(try reader.int32())
        case 3: self = .resourceLimit(resource: try reader.uint8(), soft: try reader.uint64(), hard: try reader.uint64())
        case 4: self = .umask(try reader.uint32())
        case 5: self = .nice(try reader.int32())
        case 6: self = .boundingSet(try reader.uint64())
        case 7: self = .identity(try reader.value(Identity.self))
        case 8: self = .workingDirectory(try reader.text())
        case 9:
            self = .capabilities(effective: try reader.uint64(), permitted: try reader.uint64(), ambient: try reader.uint64())
        case 10: self = .noNewPrivileges
        case 11: self = .appArmor(try reader.text())
        case 12: self = .seccomp(try reader.filter())
        default: throw .unknownCase
        }
    }
}

extension ByteReader {
    /// Whole `sock_filter` entries, BPF_MAXINSNS (4096) at most (seccomp(2)).
    fileprivate mutating func filter() throws(DecodeError) -> ByteString {
        let bytes = try data()
        guard !bytes.isEmpty, bytes.bytes.count % 8 == 0, bytes.bytes.count <= 4096 * 8 else { throw .range }
        return bytes
    }
}

extension JobCommand: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(arguments)
        writer.put(environment)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        arguments = try reader.array(ByteString.self)
        environment = try reader.array(ByteString.self)
        guard let program = arguments.first, !program.isEmpty else { throw .range }
    }
}

extension JobInput: WireValue {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .null: writer.put(UInt8(1))
        case .file(let descriptor):
            writer.put(UInt8(2))
            writer.put(descriptor)
        case .fifo: writer.put(UInt8(3))
        }
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        switch try reader.uint8() {
        case 1: self = .null
        case 2: self = .file(try reader.value(DescriptorIndex.self))
        case 3: self = .fifo
        default: throw .unknownCase
        }
    }
}

extension JobOutput: WireValue {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .log: writer.put(UInt8(1))
        case .file(let descriptor):
            writer.put(UInt8(2))
            writer.put(descriptor)
        }
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        switch try reader.uint8() {
        case 1: self = .log
        case 2: self = .file(try reader.value(DescriptorIndex.self))
        default: throw .unknownCase
        }
    }
}

extension JobStreams: WireValue {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .pipes(let input, let output, let error):
            writer.put(UInt8(1))
            writer.put(input)
            writer.put(output)
            writer.put(error)
        case .terminal(let size, let log):
            writer.put(UInt8(2))
            writer.put(size)
            writer.put(log)
        }
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        switch try reader.uint8() {
        case 1:
            self = .pipes(
                input: try reader.value(JobInput.self), output: try reader.value(JobOutput.self), error: try reader.value(JobOutput.self))
        case 2: self = .terminal(try reader.value(TerminalSize.self), log: try reader.bool())
        default: throw .unknownCase
        }
    }
}
