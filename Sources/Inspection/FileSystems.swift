public import LinuxSys

/// Which file systems a page can be read from without waiting for anybody: those of this machine's own disks and memory. A server or a program
/// that has to answer for the others may be the job itself, which stands still.
public struct FileSystems: Sendable {
    private static let local: Set = [
        "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "tmpfs", "ramfs", "devtmpfs", "overlay", "squashfs", "erofs", "iso9660", "vfat",
        "hugetlbfs", "rootfs",
    ]

    private var types: [String: String] = [:]

    /// - Parameters:
    ///   - host: the machine's mounts, where layers of images lie.
    ///   - sharedMemory: the device on which the kernel keeps shared memory and memory files.
    public init(host: String, sharedMemory: DeviceNumber?) {
        add(host)
        if let sharedMemory { types["\(sharedMemory)"] = "tmpfs" }
    }

    /// Adds those of a mount table; what is there already stays.
    mutating func add(_ table: String) {
        for entry in MountTable(text: table).entries where types["\(entry.device)"] == nil { types["\(entry.device)"] = entry.type }
    }

    func type(of mapping: Mapping) -> String? { types[mapping.device] }

    func isLocal(_ mapping: Mapping) -> Bool { type(of: mapping).map(Self.local.contains) ?? false }
}

extension Mapping {
    /// Why its memory must not be read by another process; nil when it may. Flags as proc_pid_smaps(5) and the kernel's fs/proc/task_mmu.c say.
    func refusal(_ systems: FileSystems) -> String? {
        if ["[vvar]", "[vvar_vclock]", "[vsyscall]"].contains(path) { return "a page of the kernel's" }
        if !flags.contains("rd") { return "not readable" }
        if flags.contains("io") || flags.contains("pf") || flags.contains("mm") { return "a device" }
        if !flags.isDisjoint(with: ["um", "uw", "ui"]) { return "under userfaultfd" }
        if flags.contains("dd") { return "not to be dumped, as the program asked (MADV_DONTDUMP)" }
        if isFile, !systems.isLocal(self) { return "a file of \(systems.type(of: self) ?? "an unknown file system")" }
        return nil
    }
}
