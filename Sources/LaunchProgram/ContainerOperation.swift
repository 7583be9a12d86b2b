/// What PID 1 does inside the new namespaces, in this order. Every path is absolute inside the new root and resolved there with
/// openat2(2), RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS. Missing parent directories are made (0755).
public enum ContainerOperation: Equatable, Sendable {
    /// Makes propagation private and attaches a small tmpfs as the root of what follows: a spare has no other yet.
    case skeleton
    /// Moves the mount at this path of the skeleton, with all below it, to the same path of the root.
    case take(path: ByteString)
    /// Makes propagation private and attaches the detached root; first of all. `writable`: fail with EROFS when the superblock came up
    /// read-only.
    case attachRoot(mount: DescriptorIndex, writable: Bool)
    /// Mounts a new file system: fsopen(2), fsconfig(2), fsmount(2), move_mount(2).
    case mount(FilesystemMount)
    /// Attaches a detached mount: a bind or a device node.
    case attach(mount: DescriptorIndex, path: ByteString, target: MountTarget)
    /// Makes a directory unless there is one.
    case makeDirectory(path: ByteString, mode: UInt32)
    /// Makes a symbolic link, replacing anything but a directory.
    case symlink(target: ByteString, path: ByteString)
    /// Writes a file, replacing anything but a directory; never through a link.
    case writeFile(path: ByteString, mode: UInt32, contents: ByteString)
    /// Appends a line to a passwd-like file unless a line has this text as its `field`th field (from 0, separated by colons).
    case appendLine(path: ByteString, field: UInt8, key: ByteString, line: ByteString)
    /// Hides a path when it exists: a file behind the container's /dev/null, a directory behind an empty read-only tmpfs.
    case mask(path: ByteString)
    /// Makes a path read-only by a bind onto itself when it exists.
    case readOnly(path: ByteString)
    /// sethostname(2).
    case hostname(ByteString)
    /// Brings `lo` up.
    case loopbackUp
    /// Writes a sysctl, named as below /proc/sys (`net/ipv4/ip_forward`), on a /proc that is verified to be procfs (CVE-2019-16884).
    case sysctl(key: ByteString, value: ByteString)
    /// Makes the attached root the root and detaches the host's tree: pivot_root(2).
    case pivotRoot
}

/// What a mount point is made as when it is missing.
public enum MountTarget: UInt8, Equatable, Sendable {
    /// It must exist.
    case existing
    case directory
    case file
    /// A directory or a file, as the attached mount's root is: for binds, whose kind only the launcher knows.
    case likeSource
    /// A file that is not there yet, in a file system that the program made.
    case newFile
}

/// A new file system.
public struct FilesystemMount: Equatable, Sendable {
    /// One option; an empty value makes it a flag (FSCONFIG_SET_FLAG).
    public struct Option: Equatable, Sendable {
        /// The name.
        public var key: ByteString
        /// Its value, or empty.
        public var value: ByteString

        /// One option.
        public init(_ key: ByteString, _ value: ByteString = ByteString(bytes: [])) {
            self.key = key
            self.value = value
        }
    }

    /// `proc`, `sysfs`, `devpts`, `tmpfs`, `mqueue`, `cgroup2`.
    public var type: ByteString
    /// The mount point, a directory inside the root.
    public var path: ByteString
    /// A tmpfs needs `uid=0` and `gid=0` explicitly.
    public var options: [Option]
    /// Attributes of the mount.
    public var attributes: MountAttributes

    /// A file system to mount at a path.
    public init(type: ByteString, path: ByteString, options: [Option] = [], attributes: MountAttributes = []) {
        self.type = type
        self.path = path
        self.options = options
        self.attributes = attributes
    }
}
