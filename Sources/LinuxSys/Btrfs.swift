internal import CLinuxSys
import Glibc

/// Subvolumes and quota groups of btrfs (linux/btrfs.h).
public enum Btrfs {
    /// What a quota group counts and allows.
    public struct QuotaGroup: Sendable, Hashable {
        /// Bytes that its subvolumes refer to.
        public var referencedBytes: UInt64
        /// Bytes that nobody else refers to.
        public var exclusiveBytes: UInt64
    }

    private static let magic: UInt = 0x94

    /// Makes a subvolume in an open directory.
    public static func createSubvolume(_ name: String, in directory: Descriptor) throws(SystemError) {
        var arguments = IoctlBuffer(size: 4096)
        try arguments.set(name, at: 8, room: 256)
        try arguments.call(IoctlNumber.write(magic, 14, size: 4096), on: directory, "create subvolume", name)
    }

    /// Makes a snapshot of an open subvolume.
    public static func createSnapshot(
        of source: Descriptor, _ name: String, in directory: Descriptor, readOnly: Bool = false
    ) throws(SystemError) {
        var arguments = IoctlBuffer(size: 4096)
        arguments.set(Int64(source.rawValue), at: 0)
        arguments.set(UInt64(readOnly ? 2 : 0), at: 16)
        try arguments.set(name, at: 56, room: 256)
        try arguments.call(IoctlNumber.write(magic, 23, size: 4096), on: directory, "create snapshot", name)
    }

    /// Deletes a subvolume of an open directory with all its files at once; the space comes back in the background.
    public static func deleteSubvolume(_ name: String, in directory: Descriptor) throws(SystemError) {
        var arguments = IoctlBuffer(size: 4096)
        try arguments.set(name, at: 8, room: 256)
        try arguments.call(IoctlNumber.write(magic, 15, size: 4096), on: directory, "delete subvolume", name)
    }

    /// Deletes a subvolume by its id; `fileSystem` is any open directory of it (BTRFS_SUBVOL_SPEC_BY_ID, Linux 5.7).
    public static func deleteSubvolume(id: UInt64, on fileSystem: Descriptor) throws(SystemError) {
        var arguments = IoctlBuffer(size: 4096)
        arguments.set(UInt64(1 << 4), at: 16)
        arguments.set(id, at: 56)
        try arguments.call(IoctlNumber.write(magic, 63, size: 4096), on: fileSystem, "delete subvolume", "\(id)")
    }

    /// The id of the subvolume that an open file lies in (BTRFS_IOC_INO_LOOKUP).
    public static func subvolumeID(of file: Descriptor) throws(SystemError) -> UInt64 {
        var arguments = IoctlBuffer(size: 4096)
        arguments.set(UInt64(256), at: 8)
        try arguments.call(IoctlNumber.both(magic, 18, size: 4096), on: file, "look up subvolume of", file.displayPath)
        return arguments.get(UInt64.self, at: 0)
    }

    /// Turns quota groups on; `simple` (6.7) charges the subvolume that wrote and needs no rescan. Already on is fine.
    public static func enableQuota(on fileSystem: Descriptor, simple: Bool = false) throws(SystemError) {
        var arguments = IoctlBuffer(size: 16)
        arguments.set(UInt64(simple ? 4 : 1), at: 0)
        try arguments.call(IoctlNumber.both(magic, 40, size: 16), on: fileSystem, "enable quota on", fileSystem.displayPath)
    }

    /// Waits for the rescan that follows `enableQuota`; blocks.
    public static func waitForRescan(on fileSystem: Descriptor) throws(SystemError) {
        let request = IoctlNumber.none(magic, 46)
        _ = try check(uninterrupted { berth_sys_ioctl_number(fileSystem.rawValue, request, 0) }, "wait for quota rescan")
    }

    /// Limits the bytes that a subvolume refers to (its quota group `0/id`); nil lifts the limit.
    public static func setLimit(subvolume id: UInt64, on fileSystem: Descriptor, referencedBytes: UInt64?) throws(SystemError) {
        // struct btrfs_ioctl_qgroup_limit_args: group, then flags, referenced, exclusive, two reservations. All bits set lifts a limit.
        var arguments = IoctlBuffer(size: 48)
        arguments.set(id, at: 0)
        arguments.set(UInt64(1), at: 8)
        arguments.set(referencedBytes ?? .max, at: 16)
        try arguments.call(IoctlNumber.read(magic, 43, size: 48), on: fileSystem, "limit subvolume", "\(id)")
    }

    /// Removes the quota group that a deleted subvolume left; ENOENT is fine.
    public static func removeQuotaGroup(subvolume id: UInt64, on fileSystem: Descriptor) throws(SystemError) {
        var arguments = IoctlBuffer(size: 16)
        arguments.set(id, at: 8)
        do throws(SystemError) {
            try arguments.call(IoctlNumber.write(magic, 42, size: 16), on: fileSystem, "remove quota group", "0/\(id)")
        } catch { if !error.isNotFound { throw error } }
    }

    /// What a subvolume's quota group counts; nil when there is none (quota off). Counts are as of the last commit: `synchronize` first.
    public static func quotaGroup(subvolume id: UInt64, on fileSystem: Descriptor) throws(SystemError) -> QuotaGroup? {
        // struct btrfs_ioctl_search_args: tree 8 (quotas); object 0, offset id, generation any, type 242 (QGROUP_INFO), at most one item.
        var search = IoctlBuffer(size: 4096)
        search.set(UInt64(8), at: 0)
        search.set(id, at: 24)
        search.set(id, at: 32)
        search.set(UInt64.max, at: 48)
        search.set(UInt32(242), at: 56)
        search.set(UInt32(242), at: 60)
        search.set(UInt32(1), at: 64)
        do throws(SystemError) {
            try search.call(IoctlNumber.both(magic, 17, size: 4096), on: fileSystem, "read quota group", "0/\(id)")
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        // The key is 104 bytes with its reserve; then a header of 32, then generation, referenced, compressed, exclusive.
        guard search.get(UInt32.self, at: 64) == 1, search.get(UInt32.self, at: 104 + 28) >= 40 else { return nil }
        return QuotaGroup(
            referencedBytes: search.get(UInt64.self, at: 136 + 8).littleEndian,
            exclusiveBytes: search.get(UInt64.self, at: 136 + 24).littleEndian)
    }

    /// Commits the running transaction, so that counts are current (BTRFS_IOC_SYNC).
    public static func synchronize(_ fileSystem: Descriptor) throws(SystemError) {
        _ = try check(uninterrupted { berth_sys_ioctl_number(fileSystem.rawValue, IoctlNumber.none(magic, 8), 0) }, "sync btrfs")
    }
}
