internal import CLinuxSys
import Glibc

/// The kind of a file (S_IFMT).
public enum FileKind: Sendable, Hashable {
    /// S_IFREG.
    case regular
    /// S_IFDIR.
    case directory
    /// S_IFLNK.
    case symbolicLink
    /// S_IFCHR.
    case characterDevice
    /// S_IFBLK.
    case blockDevice
    /// S_IFIFO.
    case fifo
    /// S_IFSOCK.
    case socket
    /// Anything else, such as an anonymous inode.
    case other

    init(mode: UInt32) {
        switch mode & 0o170000 {
        case 0o100000: self = .regular
        case 0o040000: self = .directory
        case 0o120000: self = .symbolicLink
        case 0o020000: self = .characterDevice
        case 0o060000: self = .blockDevice
        case 0o010000: self = .fifo
        case 0o140000: self = .socket
        default: self = .other
        }
    }
}

/// A device's numbers.
public struct DeviceNumber: Sendable, Hashable, CustomStringConvertible {
    /// The driver's number.
    public var major: UInt32
    /// The device's number within the driver.
    public var minor: UInt32

    /// Numbers as sysfs shows them.
    public init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }

    /// Decodes the C library's dev_t.
    public init(_ number: UInt64) {
        major = UInt32(truncatingIfNeeded: ((number >> 8) & 0xFFF) | ((number >> 32) & ~0xFFF))
        minor = UInt32(truncatingIfNeeded: (number & 0xFF) | ((number >> 12) & 0xFFFF_FF00))
    }

    /// The C library's dev_t.
    public var rawValue: UInt64 {
        let major = UInt64(major)
        let minor = UInt64(minor)
        return ((major & 0xFFF) << 8) | ((major & ~0xFFF) << 32) | (minor & 0xFF) | ((minor & ~0xFF) << 12)
    }

    /// `8:16`, as cgroup files and sysfs write it.
    public var description: String { "\(major):\(minor)" }
}

/// What the inode says (stat(2)).
public struct FileStatus: Sendable, Hashable {
    /// The file system's device.
    public var device: DeviceNumber
    /// The inode's number.
    public var inode: UInt64
    /// The kind.
    public var kind: FileKind
    /// Permission bits with set-uid, set-gid and sticky (07777).
    public var permissions: UInt32
    /// Names that lead to it.
    public var links: UInt64
    /// Owner.
    public var uid: UInt32
    /// Group.
    public var gid: UInt32
    /// Size in bytes.
    public var size: Int64
    /// Bytes allocated on disk.
    public var allocatedBytes: Int64
    /// For device nodes: which device.
    public var specialDevice: DeviceNumber
    /// Last change of the content, nanoseconds since 1970.
    public var modifiedNanoseconds: Int64
    /// Last change of the inode, nanoseconds since 1970.
    public var changedNanoseconds: Int64

    init(_ s: stat) {
        device = DeviceNumber(UInt64(s.st_dev))
        inode = UInt64(s.st_ino)
        kind = FileKind(mode: s.st_mode)
        permissions = s.st_mode & 0o7777
        links = UInt64(s.st_nlink)
        uid = s.st_uid
        gid = s.st_gid
        size = Int64(s.st_size)
        allocatedBytes = Int64(s.st_blocks) * 512
        specialDevice = DeviceNumber(UInt64(s.st_rdev))
        modifiedNanoseconds = Int64(s.st_mtim.tv_sec) * 1_000_000_000 + Int64(s.st_mtim.tv_nsec)
        changedNanoseconds = Int64(s.st_ctim.tv_sec) * 1_000_000_000 + Int64(s.st_ctim.tv_nsec)
    }

    /// Whether both are the same inode of the same file system.
    public func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}

/// What the file system says (statfs(2)).
public struct FileSystemStatus: Sendable, Hashable {
    /// The type's magic number (statfs(2)), such as `FileSystemStatus.btrfs`.
    public var type: UInt64
    /// Bytes in all.
    public var totalBytes: UInt64
    /// Bytes that an unprivileged user can still write.
    public var availableBytes: UInt64
    /// Inodes in all; 0 where they are not counted.
    public var totalInodes: UInt64
    /// Inodes left.
    public var freeInodes: UInt64
    /// Whether the mount or its superblock is read-only.
    public var isReadOnly: Bool

    /// ext2 to ext4.
    public static let ext4: UInt64 = 0xEF53
    /// XFS.
    public static let xfs: UInt64 = 0x5846_5342
    /// btrfs.
    public static let btrfs: UInt64 = 0x9123_683E
    /// tmpfs.
    public static let tmpfs: UInt64 = 0x0102_1994
    /// overlayfs.
    public static let overlay: UInt64 = 0x794C_7630
    /// cgroup v2.
    public static let cgroup2: UInt64 = 0x6367_7270
    /// NFS.
    public static let nfs: UInt64 = 0x6969
    /// FUSE.
    public static let fuse: UInt64 = 0x6573_5546
}

extension Descriptor {
    /// The inode behind this descriptor (fstat(2)).
    public func status() throws(SystemError) -> FileStatus {
        var buffer = stat()
        _ = try checked("stat", description) { Int(fstat(rawValue, &buffer)) }
        return FileStatus(buffer)
    }

    /// The inode of a name in this directory (fstatat(2)); a link itself unless `followLink`.
    public func status(at name: String, followLink: Bool = false) throws(SystemError) -> FileStatus {
        var buffer = stat()
        _ = try checked("stat", name) { Int(fstatat(rawValue, name, &buffer, followLink ? 0 : AT_SYMLINK_NOFOLLOW)) }
        return FileStatus(buffer)
    }

    /// The file system behind this descriptor (fstatfs(2)).
    public func fileSystemStatus() throws(SystemError) -> FileSystemStatus {
        var buffer = berth_statfs()
        _ = try check(berth_sys_fstatfs(rawValue, &buffer), "statfs", displayPath)
        return FileSystemStatus(
            type: buffer.type, totalBytes: buffer.blocks * buffer.block, availableBytes: buffer.available * buffer.block,
            totalInodes: buffer.files, freeInodes: buffer.free_files, isReadOnly: buffer.flags & 1 != 0)
    }
}
