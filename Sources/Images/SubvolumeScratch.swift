internal import JobModel
internal import LinuxSys
internal import Synchronization

/// Subvolumes with quota groups in a btrfs of the daemon's own: a sparse file on a loop device, mounted below the state directory.
///
/// The file is as long as its file system is large, so it never has to grow; it takes the blocks that are used and gives them back
/// (`discard`). The mount outlives the daemon with the jobs that use it; the loop device goes with the mount.
///
/// When the disk below is full, btrfs cannot write what it promised and turns read-only for good. Jobs that run keep what they have of it, and the
/// next ones get a file system made anew.
final class SubvolumeScratch: ScratchBackend {
    let kind = ScratchLimitKind.subvolumeQuota
    let spaces: Descriptor
    private let mountPoint: String
    private let image: String
    private let path: String
    private let root: Descriptor
    private let size: Bytes
    /// N of `/dev/loopN`.
    private let device: Int
    /// Quota groups of deleted subvolumes; the kernel lets go of them once it has cleaned up.
    private let leftGroups = Mutex<[UInt64]>([])

    /// Adopts what is mounted already, mounts the image that is there, or makes one.
    init(path: String, root: Descriptor, size: Bytes) throws(SystemError) {
        (self.path, self.root, self.size) = (path, root, size)
        mountPoint = path + "/mount"
        image = path + "/scratch.btrfs"
        _ = try root.makeAndOpenDirectory("mount", mode: 0o700)
        if let mounted = try Self.mountedDevice(mountPoint), try !Self.leaveBroken(mountPoint, root) {
            device = mounted
        } else {
            device = try Self.mountImage(path: path, root: root, size: size)
        }
        spaces = try Descriptor.open(mountPoint, [.directory, .noFollow])
        try spaces.changeMode(0o700)
        try Self.enableQuota(on: spaces)
    }

    /// The N of `/dev/loopN` that an earlier daemon mounted; nil if none is.
    private static func mountedDevice(_ mountPoint: String) throws(SystemError) -> Int? {
        let entry = try MountTable().entries.last { $0.mountPoint == mountPoint && $0.type == "btrfs" }
        return entry.flatMap { $0.source.hasPrefix("/dev/loop") ? Int($0.source.dropFirst(9)) : nil }
    }

    /// Takes a file system that turned read-only out of the way; what uses it keeps it. True when it did.
    private static func leaveBroken(_ mountPoint: String, _ root: Descriptor) throws(SystemError) -> Bool {
        guard try Descriptor.open(mountPoint, [.path, .directory]).fileSystemStatus().isReadOnly else { return false }
        try Mount.detach(mountPoint, lazily: true)
        try root.unlink("scratch.btrfs")
        return true
    }

    func renewed() throws(SystemError) -> (any ScratchBackend)? {
        guard try spaces.fileSystemStatus().isReadOnly else { return nil }
        return try SubvolumeScratch(path: path, root: root, size: size)
    }

    private static func mountImage(path: String, root: Descriptor, size: Bytes) throws(SystemError) -> Int {
        do throws(SystemError) {
            return try mount(try root.open(at: "scratch.btrfs", [.readWrite, .noFollow]), at: path + "/mount")
        } catch {
            // None yet, or one that a crash damaged.
            guard ["ENOENT", "EINVAL", "EUCLEAN", "EIO", "ENODATA"].contains(error.errnoName) else { throw error }
            return try mount(try makeImage(path: path, root: root, size: size), at: path + "/mount")
        }
    }

    private static func makeImage(path: String, root: Descriptor, size: Bytes) throws(SystemError) -> Descriptor {
        // Another file: a loop device that still holds the old one must not find it changed.
        do throws(SystemError) { try root.unlink("scratch.btrfs") } catch { if !error.isNotFound { throw error } }
        let image = try root.open(at: "scratch.btrfs", [.readWrite, .create, .exclusive, .noFollow], mode: 0o600)
        // btrfs takes 109 MiB at least, ext4 files of 16 TiB at most.
        try image.truncate(to: Int64(min(max(size.count, 256 << 20), 8 << 40)) & ~0xFFFFF)
        let arguments = ["mkfs.btrfs", "-q", "-f", "-K", "-m", "single", "-d", "single", path + "/scratch.btrfs"]
        let program = ["/usr/sbin/mkfs.btrfs", "/sbin/mkfs.btrfs", "/usr/bin/mkfs.btrfs"].first { (try? Descriptor.open($0, .path)) != nil }
        guard let program else {
            throw SystemError("make scratch image", path, errno: 0, detail: "mkfs.btrfs is missing: apt-get install btrfs-progs")
        }
        let end = try Spawn(path: program, arguments: arguments, environment: ["LC_ALL": "C"]).run().wait()
        guard end == .exited(0) else {
            throw SystemError("mkfs.btrfs", path, errno: 0, detail: "it ended with status \(end?.shellStatus ?? -1)")
        }
        return image
    }

    /// A second loop device on one image would be two file systems writing over each other. The first may live on without a mount in sight: a
    /// job's overlay holds it, or another mount namespace has a copy of an earlier daemon's mount.
    private static func mount(_ image: Descriptor, at mountPoint: String) throws(SystemError) -> Int {
        while let number = try LoopDevice.attached(to: image) {
            do throws(SystemError) {
                try mountDevice("/dev/loop\(number)", at: mountPoint)
                return number
            } catch {
                // Its last user may have left at this moment, and the device with it.
                if try LoopDevice.attached(to: image) == number { throw error }
            }
        }
        let device = try LoopDevice.attach(image)
        try mountDevice(device.path, at: mountPoint)
        return device.number
    }

    private static func mountDevice(_ path: String, at mountPoint: String) throws(SystemError) {
        // 2 is MS_NOSUID, 4 MS_NODEV, 1024 MS_NOATIME. Sums of scratch data protect nobody and cost time.
        try Mount.mount(path, at: mountPoint, type: "btrfs", flags: 2 | 4 | 1024, data: "nodatasum,discard=async")
    }

    /// Simple quotas charge the writer and need no back references, where the kernel has them (6.7).
    private static func enableQuota(on spaces: Descriptor) throws(SystemError) {
        let id = try Btrfs.subvolumeID(of: spaces)
        if try Btrfs.quotaGroup(subvolume: id, on: spaces) != nil { return }
        do throws(SystemError) { try Btrfs.enableQuota(on: spaces, simple: true) } catch {
            try Btrfs.enableQuota(on: spaces)
            try Btrfs.waitForRescan(on: spaces)
        }
    }

    func make(_ name: String) throws(SystemError) {
        try Btrfs.createSubvolume(name, in: spaces)
        let space = try spaces.open(at: name, [.directory, .noFollow])
        try space.changeMode(0o700)
        try makeDirectories(in: space)
    }

    func limit(_ space: Descriptor, bytes: Bytes, inodes: Int?) throws(SystemError) {
        try Btrfs.setLimit(subvolume: try Btrfs.subvolumeID(of: space), on: spaces, referencedBytes: bytes.count)
    }

    func remove(_ name: String) throws(SystemError) {
        let id = try Btrfs.subvolumeID(of: spaces.open(at: name, [.directory, .noFollow]))
        try Btrfs.deleteSubvolume(name, in: spaces)
        let groups = leftGroups.withLock { groups in
            defer { groups = [] }
            return groups + [id]
        }
        let left = groups.filter { (try? Btrfs.removeQuotaGroup(subvolume: $0, on: spaces)) == nil }
        leftGroups.withLock { $0 += left }
    }

    func usage(of space: Descriptor) throws(SystemError) -> ScratchUsage {
        let group = try Btrfs.quotaGroup(subvolume: try Btrfs.subvolumeID(of: space), on: spaces)
        return ScratchUsage(bytes: Bytes(group?.referencedBytes ?? 0), inodes: nil)
    }

    /// Waits a while for the loop device to go: it does with the last file that is open in it, and with the last mount namespace that was
    /// copied while it was mounted; processes that are just starting have such a copy.
    func tearDown() throws(SystemError) {
        spaces.close()
        try Mount.detach(mountPoint, lazily: true)
        for _ in 0..<1_000 {
            guard LoopDevice.backingFile(of: device)?.hasPrefix(image) == true else { return }
            sleepBlocking(nanoseconds: 10_000_000)
        }
        throw SystemError("take down", mountPoint, errno: 0, detail: "/dev/loop\(device) is still used by something")
    }
}
