private let programMagic: UInt32 = 0x5042_5242  // "BRBP"
private let execMagic: UInt32 = 0x5842_5242  // "BRBX"

extension LaunchProgram {
    /// The program as the launcher reads it from a memfd.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(programMagic)
        writer.put(Self.version)
        writer.put(runDirectory)
        writer.put(logDirectory)
        writer.put(namespaces.rawValue)
        writer.put(uidMap)
        writer.put(gidMap)
        writer.put(group)
        writer.put(taskFiles)
        writer.put(jobGroup)
        writer.put(jobTaskFiles)
        writer.put(submitter)
        writer.put(monitorIDs)
        writer.put(hostOperations)
        writer.put(containerOperations)
        writer.put(jobOperations)
        writer.put(streams)
        writer.put(streamOwner)
        writer.put(logLimits.head)
        writer.put(logLimits.tail)
        writer.put(withoutIDMapDropsCapabilities)
        writer.put(groupName)
        writer.put(owner)
        writer.put(spare)
        writer.put(waitsForGo)
        writer.put(command)
        return writer.bytes
    }

    /// Refuses everything that is not exactly one program of this version.
    public init(decoding bytes: [UInt8]) throws(DecodeError) {
        guard bytes.count <= LaunchLimits.programBytes else { throw .tooMany }
        var reader = ByteReader(bytes)
        guard try reader.uint32() == programMagic else { throw .magic }
        guard try reader.uint16() == Self.version else { throw .version }
        runDirectory = try reader.fileName()
        logDirectory = try reader.optional(DescriptorIndex.self)
        namespaces = NamespaceSet(rawValue: try reader.uint8())
        guard NamespaceSet.all.isSuperset(of: namespaces), namespaces.isSuperset(of: [.pid, .mount]) else { throw .range }
        uidMap = try reader.array(IDMapExtent.self)
        gidMap = try reader.array(IDMapExtent.self)
        group = try reader.optional(DescriptorIndex.self)
        taskFiles = try reader.array(DescriptorIndex.self)
        jobGroup = try reader.optional(DescriptorIndex.self)
        jobTaskFiles = try reader.array(DescriptorIndex.self)
        submitter = try reader.value(Identity.self)
        monitorIDs = try reader.value(MonitorIDs.self)
        hostOperations = try reader.array(HostOperation.self)
        containerOperations = try reader.array(ContainerOperation.self)
        jobOperations = try reader.array(JobOperation.self)
        streams = try reader.value(JobStreams.self)
        streamOwner = try reader.value(Identity.self)
        logLimits = LogLimits(head: try reader.uint64(), tail: try reader.uint64())
        withoutIDMapDropsCapabilities = try reader.uint64()
        groupName = try reader.data()
        guard groupName.bytes.count <= LaunchLimits.groupNameBytes else { throw .range }
        owner = try reader.uint32()
        spare = try reader.uint64()
        waitsForGo = try reader.bool()
        command = try reader.value(JobCommand.self)
        try reader.finish()
    }
}

extension ExecProgram {
    /// The program as the launcher reads it from a memfd.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(execMagic)
        writer.put(LaunchProgram.version)
        writer.put(monitor)
        writer.put(namespaces.rawValue)
        writer.put(group)
        writer.put(taskFiles)
        writer.put(jobGroup)
        writer.put(jobTaskFiles)
        writer.put(jobOperations)
        writer.put(streams)
        writer.put(streamOwner)
        writer.put(command)
        return writer.bytes
    }

    /// Refuses everything that is not exactly one program of this version.
    public init(decoding bytes: [UInt8]) throws(DecodeError) {
        guard bytes.count <= LaunchLimits.programBytes else { throw .tooMany }
        var reader = ByteReader(bytes)
        guard try reader.uint32() == execMagic else { throw .magic }
        guard try reader.uint16() == LaunchProgram.version else { throw .version }
        monitor = try reader.value(DescriptorIndex.self)
        namespaces = NamespaceSet(rawValue: try reader.uint8())
        guard NamespaceSet.all.isSuperset(of: namespaces), namespaces.isSuperset(of: [.pid, .mount]) else { throw .range }
        group = try reader.optional(DescriptorIndex.self)
        taskFiles = try reader.array(DescriptorIndex.self)
        jobGroup = try reader.optional(DescriptorIndex.self)
        jobTaskFiles = try reader.array(DescriptorIndex.self)
        jobOperations = try reader.array(JobOperation.self)
        streams = try reader.value(Streams.self)
        streamOwner = try reader.value(Identity.self)
        command = try reader.value(JobCommand.self)
        try reader.finish()
    }
}

extension ExecProgram.Streams: WireValue {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .descriptors(let input, let output, let error):
            writer.put(UInt8(1))
            writer.put(input)
            writer.put(output)
            writer.put(error)
        case .terminal(let size):
            writer.put(UInt8(2))
            writer.put(size)
        }
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        switch try reader.uint8() {
        case 1:
            self = .descriptors(
                input: try reader.value(DescriptorIndex.self), output: try reader.value(DescriptorIndex.self),
                error: try reader.value(DescriptorIndex.self))
        case 2: self = .terminal(try reader.value(TerminalSize.self))
        default: throw .unknownCase
        }
    }
}

extension ByteReader {
    /// One component that is neither `.` nor `..`.
    fileprivate mutating func fileName() throws(DecodeError) -> ByteString {
        let name = try text()
        let slash = UInt8(ascii: "/")
        let dot = UInt8(ascii: ".")
        guard !name.isEmpty, name.bytes.count < 256, name.bytes[0] != dot else { throw .range }
        for byte in name.bytes where byte == slash { throw .range }
        return name
    }
}
