public import LinuxSys
internal import Synchronization

/// Builds the root file system of a job from an image's layers and its scratch: recipe A of the launch tests.
///
/// The host's root makes id-mapped, detached clones of the layers (image base + n → what the job's map has for n) and a detached overlay over
/// them; the upper is plain, so that what a job writes lies there as slot + n. PID 1 only attaches the overlay. All calls block for
/// fractions of a millisecond.
public final class RootFilesystem: Sendable {
    /// How this kernel takes the layers.
    public let layering: OverlayLayering
    private let clones = Mutex(CloneCache())

    /// Probes the kernel unless told; for tests.
    public init(layering: OverlayLayering = .ofThisKernel) { self.layering = layering }

    /// The detached overlay of a job; for `layering == .byDescriptor`, else see `stagedParts`.
    ///
    /// - Parameters:
    ///   - idMap: a user namespace whose inside ids are `lease.base` + n and whose outside ids are those of the job's map for n.
    ///   - volatile: whether syncs are left out (overlayfs.rst, "Volatile mount"): for scratch that does not outlive its job. Without it, ending
    ///     an overlay writes the whole scratch file system back.
    /// - Throws: also when the overlay came up read-only, which the kernel does instead of failing.
    public func assemble(
        _ lease: ImageLease, scratch: ScratchSpace, idMap: Descriptor, volatile: Bool = true
    ) throws(ImageError) -> Descriptor {
        let layers = try lease.layers.map { layer throws(ImageError) in try clone(of: layer.directory, idMap: idMap) }
        return try onHost { () throws(SystemError) in
            let builder = OverlayBuilder(
                lower: layers, upper: scratch.upper, work: scratch.work, flags: volatile ? ["volatile"] : [], options: Self.options)
            return try builder.mount(Self.attributes)
        }
    }

    /// The parts of an overlay that the launcher builds in a private mount namespace, where the kernel takes no layers by descriptor.
    public func stagedParts(
        _ lease: ImageLease, scratch: ScratchSpace, idMap: Descriptor, volatile: Bool = true
    ) throws(ImageError) -> StagedRoot {
        // Attaching uses a clone up, so these are fresh.
        let layers = try lease.layers.map { layer throws(ImageError) in try Self.makeClone(of: layer.directory, idMap: idMap) }
        return StagedRoot(
            layers: layers, scratch: try scratch.detachedMount(), flags: volatile ? ["volatile"] : [], options: Self.options,
            attributes: Self.attributes)
    }

    /// Set-uid bits are without effect under no_new_privs anyway; device nodes come one by one.
    static let attributes: MountAttributes = [.noSetUID, .noDevices]

    /// Layers of others are not to redirect anything (overlayfs.rst, "redirect_dir", "metacopy").
    static let options = [("redirect_dir", "nofollow"), ("metacopy", "off"), ("index", "off")]

    private func clone(of directory: Descriptor, idMap: Descriptor) throws(ImageError) -> Descriptor {
        let key = try onHost { () throws(SystemError) in
            let (layer, map) = (try directory.status(), try idMap.status())
            return CloneCache.Key(device: layer.device, layer: layer.inode, map: map.inode)
        }
        if let kept = clones.withLock({ $0[key] }) { return kept }
        let clone = try Self.makeClone(of: directory, idMap: idMap)
        clones.withLock { $0.keep(clone, map: idMap, for: key) }
        return clone
    }

    private static func makeClone(of directory: Descriptor, idMap: Descriptor) throws(ImageError) -> Descriptor {
        try onHost { () throws(SystemError) in
            let clone = try Mount.clone(of: directory)
            try Mount.setAttributes(
                of: clone, set: [.readOnly, .noSetUID, .noDevices, .noAccessTime], clear: .accessTimes, propagation: .private, idMap: idMap)
            return clone
        }
    }
}

/// What the launcher needs to build a job's overlay from staged paths.
public struct StagedRoot: Sendable {
    /// Detached id-mapped layers, topmost first; each may be attached once.
    public let layers: [Descriptor]
    /// A detached mount whose root holds the directories `upper` and `work`; overlayfs wants both on one mount.
    public let scratch: Descriptor
    /// Options without a value.
    public let flags: [String]
    /// Options with a value.
    public let options: [(String, String)]
    /// Of the overlay's own mount.
    public let attributes: MountAttributes
}

/// Detached clones, one for a layer and an id map. The clone keeps its layer alive; a newer kernel's mount keeps the maps of its namespace alone,
/// not the namespace, whose inode number would come to mean another: so the cache holds it too.
private struct CloneCache: Sendable {
    struct Key: Hashable {
        let device: DeviceNumber
        let layer: UInt64
        let map: UInt64
    }

    /// Each is one descriptor and one mount of the kernel's.
    static let limit = 512
    private var clones: [Key: (clone: Descriptor, map: Descriptor)] = [:]
    private var order: [Key] = []

    subscript(key: Key) -> Descriptor? { clones[key]?.clone }

    mutating func keep(_ clone: Descriptor, map: Descriptor, for key: Key) {
        if clones.updateValue((clone, map), forKey: key) == nil { order.append(key) }
        while order.count > Self.limit { clones[order.removeFirst()] = nil }
    }
}

extension MountAttributes {
    /// All choices about access times: they have to be cleared when one is set (mount_setattr(2), MOUNT_ATTR__ATIME).
    static let accessTimes = MountAttributes(rawValue: 0x70)
}
