extension ContainerOperation: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(code)
        switch self {
        case .attachRoot(let mount, let writable):
            writer.put(mount)
            writer.put(writable)
        case .mount(let mount): writer.put(mount)
        case .attach(let mount, let path, let target):
            writer.put(mount)
            writer.put(path)
            writer.put(target.rawValue)
        case .makeDirectory(let path, let mode):
            writer.put(path)
            writer.put(mode)
        case .symlink(let target, let path):
            writer.put(target)
            writer.put(path)
        case .writeFile(let path, let mode, let contents):
            writer.put(path)
            writer.put(mode)
            writer.put(contents)
        case .appendLine(let path, let field, let key, let line):
            writer.put(path)
            writer.put(field)
            writer.put(key)
            writer.put(line)
        case .mask(let text), .readOnly(let text), .take(let text), .hostname(let text): writer.put(text)
        case .sysctl(let key, let value):
            writer.put(key)
            writer.put(value)
        case .skeleton, .loopbackUp, .pivotRoot: break
        }
    }

    private var code: UInt8 {
        switch self {
        case .attachRoot: 1
        case .mount: 2
        case .attach: 3
        case .makeDirectory: 4
        case .symlink: 5
        case .writeFile: 6
        case .appendLine: 7
        case .mask: 8
        case .readOnly: 9
        case .hostname: 10
        case .loopbackUp: 11
        case .sysctl: 12
        case .pivotRoot: 13
        case .skeleton: 14
        case .take: 15
        }
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        switch try reader.uint8() {
        case 1: self = .attachRoot(mount: try reader.value(DescriptorIndex.self), writable: try reader.bool())
        case 2: self = .mount(try reader.value(FilesystemMount.self))
        case 3:
            self = .attach(
                mount: try reader.value(DescriptorIndex.self), path: try reader.text(), target: try reader.value(MountTarget.self))
        case 4: self = .makeDirectory(path: try reader.text(), mode: try reader.uint32())
        case 5: self = .symlink(target: try reader.text(), path: try reader.text())
        case 6: self = .writeFile(path: try reader.text(), mode: try reader.uint32(), contents: try reader.data())
        case 7:
            self = .appendLine(
                path: try reader.text(), field: try reader.uint8(), key: try reader.text(), line: try reader.text())
        case 8: self = .mask(path: try reader.text())
        case 9: self = .readOnly(path: try reader.text())
        case 10: self = .hostname(try reader.text())
        case 11: self = .loopbackUp
        case 12: self = .sysctl(key: try reader.text(), value: try reader.text())
        case 13: self = .pivotRoot
        case 14: self = .skeleton
        case 15: self = .take(path: try reader.text())
        default: throw .unknownCase
        }
    }
}

extension MountTarget: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(rawValue)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        guard let target = MountTarget(rawValue: try reader.uint8()) else { throw .unknownCase }
        self = target
    }
}
