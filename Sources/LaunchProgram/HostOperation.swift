/// What is done on the host side before PID 1 is cloned, by the launcher or a forked helper of it, in the host's mount namespace.
public enum HostOperation: Equatable, Sendable {
    /// Opens an absolute path with the submitter's ids and no capability (openat2(2), RESOLVE_NO_MAGICLINKS).
    case openAsSubmitter(path: ByteString, how: SubmitterOpen, into: DescriptorIndex)
    /// Fails with EACCES when the opened bind source is, contains or lies under one of these directories; compared by device and
    /// inode while walking `..` by descriptor. `path` is for the message.
    case refuseProtected(DescriptorIndex, path: ByteString, directories: [DescriptorIndex])
    /// Clones a mount, sets attributes and an id map: open_tree(2) with OPEN_TREE_CLONE, mount_setattr(2).
    case cloneMount(CloneMount)
}

/// How a submitter's path is opened. All are close-on-exec and never block.
public enum SubmitterOpen: Equatable, Sendable {
    /// O_PATH of anything: a bind source.
    case source
    /// O_PATH of a directory.
    case directory
    /// Reading: the job's input.
    case input
    /// Writing, created when missing with this mode (umask 0): the job's output. Replaces what stands there unless `append`.
    case output(append: Bool, mode: UInt32)
}

/// A detached copy of a mount.
public struct CloneMount: Equatable, Sendable {
    /// What is done where the file system cannot be id-mapped (EINVAL, EPERM or EOPNOTSUPP of mount_setattr(2)): contract §7.
    public enum WithoutIDMap: UInt8, Equatable, Sendable {
        case fail, readOnly, plain
    }

    /// An O_PATH or other descriptor of the directory or file.
    public var source: DescriptorIndex
    /// The path, for messages only.
    public var path: ByteString
    /// With the mounts below it.
    public var recursive: Bool
    /// Attributes to set.
    public var attributes: MountAttributes
    /// A user namespace whose map the mount gets.
    public var idMap: DescriptorIndex?
    /// What is done where there can be no id map.
    public var withoutIDMap: WithoutIDMap
    /// Where the detached mount's descriptor goes.
    public var into: DescriptorIndex

    /// A detached copy of a mount.
    public init(
        source: DescriptorIndex, path: ByteString, recursive: Bool = false, attributes: MountAttributes = [],
        idMap: DescriptorIndex? = nil, withoutIDMap: WithoutIDMap = .fail, into: DescriptorIndex
    ) {
        self.source = source
        self.path = path
        self.recursive = recursive
        self.attributes = attributes
        self.idMap = idMap
        self.withoutIDMap = withoutIDMap
        self.into = into
    }
}
