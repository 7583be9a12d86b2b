extension SubmitterOpen: WireValue {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .source: writer.put(UInt8(1))
        case .directory: writer.put(UInt8(2))
        case .input: writer.put(UInt8(3))
        case .output(let append, let mode):
            writer.put(UInt8(4))
            writer.put(append)
            writer.put(mode)
        }
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        switch try reader.uint8() {
        case 1: self = .source
        case 2: self = .directory
        case 3: self = .input
        case 4: self = .output(append: try reader.bool(), mode: try reader.uint32())
        default: throw .unknownCase
        }
    }
}

extension MountAttributes: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(rawValue)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        self.init(rawValue: try reader.uint64())
    }
}

extension CloneMount: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(source)
        writer.put(path)
        writer.put(recursive)
        writer.put(attributes)
        writer.put(idMap)
        writer.put(withoutIDMap.rawValue)
        writer.put(into)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        source = try reader.value(DescriptorIndex.self)
        path = try reader.text()
        recursive = try reader.bool()
        attributes = try reader.value(MountAttributes.self)
        idMap = try reader.optional(DescriptorIndex.self)
        guard let choice = WithoutIDMap(rawValue: try reader.uint8()) else { throw .unknownCase }
        withoutIDMap = choice
        into = try reader.value(DescriptorIndex.self)
    }
}

extension HostOperation: WireValue {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .openAsSubmitter(let path, let how, let into):
            writer.put(UInt8(1))
            writer.put(path)
            writer.put(how)
            writer.put(into)
        case .refuseProtected(let descriptor, let path, let directories):
            writer.put(UInt8(2))
            writer.put(descriptor)
            writer.put(path)
            writer.put(directories)
        case .cloneMount(let clone):
            writer.put(UInt8(3))
            writer.put(clone)
        }
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        switch try reader.uint8() {
        case 1:
            self = .openAsSubmitter(
                path: try reader.text(), how: try reader.value(SubmitterOpen.self), into: try reader.value(DescriptorIndex.self))
        case 2:
            self = .refuseProtected(
                try reader.value(DescriptorIndex.self), path: try reader.text(), directories: try reader.array(DescriptorIndex.self))
        case 3: self = .cloneMount(try reader.value(CloneMount.self))
        default: throw .unknownCase
        }
    }
}

extension FilesystemMount.Option: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(key)
        writer.put(value)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        key = try reader.text()
        value = try reader.text()
    }
}

extension FilesystemMount: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(type)
        writer.put(path)
        writer.put(options)
        writer.put(attributes)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        type = try reader.text()
        path = try reader.text()
        options = try reader.array(Option.self)
        attributes = try reader.value(MountAttributes.self)
    }
}
