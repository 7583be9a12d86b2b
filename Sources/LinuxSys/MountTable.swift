/// One mount of a mount namespace (proc_pid_mountinfo(5)).
public struct MountEntry: Sendable, Hashable {
    /// Unique while the mount lives.
    public var id: Int
    /// The mount it is on.
    public var parentID: Int
    /// The file system's device.
    public var device: DeviceNumber
    /// Which directory of the file system is mounted.
    public var root: String
    /// Where.
    public var mountPoint: String
    /// Options of this mount.
    public var options: [String]
    /// The type: `ext4`, `cgroup2`.
    public var type: String
    /// Where it came from: a device's path, mostly.
    public var source: String
    /// Options of the superblock.
    public var superOptions: [String]

    /// Whether it can be written: an overlay that could not says so in its superblock options only.
    public var isReadOnly: Bool { options.contains("ro") || superOptions.contains("ro") }

    /// Parses one line; nil for something else.
    public init?(line: Substring) {
        let fields = line.split(separator: " ")
        guard let separator = fields.firstIndex(of: "-"), separator >= 6, fields.count >= separator + 3 else { return nil }
        let numbers = fields[2].split(separator: ":").compactMap { UInt32($0) }
        guard let id = Int(fields[0]), let parent = Int(fields[1]), numbers.count == 2 else { return nil }
        self.id = id
        parentID = parent
        device = DeviceNumber(major: numbers[0], minor: numbers[1])
        root = Self.unescape(fields[3])
        mountPoint = Self.unescape(fields[4])
        options = fields[5].split(separator: ",").map(String.init)
        type = String(fields[separator + 1])
        source = Self.unescape(fields[separator + 2])
        superOptions = fields.count > separator + 3 ? fields[separator + 3].split(separator: ",").map(String.init) : []
    }

    /// Space, tab, newline and backslash stand there as three octal digits.
    private static func unescape(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        let raw = Array(text.utf8)
        var at = 0
        while at < raw.count {
            if raw[at] == 92, at + 3 < raw.count, let code = UInt8(String(decoding: raw[(at + 1)...(at + 3)], as: UTF8.self), radix: 8) {
                bytes.append(code)
                at += 4
            } else {
                bytes.append(raw[at])
                at += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The mounts of a mount namespace, in the kernel's order.
public struct MountTable: Sendable, Hashable {
    /// The mounts.
    public var entries: [MountEntry]

    /// Parses the text of a mountinfo file.
    public init(text: String) { entries = text.split(whereSeparator: \.isNewline).compactMap { MountEntry(line: $0) } }

    /// Reads a mountinfo file, ours by default.
    public init(path: String = "/proc/self/mountinfo") throws(SystemError) { self.init(text: try readTextFile(path, limit: 64 << 20)) }

    /// The mount that holds an absolute path without links: the deepest, and of several on one place the last.
    public func holding(_ path: String) -> MountEntry? {
        var best: MountEntry?
        for entry in entries {
            let point = entry.mountPoint
            guard point == "/" || path == point || path.hasPrefix(point + "/") else { continue }
            if point.utf8.count >= (best?.mountPoint.utf8.count ?? 0) { best = entry }
        }
        return best
    }
}
