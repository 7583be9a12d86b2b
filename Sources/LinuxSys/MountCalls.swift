internal import CLinuxSys

/// Attributes of a mount, not of its superblock (mount_setattr(2)).
public struct MountAttributes: OptionSet, Sendable, Hashable {
    /// The kernel's bits.
    public let rawValue: UInt64
    /// Bits of the kernel.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// No writes through this mount.
    public static let readOnly = MountAttributes(rawValue: 0x1)
    /// Set-user-id bits are without effect.
    public static let noSetUID = MountAttributes(rawValue: 0x2)
    /// Device nodes cannot be opened.
    public static let noDevices = MountAttributes(rawValue: 0x4)
    /// Nothing can be executed.
    public static let noExecute = MountAttributes(rawValue: 0x8)
    /// Access times are not kept.
    public static let noAccessTime = MountAttributes(rawValue: 0x10)
    /// Symbolic links are not followed (5.14).
    public static let noSymlinkFollow = MountAttributes(rawValue: 0x200000)
}

/// How mounts below spread to other namespaces (mount(2), "shared subtrees").
public enum MountPropagation: UInt64, Sendable {
    /// As it is.
    case unchanged = 0
    /// Neither sends nor receives.
    case `private` = 0x40000
    /// Receives only.
    case slave = 0x80000
    /// Sends and receives.
    case shared = 0x100000
}

/// The calls of the mount interface by descriptor (open_tree(2) and its relatives, Linux 5.2).
public enum Mount {
    /// A detached copy of the mount at an open place; with `recursive` also what is mounted below. Ends when the descriptor closes.
    public static func clone(of place: Descriptor, recursive: Bool = false) throws(SystemError) -> Descriptor {
        let flags = UInt32(BERTH_OPEN_TREE_CLONE | BERTH_O_CLOEXEC | BERTH_AT_EMPTY_PATH | (recursive ? BERTH_AT_RECURSIVE : 0))
        return Descriptor(adopting: Int32(try check(berth_sys_open_tree(place.rawValue, "", flags), "open_tree", place.displayPath)))
    }

    /// A detached copy of the mount at a path of the host.
    public static func clone(ofPath path: String, recursive: Bool = false) throws(SystemError) -> Descriptor {
        try clone(of: try Descriptor.open(path, .path), recursive: recursive)
    }

    /// Attaches a detached mount at an open place (move_mount(2)).
    public static func attach(_ mount: Descriptor, to place: Descriptor) throws(SystemError) {
        let flags = UInt32(BERTH_MOVE_MOUNT_F_EMPTY_PATH | BERTH_MOVE_MOUNT_T_EMPTY_PATH)
        _ = try check(berth_sys_move_mount(mount.rawValue, "", place.rawValue, "", flags), "move_mount to", place.displayPath)
    }

    /// Attaches a detached mount at a path of the host.
    public static func attach(_ mount: Descriptor, toPath path: String) throws(SystemError) {
        try attach(mount, to: try Descriptor.open(path, .path))
    }

    /// Sets and clears attributes of a mount, and id-maps it with a user namespace's map; the latter once only and while it is detached.
    public static func setAttributes(
        of mount: Descriptor, set: MountAttributes = [], clear: MountAttributes = [], propagation: MountPropagation = .unchanged,
        idMap: Descriptor? = nil, recursive: Bool = false
    ) throws(SystemError) {
        let flags = UInt32(BERTH_AT_EMPTY_PATH | (recursive ? BERTH_AT_RECURSIVE : 0))
        let bits = set.rawValue | (idMap == nil ? 0 : UInt64(BERTH_MOUNT_ATTR_IDMAP))
        let result = berth_sys_mount_setattr(
            mount.rawValue, "", flags, bits, clear.rawValue, propagation.rawValue, idMap?.rawValue ?? 0)
        _ = try check(result, "mount_setattr", mount.displayPath, idMap == nil ? "" : "id map")
    }

    /// Takes the mount at a path away (umount2(2)); `lazily` hides it at once and ends it when nobody uses it. A link is not followed.
    public static func detach(_ path: String, lazily: Bool = false) throws(SystemError) {
        _ = try check(berth_sys_umount(path, 8 | (lazily ? 2 : 0)), "umount", path)
    }

    /// Mounts by path (mount(2)), for what the calls by descriptor cannot say.
    public static func mount(
        _ source: String?, at target: String, type: String?, flags: UInt = 0, data: String? = nil
    ) throws(SystemError) {
        let subject = "\(type ?? source ?? "") on \(target)"
        _ = try check(berth_sys_mount(source, target, type, flags, data), "mount", subject)
    }
}

private func check(_ result: Int, _ operation: String, _ subject: String, _ detail: String) throws(SystemError) -> Int {
    if result < 0 { throw SystemError(operation, subject, errno: Int32(-result), detail: detail) }
    return result
}
