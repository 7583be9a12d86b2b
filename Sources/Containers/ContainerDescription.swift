public import Cgroups
public import JobModel
public import LinuxSys

/// One container, described without queue or image store: mounted paths, ids, limits already in force, and what to run.
public struct ContainerDescription: Sendable {
    /// Name of its run directory; making it is the start.
    public var name: String
    public var owner: Owner
    public var base: ContainerBase
    /// The detached overlay.
    public var root: Descriptor
    public var groups: GroupEntry
    /// The name of the groups, by which they are found again.
    public var groupName: String
    /// Becomes its PID 1; it has the same base and is in these groups already.
    public var spare: SpareContainer?
    /// Whether nobody could see that it was made ready: an output file would be emptied, a FIFO's writer would find a reader.
    public var canBeHeld: Bool { streams.output == nil && streams.error == nil && streams.input == nil }
    public var process: ContainerProcess
    public var streams: ContainerStreams
    public var mounts: [ContainerMount] = []
    public var files: [ContainerFile] = []
    /// Lines for passwd(5) and group(5), added unless the key is there.
    public var accounts: [AccountLine] = []
    public var hostname: String
    /// Where the log's file is made; only root enters it.
    public var logDirectory: Descriptor
    public var logLimit: Bytes
    /// Directories that no bind may be, contain or lie under: contract §8.
    public var protected: [Descriptor] = []
    /// For binds: the submitter's ids alone (`IdentityMap.binds`).
    public var bindNamespace: Descriptor

    public init(
        name: String, owner: Owner, base: ContainerBase, root: Descriptor, groups: GroupEntry, groupName: String, process: ContainerProcess,
        streams: ContainerStreams, hostname: String, logDirectory: Descriptor, logLimit: Bytes, bindNamespace: Descriptor
    ) {
        self.name = name
        self.owner = owner
        self.base = base
        self.root = root
        self.groups = groups
        self.groupName = groupName
        self.process = process
        self.streams = streams
        self.hostname = hostname
        self.logDirectory = logDirectory
        self.logLimit = logLimit
        self.bindNamespace = bindNamespace
    }
}

/// What runs and as whom, ids inside.
public struct ContainerProcess: Sendable {
    public var arguments: [String]
    /// `NAME=value`.
    public var environment: [String]
    public var workingDirectory: String
    public var user: UInt32
    public var group: UInt32
    public var supplementaryGroups: [UInt32]
    public var capabilities: CapabilitySet
    /// Compiled filter.
    public var seccomp: SeccompProgram
    public var limits: [(resource: UInt8, limit: ResourceLimit)] = []
    public var umask: UInt32 = 0o022
    /// AppArmor profile; nil where the kernel has none.
    public var appArmor: String?

    public init(
        arguments: [String], environment: [String], workingDirectory: String, user: UInt32, group: UInt32, supplementaryGroups: [UInt32],
        capabilities: CapabilitySet, seccomp: SeccompProgram
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
        self.group = group
        self.supplementaryGroups = supplementaryGroups
        self.capabilities = capabilities
        self.seccomp = seccomp
    }
}

/// Standard streams; paths were expanded already and are opened with the submitter's rights.
public struct ContainerStreams: Sendable {
    public var input: String?
    public var output: OutputSpec?
    public var error: OutputSpec?
    /// A client feeds descriptor 0.
    public var interactive = false
    public var terminal: JobModel.TerminalSize?
    public init() {}
}

public struct ContainerMount: Sendable {
    public enum Source: Sendable {
        /// An absolute path of the machine, opened with the submitter's rights.
        case path(String)
        /// Berth's own, such as its socket for `api: true`.
        case descriptor(Descriptor)
        case tmpfs(Bytes)
    }
    public var source: Source
    public var target: String
    public var readOnly: Bool
    public init(source: Source, target: String, readOnly: Bool) {
        self.source = source
        self.target = target
        self.readOnly = readOnly
    }
}

public struct ContainerDevice: Hashable, Sendable {
    /// The node on the machine and inside.
    public var path: String
    public var readOnly: Bool
    public init(path: String, readOnly: Bool) {
        self.path = path
        self.readOnly = readOnly
    }
}

public struct ContainerFile: Sendable {
    public var path: String
    public var mode: UInt32
    public var contents: [UInt8]
    public init(path: String, mode: UInt32, contents: [UInt8]) {
        self.path = path
        self.mode = mode
        self.contents = contents
    }
}

/// A line of passwd(5) or group(5) and the field, from 0, whose value makes it needless.
public struct AccountLine: Sendable {
    public var path: String
    public var field: UInt8
    public var key: String
    public var line: String
    public init(path: String, field: UInt8, key: String, line: String) {
        self.path = path
        self.field = field
        self.key = key
        self.line = line
    }
}
