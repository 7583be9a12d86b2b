internal import CLinuxSys
import Glibc

/// Limits on a directory tree by project id (quotactl(2), PRJQUOTA), as ext4 and XFS have them.
public enum ProjectQuota {
    /// What a project uses and may use.
    public struct Account: Sendable, Hashable {
        /// Bytes on disk now.
        public var usedBytes: UInt64
        /// Files, directories and so on now.
        public var usedInodes: UInt64
        /// The most bytes; 0 is without limit.
        public var byteLimit: UInt64
        /// The most inodes; 0 is without limit.
        public var inodeLimit: UInt64
    }

    private static let projectQuota: UInt32 = 2
    private static let getQuota: UInt32 = 0x800007
    private static let setQuota: UInt32 = 0x800008
    private static let getState: UInt32 = 0x5805
    private static let getAttributes = IoctlNumber.read(0x58, 31, size: 28)
    private static let setAttributes = IoctlNumber.write(0x58, 32, size: 28)

    private static func command(_ number: UInt32) -> UInt32 { number << 8 | projectQuota }

    /// Whether the file system of an open directory enforces project quotas now (Q_XGETQSTAT).
    public static func isEnforced(on directory: Descriptor) -> Bool {
        // struct fs_quota_stat: the flags are 16 bits at offset 2; bit 5 is "project quota limits enforced".
        var buffer = IoctlBuffer(size: 256)
        buffer.set(UInt8(1), at: 0)
        return (try? call(getState, on: directory, id: 0, &buffer, "read quota state")) != nil
            && buffer.get(UInt16.self, at: 2) & 1 << 5 != 0
    }

    /// Puts an empty directory, and all that will be made in it, under a project id (FS_IOC_FSSETXATTR with PROJINHERIT).
    public static func setProject(_ id: UInt32, on directory: Descriptor) throws(SystemError) {
        // struct fsxattr: flags at 0, project id at 12.
        var attributes = IoctlBuffer(size: 28)
        try attributes.call(getAttributes, on: directory, "read file attributes", directory.displayPath)
        attributes.set(attributes.get(UInt32.self, at: 0) | 0x200, at: 0)
        attributes.set(id, at: 12)
        try attributes.call(setAttributes, on: directory, "set project \(id) on", directory.displayPath)
    }

    /// The project id of an open file or directory; 0 is none.
    public static func project(of file: Descriptor) throws(SystemError) -> UInt32 {
        var attributes = IoctlBuffer(size: 28)
        try attributes.call(getAttributes, on: file, "read file attributes", file.displayPath)
        return attributes.get(UInt32.self, at: 12)
    }

    /// Sets the hard limits of a project; nil or 0 is without limit. Bytes are rounded up to 1024.
    public static func setLimits(
        project id: UInt32, on directory: Descriptor, bytes: UInt64?, inodes: UInt64?
    ) throws(SystemError) {
        // struct if_dqblk: hard and soft limit of blocks (1024 bytes), space, hard and soft limit of inodes, inodes, two times, valid bits.
        var buffer = IoctlBuffer(size: 72)
        buffer.set(((bytes ?? 0) + 1023) / 1024, at: 0)
        buffer.set(inodes ?? 0, at: 24)
        // QIF_BLIMITS | QIF_ILIMITS
        buffer.set(UInt32(1 | 4), at: 64)
        try call(setQuota, on: directory, id: id, &buffer, "set quota of project \(id) on")
    }

    /// What a project uses and may use; all zero for one that was never used.
    public static func account(project id: UInt32, on directory: Descriptor) throws(SystemError) -> Account {
        var buffer = IoctlBuffer(size: 72)
        do throws(SystemError) { try call(getQuota, on: directory, id: id, &buffer, "read quota of project \(id) on") } catch {
            // XFS has no record for an id that never owned anything.
            if error.isNotFound { return Account(usedBytes: 0, usedInodes: 0, byteLimit: 0, inodeLimit: 0) }
            throw error
        }
        return Account(
            usedBytes: buffer.get(UInt64.self, at: 16), usedInodes: buffer.get(UInt64.self, at: 40),
            byteLimit: buffer.get(UInt64.self, at: 0) * 1024, inodeLimit: buffer.get(UInt64.self, at: 24))
    }

    private static func call(
        _ number: UInt32, on directory: Descriptor, id: UInt32, _ buffer: inout IoctlBuffer, _ operation: String
    ) throws(SystemError) {
        let descriptor = directory.rawValue
        let result = buffer.withPointer { berth_sys_quotactl_fd(descriptor, command(number), id, $0) }
        _ = try check(result, operation, directory.displayPath)
    }
}
