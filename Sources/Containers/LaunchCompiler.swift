import Cgroups
import JobModel
import LaunchProgram
import LinuxSys

/// Compiles a container's description into the flat list of operations that the launcher executes; all policy is decided here.
struct LaunchCompiler {
    let description: ContainerDescription
    var table = DescriptorTable()
    private var host: [HostOperation] = []
    private var inside: [ContainerOperation] = []

    init(_ description: ContainerDescription) { self.description = description }

    /// The program and the descriptors of its table.
    static func compile(_ description: ContainerDescription) -> (program: LaunchProgram, descriptors: [Descriptor]) {
        var compiler = LaunchCompiler(description)
        let program = compiler.program()
        return (program, compiler.table.passed)
    }

    private mutating func program() -> LaunchProgram {
        let process = description.process
        let submitter = Identity(
            user: description.owner.user.value, group: description.owner.group.value,
            supplementaryGroups: description.owner.groups.map(\.value))
        let streamOwner = Identity(user: process.user, group: process.group)
        let command = JobCommand(arguments: process.arguments.map { ByteString($0) }, environment: process.environment.map { ByteString($0) })
        var program = LaunchProgram(
            runDirectory: ByteString(description.name), submitter: submitter, streamOwner: streamOwner, command: command)
        program.groupName = ByteString(description.groupName)
        program.spare = description.spare?.number ?? 0
        program.waitsForGo = true
        program.namespaces = description.base.namespaces
        program.owner = description.base.map.slot
        program.uidMap = description.base.map.launchUsers
        program.gidMap = description.base.map.launchGroups
        program.logDirectory = table.pass(description.logDirectory)
        if description.spare == nil {
            program.group = table.pass(description.groups.cloneInto)
            program.taskFiles = description.groups.tasks.map { table.pass($0) }
        }
        program.jobGroup = table.pass(description.groups.jobCloneInto)
        program.jobTaskFiles = description.groups.jobTasks.map { [table.pass($0)] } ?? []
        let passed = Passed(&table, description)
        buildRoot(passed)
        // Before the binds: written through one, our files would replace the submitter's.
        buildFiles()
        buildMounts(passed)
        inside.append(.pivotRoot)
        program.streams = streams()
        program.hostOperations = host
        program.containerOperations = inside
        program.jobOperations = LaunchCompiler.jobOperations(process)
        program.withoutIDMapDropsCapabilities = Self.identityCapabilities.bits
        program.logLimits = Self.logLimits(description.logLimit)
        return program
    }

    /// Those that are passed for mounts, in one place, because they come before the places.
    struct Passed {
        let root: DescriptorIndex
        let bindNamespace: DescriptorIndex
        let protected: [DescriptorIndex]
        let sources: [String: DescriptorIndex]
        let mounts: [Int: DescriptorIndex]

        init(_ table: inout DescriptorTable, _ description: ContainerDescription) {
            root = table.pass(description.root)
            bindNamespace = table.pass(description.bindNamespace)
            protected = description.protected.map { table.pass($0) }
            var sources: [String: DescriptorIndex] = [:]
            if description.spare == nil { sources = KernelFileSystems.sources(description.base, &table) }
            self.sources = sources
            var mounts: [Int: DescriptorIndex] = [:]
            for (position, mount) in description.mounts.enumerated() {
                if case .descriptor(let source) = mount.source { mounts[position] = table.pass(source) }
            }
            self.mounts = mounts
        }
    }

    private static let identityCapabilities = CapabilitySet(ContainerDefaults.identityCapabilities.compactMap { Capability(name: $0) })

    /// Half for the beginning, a quarter for each of the two tails that are written in turn.
    private static func logLimits(_ limit: Bytes) -> LogLimits {
        LogLimits(head: limit.count / 2, tail: limit.count / 4)
    }

    // MARK: Root

    /// A spare brings the kernel's file systems along.
    private mutating func buildRoot(_ passed: Passed) {
        inside.append(.attachRoot(mount: passed.root, writable: true))
        inside.append(.makeDirectory(path: "/tmp", mode: 0o1777))
        if description.spare != nil {
            for path in KernelFileSystems.places { inside.append(.take(path: ByteString(path))) }
        } else {
            var kernel = KernelFileSystems(base: description.base, sources: passed.sources)
            kernel.build(&table)
            host += kernel.host
            inside += kernel.inside
        }
    }

    // MARK: Binds and further mounts

    private mutating func buildMounts(_ passed: Passed) {
        for (position, mount) in description.mounts.enumerated() {
            switch mount.source {
            case .tmpfs(let size):
                let options = KernelFileSystems.tmpfs(mode: "1777", size: size.count)
                let attributes: LaunchAttributes = mount.readOnly ? [.noSetUID, .noDevices, .readOnly] : [.noSetUID, .noDevices]
                inside.append(.makeDirectory(path: ByteString(mount.target), mode: 0o755))
                inside.append(
                    .mount(FilesystemMount(type: "tmpfs", path: ByteString(mount.target), options: options, attributes: attributes)))
            case .path(let path): bind(path, mount, passed)
            case .descriptor:
                guard let source = passed.mounts[position] else { continue }
                attach(source, path: mount.target, mount, idMap: nil, without: .plain)
            }
        }
    }

    /// Every read-write bind is id-mapped to the submitter's ids alone; root's also when read-only, because its job is not the host's root.
    private mutating func bind(_ path: String, _ mount: ContainerMount, _ passed: Passed) {
        let source = table.place()
        host.append(.openAsSubmitter(path: ByteString(path), how: .source, into: source))
        host.append(.refuseProtected(source, path: ByteString(path), directories: passed.protected))
        let isMapped = !mount.readOnly || description.owner.user == .root
        let startsAsSubmitter = description.owner.user != .root && description.process.user == description.owner.user.value
        attach(source, path: path, mount, idMap: isMapped ? passed.bindNamespace : nil, without: startsAsSubmitter ? .plain : .readOnly)
    }

    private mutating func attach(
        _ source: DescriptorIndex, path: String, _ mount: ContainerMount, idMap: DescriptorIndex?, without: CloneMount.WithoutIDMap
    ) {
        let clone = table.place()
        var attributes: LaunchAttributes = [.noSetUID, .noDevices]
        if mount.readOnly { attributes.insert(.readOnly) }
        host.append(
            .cloneMount(
                CloneMount(
                    source: source, path: ByteString(path), attributes: attributes, idMap: idMap, withoutIDMap: without, into: clone)))
        inside.append(.attach(mount: clone, path: ByteString(mount.target), target: .likeSource))
    }

    // MARK: Files and names

    private mutating func buildFiles() {
        for file in description.files {
            inside.append(.writeFile(path: ByteString(file.path), mode: file.mode, contents: ByteString(bytes: file.contents)))
        }
        for account in description.accounts {
            inside.append(
                .appendLine(
                    path: ByteString(account.path), field: account.field, key: ByteString(account.key), line: ByteString(account.line)))
        }
        inside.append(.hostname(ByteString(description.hostname)))
    }

    // MARK: Streams

    private mutating func streams() -> JobStreams {
        let wanted = description.streams
        if let size = wanted.terminal { return .terminal(LaunchTerminalSize(rows: size.rows, columns: size.columns), log: true) }
        var input = JobInput.null
        if wanted.interactive {
            input = .fifo
        } else if let path = wanted.input {
            let place = table.place()
            host.append(.openAsSubmitter(path: ByteString(path), how: .input, into: place))
            input = .file(place)
        }
        let output = file(wanted.output)
        let sameFile = wanted.error == nil || wanted.error?.path == wanted.output?.path
        let error = sameFile ? output : file(wanted.error)
        return .pipes(input: input, output: output, error: error)
    }

    private mutating func file(_ spec: OutputSpec?) -> JobOutput {
        guard let spec else { return .log }
        let place = table.place()
        let how = SubmitterOpen.output(append: spec.append, mode: 0o666 & ~description.process.umask)
        host.append(.openAsSubmitter(path: ByteString(spec.path), how: how, into: place))
        return .file(place)
    }

    // MARK: The job's own process

    /// Used at start and for exec alike: what a job may do is derived from its spec every time.
    static func jobOperations(_ process: ContainerProcess) -> [JobOperation] {
        let capabilities = process.capabilities.bits
        // A job that starts as another user than root has them in its bounding set only, as with Docker.
        let effective = process.user == 0 ? capabilities : 0
        // The daemon's own priority and limits are not its jobs'.
        var operations: [JobOperation] = [.oomScoreAdjustment(ContainerDefaults.outOfMemoryScore), .nice(0)]
        for (resource, limit) in ContainerDefaults.limits where !process.limits.contains(where: { $0.resource == resource }) {
            operations.append(.resourceLimit(resource: resource, soft: min(limit.soft, limit.hard), hard: limit.hard))
        }
        for (resource, limit) in process.limits {
            operations.append(.resourceLimit(resource: resource, soft: limit.soft ?? .max, hard: limit.hard ?? .max))
        }
        operations += [
            .umask(process.umask), .boundingSet(capabilities),
            .identity(Identity(user: process.user, group: process.group, supplementaryGroups: process.supplementaryGroups)),
            .workingDirectory(ByteString(process.workingDirectory)),
            .capabilities(effective: effective, permitted: effective, ambient: 0),
        ]
        if let profile = process.appArmor { operations.append(.appArmor(ByteString(profile))) }
        return operations + [.noNewPrivileges, .seccomp(ByteString(bytes: process.seccomp.bytes))]
    }
}
