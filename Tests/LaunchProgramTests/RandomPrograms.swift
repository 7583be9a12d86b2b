import LaunchProgram
import TestSupport

/// Random programs.
extension SeededGenerator {
    mutating func number(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func word() -> UInt32 { UInt32(truncatingIfNeeded: next()) }
    mutating func index() -> DescriptorIndex { DescriptorIndex(UInt16(number(LaunchLimits.descriptors))) }
    mutating func indices() -> [DescriptorIndex] { (0..<number(4)).map { _ in index() } }
    mutating func optionalIndex() -> DescriptorIndex? { Bool.random(using: &self) ? index() : nil }
    mutating func text() -> ByteString { ByteString(bytes: (0..<1 + number(20)).map { _ in UInt8(1 + number(255)) }) }
    mutating func texts() -> [ByteString] { (0..<1 + number(4)).map { _ in text() } }
    mutating func extents() -> [IDMapExtent] { (0..<number(4)).map { _ in IDMapExtent(inside: word(), outside: word(), count: word()) } }
    mutating func identity() -> Identity { Identity(user: word(), group: word(), supplementaryGroups: (0..<number(4)).map { _ in word() }) }
    mutating func command() -> JobCommand { JobCommand(arguments: texts(), environment: texts()) }
    mutating func size() -> TerminalSize { TerminalSize(rows: UInt16(number(65536)), columns: UInt16(number(65536))) }

    mutating func hostOperation() -> HostOperation {
        switch number(3) {
        case 0:
            let ways: [SubmitterOpen] = [.source, .directory, .input, .output(append: true, mode: word()), .output(append: false, mode: 0)]
            return .openAsSubmitter(path: text(), how: ways[number(ways.count)], into: index())
        case 1: return .refuseProtected(index(), path: text(), directories: indices())
        default:
            let ways: [CloneMount.WithoutIDMap] = [.fail, .readOnly, .plain]
            return .cloneMount(
                CloneMount(
                    source: index(), path: text(), recursive: Bool.random(using: &self), attributes: MountAttributes(rawValue: next()),
                    idMap: optionalIndex(), withoutIDMap: ways[number(3)], into: index()))
        }
    }

    mutating func containerOperation() -> ContainerOperation {
        switch number(15) {
        case 13: return .skeleton
        case 14: return .take(path: text())
        case 0: return .attachRoot(mount: index(), writable: Bool.random(using: &self))
        case 1:
            let options = (0..<number(4)).map { _ in FilesystemMount.Option(text(), text()) }
            return .mount(FilesystemMount(type: text(), path: text(), options: options, attributes: MountAttributes(rawValue: next())))
        case 2:
            let targets: [MountTarget] = [.existing, .directory, .file, .likeSource, .newFile]
            return .attach(mount: index(), path: text(), target: targets[number(5)])
        case 3: return .makeDirectory(path: text(), mode: word())
        case 4: return .symlink(target: text(), path: text())
        case 5: return .writeFile(path: text(), mode: word(), contents: ByteString(bytes: [0, 1, 2]))
        case 6: return .appendLine(path: text(), field: UInt8(number(256)), key: text(), line: text())
        case 7: return .mask(path: text())
        case 8: return .readOnly(path: text())
        case 9: return .hostname(text())
        case 10: return .loopbackUp
        case 11: return .sysctl(key: text(), value: text())
        default: return .pivotRoot
        }
    }

    mutating func jobOperation() -> JobOperation {
        switch number(12) {
        case 0: return .sessionKeyring
        case 1: return .oomScoreAdjustment(Int32(bitPattern: word()))
        case 2: return .resourceLimit(resource: UInt8(number(256)), soft: next(), hard: next())
        case 3: return .umask(word())
        case 4: return .nice(Int32(bitPattern: word()))
        case 5: return .boundingSet(next())
        case 6: return .identity(identity())
        case 7: return .workingDirectory(text())
        case 8: return .capabilities(effective: next(), permitted: next(), ambient: next())
        case 9: return .noNewPrivileges
        case 10: return .appArmor(text())
        default: return .seccomp(ByteString(bytes: [UInt8](repeating: 6, count: 8 * (1 + number(10)))))
        }
    }

    mutating func streams() -> JobStreams {
        if number(3) == 0 { return .terminal(size(), log: Bool.random(using: &self)) }
        let inputs: [JobInput] = [.null, .file(index()), .fifo]
        let outputs: [JobOutput] = [.log, .file(index())]
        return .pipes(input: inputs[number(3)], output: outputs[number(2)], error: outputs[number(2)])
    }

    mutating func program() -> LaunchProgram {
        var program = LaunchProgram(
            runDirectory: ByteString("attempt-\(number(1000))"), submitter: identity(), streamOwner: identity(), command: command())
        program.logDirectory = optionalIndex()
        program.namespaces = Bool.random(using: &self) ? .all : [.pid, .mount, .user]
        program.uidMap = extents()
        program.gidMap = extents()
        program.group = optionalIndex()
        program.taskFiles = indices()
        program.jobGroup = optionalIndex()
        program.jobTaskFiles = indices()
        program.monitorIDs = MonitorIDs(real: word(), effective: word(), saved: word())
        program.hostOperations = (0..<number(8)).map { _ in hostOperation() }
        program.containerOperations = (0..<number(20)).map { _ in containerOperation() }
        program.jobOperations = (0..<number(20)).map { _ in jobOperation() }
        program.streams = streams()
        program.logLimits = LogLimits(head: next(), tail: next())
        program.withoutIDMapDropsCapabilities = next()
        program.groupName = text()
        program.owner = word()
        program.spare = next()
        program.waitsForGo = Bool.random(using: &self)
        return program
    }

    mutating func spareProgram() -> SpareProgram {
        var program = SpareProgram()
        program.number = next()
        program.namespaces = Bool.random(using: &self) ? .all : [.pid, .mount, .user]
        program.uidMap = extents()
        program.gidMap = extents()
        program.group = optionalIndex()
        program.taskFiles = indices()
        program.owner = word()
        program.hostOperations = (0..<number(8)).map { _ in hostOperation() }
        program.containerOperations = (0..<number(20)).map { _ in containerOperation() }
        return program
    }

    mutating func execProgram() -> ExecProgram {
        let streams: ExecProgram.Streams =
            Bool.random(using: &self) ? .terminal(size()) : .descriptors(input: index(), output: index(), error: index())
        var program = ExecProgram(monitor: index(), streams: streams, streamOwner: identity(), command: command())
        program.group = optionalIndex()
        program.taskFiles = indices()
        program.jobGroup = optionalIndex()
        program.jobTaskFiles = indices()
        program.jobOperations = (0..<number(10)).map { _ in jobOperation() }
        return program
    }

    /// Changes, removes or adds a few bytes.
    mutating func mutate(_ bytes: inout [UInt8]) {
        for _ in 0..<1 + number(4) {
            switch number(4) {
            case 0 where !bytes.isEmpty: bytes[number(bytes.count)] = UInt8(number(256))
            case 1 where !bytes.isEmpty: bytes.removeSubrange(number(bytes.count)...)
            case 2 where !bytes.isEmpty: bytes.remove(at: number(bytes.count))
            default: bytes.insert(UInt8(number(256)), at: number(bytes.count + 1))
            }
        }
    }
}
