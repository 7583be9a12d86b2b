import Foundation
import LaunchProgram
import LinuxSys
import Testing

/// A root with busybox and small C programs, made once, and the mounts of it for each job.
enum TestRoot {
    /// What is built into the root as /bin/NAME.
    static let programs = ["attack": attackSource, "limits": limitsSource, "attach": attachSource, "watch": watchSource, "forge": forgeSource]

    static let directory: String = {
        let path = String(cString: mkdtemp(strdup("/tmp/berth-root-XXXXXX"))!)
        atexit { try? FileManager.default.removeItem(atPath: TestRoot.directory) }
        for name in ["bin", "proc", "dev", "sys", "tmp", "etc", "root"] {
            try? FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        }
        try? FileManager.default.copyItem(atPath: "/bin/busybox", toPath: path + "/bin/busybox")
        for applet in [
            "sh", "cat", "ls", "echo", "sleep", "id", "readlink", "grep", "kill", "head", "dd", "yes", "stty", "seq", "true", "hostname",
            "touch", "mkdir", "setsid", "stat", "pwd", "tr", "wc", "od", "env", "mount", "cp", "ulimit", "test", "ps", "awk",
        ] {
            try? FileManager.default.createSymbolicLink(atPath: "\(path)/bin/\(applet)", withDestinationPath: "busybox")
        }
        try? Data("root:x:0:0:root:/root:/bin/sh\n".utf8).write(to: URL(fileURLWithPath: path + "/etc/passwd"))
        for (name, source) in programs { compile(source, to: "\(path)/bin/\(name)") }
        return path
    }()

    private static func compile(_ source: String, to path: String) {
        let file = path + ".c"
        try? Data(source.utf8).write(to: URL(fileURLWithPath: file))
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/gcc")
        compiler.arguments = ["-static", "-O1", "-w", "-o", path, file]
        try? compiler.run()
        compiler.waitUntilExit()
        if compiler.terminationStatus != 0 { Issue.record("gcc cannot build \(path), status \(compiler.terminationStatus)") }
        try? FileManager.default.removeItem(atPath: file)
    }

    static let idMap = [LaunchExtent(inside: 0, outside: LauncherHarness.slot, count: 65_536)]

    /// A user namespace with the slot's map, from the launcher.
    static func userNamespace(_ harness: LauncherHarness) throws -> Descriptor {
        let answers = try harness.send(.userNamespace(uidMap: idMap, gidMap: idMap))
        let answer = try #require(try answers.next())
        #expect(answer.answer == .descriptor)
        return try #require(answer.descriptors.first)
    }

    /// The id-mapped, detached root directory.
    static func layer(_ harness: LauncherHarness) throws -> Descriptor {
        let layer = try Mount.clone(ofPath: directory)
        try Mount.setAttributes(of: layer, idMap: try userNamespace(harness))
        return layer
    }

    /// An overlay over the root with an upper of its own below the harness's directory.
    static func overlay(_ harness: LauncherHarness, _ name: String, fresh: Bool = true) throws -> Descriptor {
        let base = "\(harness.directory)/scratch-\(name)"
        for part in ["", "/upper", "/work"] where fresh { try Descriptor.workingDirectory.makeDirectory(base + part, mode: 0o755) }
        let upper = try Descriptor.open(base + "/upper", [.directory])
        try upper.changeOwner(uid: LauncherHarness.slot, gid: LauncherHarness.slot)
        guard OverlayLayering.ofThisKernel == .byDescriptor else {
            return try stagedOverlay(harness, [try layer(harness)], scratch: try Mount.clone(ofPath: base))
        }
        let work = try Descriptor.open(base + "/work", [.directory])
        return try OverlayBuilder(lower: [try layer(harness)], upper: upper, work: work).mount()
    }

    /// An overlay over the root that nobody can write.
    static func readOnlyOverlay(_ harness: LauncherHarness) throws -> Descriptor {
        let layers = [try layer(harness), try Mount.clone(ofPath: "\(harness.directory)/run")]
        guard OverlayLayering.ofThisKernel == .byDescriptor else { return try stagedOverlay(harness, layers) }
        return try OverlayBuilder(lower: layers, upper: nil, work: nil).mount()
    }

    /// An overlay by the launcher's helper, as on kernels that take no layers by descriptor (before 6.13).
    private static func stagedOverlay(_ harness: LauncherHarness, _ layers: [Descriptor], scratch: Descriptor? = nil) throws -> Descriptor {
        let places = layers.indices.map { DescriptorIndex(UInt16($0)) }
        let overlay = StagedOverlay(
            layers: places, scratch: scratch.map { _ in DescriptorIndex(UInt16(layers.count)) },
            joinedLayers: OverlayLayering.ofThisKernel == .byStagedString)
        let answer = try #require(try harness.send(.stagedOverlay(overlay), table: layers + (scratch.map { [$0] } ?? [])).next())
        #expect(answer.answer == .descriptor)
        return try #require(answer.descriptors.first)
    }
}

/// Builds a program step by step, with the descriptors of its table.
struct ProgramBuilder {
    var program: LaunchProgram
    var table: [Descriptor] = []
    /// Devices: the places of detached mounts that host operations make.
    private static let devices = ["null", "zero", "full", "random", "urandom", "tty"]
    static let defaultCapabilities: UInt64 = 0xa80425fb

    /// A job with everything of a container: `command` runs by the root inside.
    init(_ harness: LauncherHarness, _ name: String, _ command: [String], user: UInt32 = 0) throws {
        let identity = Identity(user: user, group: user)
        program = LaunchProgram(
            runDirectory: ByteString(name), submitter: Identity(user: 0, group: 0), streamOwner: identity,
            command: JobCommand(arguments: command.map { ByteString($0) }, environment: ["PATH=/bin", "HOME=/"]))
        program.owner = LauncherHarness.slot
        program.uidMap = TestRoot.idMap
        program.gidMap = TestRoot.idMap
        let root = pass(try TestRoot.overlay(harness, name))
        program.containerOperations = [.attachRoot(mount: root, writable: true)]
        program.containerOperations += Self.mounts
        for (place, device) in Self.devices.enumerated() {
            let source = pass(try Descriptor.open("/dev/" + device, .path))
            let into = DescriptorIndex(UInt16(500 + place))
            program.hostOperations.append(
                .cloneMount(
                    CloneMount(source: source, path: ByteString("/dev/" + device), attributes: [.noSetUID, .noExecute], into: into)))
            program.containerOperations.append(.attach(mount: into, path: ByteString("/dev/" + device), target: .file))
        }
        program.containerOperations += [
            .hostname("inside"), .loopbackUp, .mask(path: "/proc/cpuinfo"), .mask(path: "/proc/irq"), .mask(path: "/proc/fs"),
            .mask(path: "/proc/sys/not-there"),
            .readOnly(path: "/proc/sys"), .pivotRoot,
        ]
        program.jobOperations = Self.operations(identity)
    }

    static func operations(_ identity: Identity) -> [JobOperation] {
        let effective = identity.user == 0 ? defaultCapabilities : 0
        return [
            .sessionKeyring, .oomScoreAdjustment(500), .resourceLimit(resource: 7, soft: 512, hard: 1024), .umask(0o027),
            .boundingSet(defaultCapabilities), .identity(identity), .workingDirectory("/tmp"),
            .capabilities(effective: effective, permitted: effective, ambient: 0), .noNewPrivileges,
        ]
    }

    static let mounts: [ContainerOperation] = [
        .mount(FilesystemMount(type: "proc", path: "/proc", attributes: [.noSetUID, .noDevices, .noExecute])),
        .mount(FilesystemMount(type: "sysfs", path: "/sys", attributes: [.readOnly, .noSetUID, .noDevices, .noExecute])),
        .mount(
            FilesystemMount(
                type: "tmpfs", path: "/dev", options: [.init("mode", "755"), .init("uid", "0"), .init("gid", "0")], attributes: [.noSetUID])
        ),
        .mount(
            FilesystemMount(
                type: "devpts", path: "/dev/pts",
                options: [.init("newinstance"), .init("ptmxmode", "0666"), .init("mode", "0620"), .init("gid", "5")],
                attributes: [.noSetUID, .noExecute])),
        .symlink(target: "pts/ptmx", path: "/dev/ptmx"), .symlink(target: "/proc/self/fd/1", path: "/dev/stdout"),
        .mount(
            FilesystemMount(
                type: "tmpfs", path: "/dev/shm",
                options: [.init("mode", "1777"), .init("uid", "0"), .init("gid", "0"), .init("size", "1048576")],
                attributes: [.noSetUID, .noDevices, .noExecute])),
        .mount(FilesystemMount(type: "mqueue", path: "/dev/mqueue", attributes: [.noSetUID, .noDevices, .noExecute])),
    ]

    mutating func pass(_ descriptor: Descriptor) -> DescriptorIndex {
        table.append(descriptor)
        return DescriptorIndex(UInt16(table.count - 1))
    }

    func start(_ harness: LauncherHarness) throws -> StartedJob { try harness.start(program, table: table) }
}
