/// A PID 1 cloned ahead: what of a start does not depend on the job. It is used once, by one job of the user whose maps it has; until then it
/// waits in groups of its own for the `LaunchProgram` that names it.
///
///     launcher                               PID 1 (cloned)
///     hostOperations                         "0" to `taskFiles`, unshare cgroup namespace
///     clone3 into `group` ───────────────►   mapped 0, setsid
///     maps, go ──────────────────────────►   containerOperations on a skeleton of the root
///     answers `started`                      answers `prepared`, waits
///     …
///     start: run directory, stamp, ──────►   goes on as after a clone
///     all descriptors
public struct SpareProgram: Equatable, Sendable {
    /// What the start that uses it names it by; a pid may be another's by then. Not 0.
    public var number: UInt64 = 0
    /// Namespaces to make.
    public var namespaces: NamespaceSet = .all
    /// The host's id in whose name the user namespace is made: what is used in it of the kernel's bounds for each user (inotify instances, message
    /// queues, pending signals) counts for this one too (user_namespaces(7)).
    public var owner: UInt32 = 0
    /// The uid map.
    public var uidMap: [IDMapExtent] = []
    /// The gid map.
    public var gidMap: [IDMapExtent] = []
    /// A v2 group's directory that PID 1 is cloned into.
    public var group: DescriptorIndex?
    /// Opened v1 `tasks` files; PID 1 writes `0` to each.
    public var taskFiles: [DescriptorIndex] = []
    /// Executed first, in the host's namespaces; none that opens a submitter's path.
    public var hostOperations: [HostOperation] = []
    /// Executed by PID 1; the first one is `skeleton`, the last `pivotRoot`, so that it keeps no mount of the host busy.
    public var containerOperations: [ContainerOperation] = []

    /// A PID 1 that does nothing yet.
    public init() {}
}

private let spareMagic: UInt32 = 0x5342_5242  // "BRBS"

extension SpareProgram {
    /// The program as the launcher reads it from a memfd.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(spareMagic)
        writer.put(LaunchProgram.version)
        writer.put(number)
        writer.put(namespaces.rawValue)
        writer.put(owner)
        writer.put(uidMap)
        writer.put(gidMap)
        writer.put(group)
        writer.put(taskFiles)
        writer.put(hostOperations)
        writer.put(containerOperations)
        return writer.bytes
    }

    /// Refuses everything that is not exactly one program of this version.
    public init(decoding bytes: [UInt8]) throws(DecodeError) {
        guard bytes.count <= LaunchLimits.programBytes else { throw .tooMany }
        var reader = ByteReader(bytes)
        guard try reader.uint32() == spareMagic else { throw .magic }
        guard try reader.uint16() == LaunchProgram.version else { throw .version }
        number = try reader.uint64()
        namespaces = NamespaceSet(rawValue: try reader.uint8())
        guard NamespaceSet.all.isSuperset(of: namespaces), namespaces.isSuperset(of: [.pid, .mount]) else { throw .range }
        owner = try reader.uint32()
        uidMap = try reader.array(IDMapExtent.self)
        gidMap = try reader.array(IDMapExtent.self)
        group = try reader.optional(DescriptorIndex.self)
        taskFiles = try reader.array(DescriptorIndex.self)
        hostOperations = try reader.array(HostOperation.self)
        containerOperations = try reader.array(ContainerOperation.self)
        try reader.finish()
    }
}

/// What the launcher hands a spare with the descriptors of a start: answer socket, program, record, control FIFO, then the log and the two ends
/// of `stdin` where there are some, then the table.
public struct SpareHandover: Equatable, Sendable {
    /// The log is among the descriptors.
    public var hasLog: Bool
    /// The ends of `stdin` are.
    public var hasInput: Bool
    /// A bind could not be id-mapped: `LaunchProgram.withoutIDMapDropsCapabilities` counts.
    public var dropsCapabilities: Bool

    /// A handover.
    public init(hasLog: Bool, hasInput: Bool, dropsCapabilities: Bool) {
        self.hasLog = hasLog
        self.hasInput = hasInput
        self.dropsCapabilities = dropsCapabilities
    }

    /// The packet's bytes.
    public func encoded() -> [UInt8] { [2, hasLog ? 1 : 0, hasInput ? 1 : 0, dropsCapabilities ? 1 : 0] }

    /// Refuses everything that is not exactly one handover.
    public init(decoding bytes: [UInt8]) throws(DecodeError) {
        guard bytes.count == 4, bytes[0] == 2 else { throw .magic }
        self.init(hasLog: bytes[1] == 1, hasInput: bytes[2] == 1, dropsCapabilities: bytes[3] == 1)
    }
}
