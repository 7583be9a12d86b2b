/// The place of a descriptor in a program's table: first those passed with the request, in order, then those operations make.
public struct DescriptorIndex: Equatable, Hashable, Sendable {
    /// The place, below `LaunchLimits.descriptors`.
    public var rawValue: UInt16

    /// A place in the table.
    public init(_ rawValue: UInt16) {
        self.rawValue = rawValue
    }
}

extension DescriptorIndex: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(rawValue)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        rawValue = try reader.uint16()
        guard rawValue < LaunchLimits.descriptors else { throw .range }
    }
}

/// Namespaces to make for a job (namespaces(7)); the bits are Berth's own, not the kernel's.
public struct NamespaceSet: OptionSet, Equatable, Sendable {
    /// One bit each.
    public var rawValue: UInt8

    /// A set from its bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Process ids; PID 1 is the monitor. Always needed.
    public static let pid = NamespaceSet(rawValue: 1)
    /// Mounts. Always needed.
    public static let mount = NamespaceSet(rawValue: 2)
    /// System V IPC and POSIX message queues.
    public static let ipc = NamespaceSet(rawValue: 4)
    /// Host and domain name.
    public static let uts = NamespaceSet(rawValue: 8)
    /// Network; left out for `network: host`.
    public static let network = NamespaceSet(rawValue: 16)
    /// Cgroups; made after PID 1 entered its groups.
    public static let cgroup = NamespaceSet(rawValue: 32)
    /// User and group ids.
    public static let user = NamespaceSet(rawValue: 64)
    /// All seven.
    public static let all = NamespaceSet(rawValue: 127)
}

/// One extent of a uid or gid map (user_namespaces(7)).
public struct IDMapExtent: Equatable, Hashable, Sendable {
    /// First id inside.
    public var inside: UInt32
    /// First id outside.
    public var outside: UInt32
    /// Number of ids.
    public var count: UInt32

    /// Maps `count` ids from `inside` on to those from `outside` on.
    public init(inside: UInt32, outside: UInt32, count: UInt32) {
        self.inside = inside
        self.outside = outside
        self.count = count
    }
}

extension IDMapExtent: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(inside)
        writer.put(outside)
        writer.put(count)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        inside = try reader.uint32()
        outside = try reader.uint32()
        count = try reader.uint32()
    }
}

/// User, group and supplementary groups. Ids of the host for `LaunchProgram.submitter`, ids inside for `JobOperation.identity`.
public struct Identity: Equatable, Sendable {
    /// User id.
    public var user: UInt32
    /// Primary group id.
    public var group: UInt32
    /// Further group ids.
    public var supplementaryGroups: [UInt32]

    /// Ids of one process.
    public init(user: UInt32, group: UInt32, supplementaryGroups: [UInt32] = []) {
        self.user = user
        self.group = group
        self.supplementaryGroups = supplementaryGroups
    }
}

extension Identity: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(user)
        writer.put(group)
        writer.put(supplementaryGroups)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        user = try reader.uint32()
        group = try reader.uint32()
        supplementaryGroups = try reader.array(UInt32.self)
    }
}

/// The three different mapped ids of PID 1, for users and groups alike. With one id a job with CAP_SETUID becomes it and ends PID 1
/// by `prlimit(1, RLIMIT_CPU, 0)`; no other process inside may be given one of them.
public struct MonitorIDs: Equatable, Sendable {
    /// Real id.
    public var real: UInt32
    /// Effective id.
    public var effective: UInt32
    /// Saved id.
    public var saved: UInt32

    /// The default is the top of a slot.
    public init(real: UInt32 = 65533, effective: UInt32 = 65534, saved: UInt32 = 65535) {
        self.real = real
        self.effective = effective
        self.saved = saved
    }
}

extension MonitorIDs: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(real)
        writer.put(effective)
        writer.put(saved)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        real = try reader.uint32()
        effective = try reader.uint32()
        saved = try reader.uint32()
    }
}

/// Attributes of one mount (mount_setattr(2)); the bits are the kernel's MOUNT_ATTR_*.
public struct MountAttributes: OptionSet, Equatable, Sendable {
    /// MOUNT_ATTR_* bits.
    public var rawValue: UInt64

    /// A set from its bits.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// No writes.
    public static let readOnly = MountAttributes(rawValue: 0x1)
    /// Set-uid and file capabilities do not count.
    public static let noSetUID = MountAttributes(rawValue: 0x2)
    /// Device nodes cannot be opened.
    public static let noDevices = MountAttributes(rawValue: 0x4)
    /// Nothing can be executed.
    public static let noExecute = MountAttributes(rawValue: 0x8)
    /// Reads do not change the access time.
    public static let noAccessTime = MountAttributes(rawValue: 0x10)
    /// Symbolic links are not followed.
    public static let noFollowSymlinks = MountAttributes(rawValue: 0x20_0000)
}

/// Size of a terminal in characters.
public struct TerminalSize: Equatable, Sendable {
    /// Lines.
    public var rows: UInt16
    /// Characters of a line.
    public var columns: UInt16

    /// A size in characters.
    public init(rows: UInt16, columns: UInt16) {
        self.rows = rows
        self.columns = columns
    }
}

extension TerminalSize: WireValue {
    func encode(into writer: inout ByteWriter) {
        writer.put(rows)
        writer.put(columns)
    }

    init(from reader: inout ByteReader) throws(DecodeError) {
        rows = try reader.uint16()
        columns = try reader.uint16()
    }
}
