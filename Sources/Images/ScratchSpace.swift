public import JobModel
public import LinuxSys

/// What holds a scratch limit.
public enum ScratchLimitKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// A project quota of the state file system (ext4, XFS): bytes and inodes.
    case projectQuota
    /// A qgroup of the daemon's own btrfs image: bytes only.
    case subvolumeQuota
    /// A tmpfs of that size: bytes and inodes.
    case memory

    /// Whether a limit of inodes holds too.
    public var limitsInodes: Bool { self != .subvolumeQuota }
}

/// The upper and work directory of one attempt, with a limit that the kernel enforces.
public struct ScratchSpace: Sendable {
    /// Whose it is.
    public let attempt: AttemptID
    /// What the kernel holds the limit with.
    public let limitedBy: ScratchLimitKind
    /// Holds `upper` and `work`, both on one mount as overlayfs wants it.
    public let directory: Descriptor
    /// Its top directory belongs to the root of the job's slot.
    public let upper: Descriptor
    /// overlayfs' own directory.
    public let work: Descriptor
    /// A path of the host on the disk that carries it; nil for memory.
    public let hostPath: String?

    /// A detached mount whose root is `directory`, for the launcher's staging: before Linux 6.15 a detached mount cannot be cloned, and a tmpfs is
    /// detached already, so that one is given itself.
    func detachedMount() throws(ImageError) -> Descriptor {
        try onHost { () throws(SystemError) in
            if limitedBy == .memory { return directory }
            let mount = try Mount.clone(of: directory)
            try Mount.setAttributes(of: mount, propagation: .private)
            return mount
        }
    }
}

/// What a scratch holds now.
public struct ScratchUsage: Hashable, Sendable, Codable {
    /// On disk, or in memory.
    public var bytes: Bytes
    /// Nil where they are not counted.
    public var inodes: Int?

    /// A count of both.
    public init(bytes: Bytes, inodes: Int?) {
        self.bytes = bytes
        self.inodes = inodes
    }
}

/// Where and how scratch is kept.
public struct ScratchSettings: Sendable {
    /// An absolute path below the state directory; made 0700.
    public var root: String
    /// Prepared ahead, so that a start does not wait.
    public var prepared: Int
    /// Least size of the btrfs image; it is as long as its file system is large, and sparse.
    public var minimumImageBytes: Bytes
    /// Inodes that a limit in bytes brings along when the job names none: one for so many bytes.
    public var bytesPerInode: UInt64
    /// Forces one way, for tests; nil takes the best that works.
    public var forced: ScratchLimitKind?

    /// Settings of a store.
    public init(
        root: String, prepared: Int = 8, minimumImageBytes: Bytes = .gibibytes(16), bytesPerInode: UInt64 = 16_384,
        forced: ScratchLimitKind? = nil
    ) {
        self.root = root
        self.prepared = prepared
        self.minimumImageBytes = minimumImageBytes
        self.bytesPerInode = bytesPerInode
        self.forced = forced
    }
}
