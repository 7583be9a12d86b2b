internal import CLinuxSys

/// How a file is opened (open(2)); close-on-exec is always added.
public struct OpenFlags: OptionSet, Sendable, Hashable {
    /// The kernel's bits.
    public let rawValue: Int32
    /// Flags from the kernel's bits.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    private init<T: BinaryInteger>(_ bits: T) { rawValue = Int32(truncatingIfNeeded: bits) }

    /// For reading (the default, all bits clear).
    public static let readOnly = OpenFlags([])
    /// For writing.
    public static let writeOnly = OpenFlags(BERTH_O_WRONLY)
    /// For both.
    public static let readWrite = OpenFlags(BERTH_O_RDWR)
    /// Makes a regular file if there is none; takes the mode.
    public static let create = OpenFlags(BERTH_O_CREAT)
    /// With `create`: EEXIST if there is one.
    public static let exclusive = OpenFlags(BERTH_O_EXCL)
    /// Empties it.
    public static let truncate = OpenFlags(BERTH_O_TRUNC)
    /// Every write goes to the end.
    public static let append = OpenFlags(BERTH_O_APPEND)
    /// Never waits.
    public static let nonBlocking = OpenFlags(BERTH_O_NONBLOCK)
    /// ENOTDIR if it is no directory.
    public static let directory = OpenFlags(BERTH_O_DIRECTORY)
    /// ELOOP if the last component is a symbolic link.
    public static let noFollow = OpenFlags(BERTH_O_NOFOLLOW)
    /// A reference to the place only: no rights on the file needed, no reads and writes possible (O_PATH).
    public static let path = OpenFlags(BERTH_O_PATH)
    /// A file without a name in the given directory (O_TMPFILE).
    public static let temporary = OpenFlags(BERTH_O_TMPFILE)
    /// Past the page cache.
    public static let direct = OpenFlags(BERTH_O_DIRECT)
    /// Never becomes the controlling terminal.
    public static let noControllingTerminal = OpenFlags(BERTH_O_NOCTTY)

    var kernelBits: Int32 { rawValue | Int32(BERTH_O_CLOEXEC) }
}

/// What openat2(2) may walk through on the way.
public struct ResolveFlags: OptionSet, Sendable, Hashable {
    /// The kernel's bits.
    public let rawValue: UInt64
    /// Flags from the kernel's bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// EXDEV at a mount point.
    public static let noCrossDevice = ResolveFlags(rawValue: 0x01)
    /// ELOOP at a link of procfs (`/proc/PID/fd/N`).
    public static let noMagicLinks = ResolveFlags(rawValue: 0x02)
    /// ELOOP at any symbolic link.
    public static let noSymlinks = ResolveFlags(rawValue: 0x04)
    /// EXDEV when the path leaves the directory (`..`, absolute names and links).
    public static let beneath = ResolveFlags(rawValue: 0x08)
    /// `/` and `..` stay inside the directory, as after chroot.
    public static let inRoot = ResolveFlags(rawValue: 0x10)
}
