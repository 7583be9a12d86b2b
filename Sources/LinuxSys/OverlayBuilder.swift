internal import CLinuxSys
import Glibc

/// How this kernel takes overlay layers that are id-mapped and detached; probed once.
public enum OverlayLayering: String, Sendable, CaseIterable {
    /// `lowerdir+` by descriptor (FSCONFIG_SET_FD, Linux 6.13).
    case byDescriptor
    /// `lowerdir+` with the path of a staging place, one call a layer (6.5).
    case byStagedPath
    /// One `lowerdir=` string of staging places (6.1).
    case byStagedString

    /// What this kernel can do, found once by making small overlays; needs root.
    public static let ofThisKernel: OverlayLayering = OverlayProbe.run()
}

/// Builds a detached overlay mount from open layers.
public struct OverlayBuilder: Sendable {
    /// Read-only layers, the topmost first; directories or roots of detached mounts.
    public var lower: [Descriptor]
    /// Where writes go; nil makes a read-only overlay.
    public var upper: Descriptor?
    /// A directory of the same file system as `upper`, empty.
    public var work: Descriptor?
    /// Further options without value, such as `userxattr`.
    public var flags: [String]
    /// Further options with a value.
    public var options: [(String, String)]

    /// An overlay of the layers, topmost first.
    public init(
        lower: [Descriptor], upper: Descriptor?, work: Descriptor?, flags: [String] = [], options: [(String, String)] = []
    ) {
        self.lower = lower
        self.upper = upper
        self.work = work
        self.flags = flags
        self.options = options
    }

    /// Makes the overlay by descriptor alone (needs `OverlayLayering.byDescriptor`), detached.
    ///
    /// - Throws: what the kernel said with its reason, or EROFS when an overlay with an upper layer came up read-only: the kernel does that
    ///   instead of failing when it cannot create in the work directory.
    public func mount(_ attributes: MountAttributes = []) throws(SystemError) -> Descriptor {
        let context = try FileSystemContext(type: "overlay")
        for layer in lower { try context.set("lowerdir+", layer) }
        if let upper, let work {
            try context.set("upperdir", upper)
            try context.set("workdir", work)
        }
        return try finish(context, attributes)
    }

    /// Makes the overlay from paths of staging places, as kernels before 6.13 want it; the layers must be attached there in this mount
    /// namespace. `paths` are in the order of `lower`; upper and work are given by path too.
    public func mount(
        stagedLower paths: [String], upperPath: String?, workPath: String?, layering: OverlayLayering, _ attributes: MountAttributes = []
    ) throws(SystemError) -> Descriptor {
        let context = try FileSystemContext(type: "overlay")
        switch layering {
        case .byDescriptor, .byStagedPath: for path in paths { try context.set("lowerdir+", path) }
        case .byStagedString: try context.set("lowerdir", paths.joined(separator: ":"))
        }
        if let upperPath, let workPath {
            try context.set("upperdir", upperPath)
            try context.set("workdir", workPath)
        }
        return try finish(context, attributes)
    }

    private func finish(_ context: FileSystemContext, _ attributes: MountAttributes) throws(SystemError) -> Descriptor {
        for flag in flags { try context.set(flag) }
        for (key, value) in options { try context.set(key, value) }
        try context.create()
        let overlay = try context.mount(attributes)
        if upper != nil, try overlay.fileSystemStatus().isReadOnly, !attributes.contains(.readOnly) {
            throw SystemError("mount overlay", errno: EROFS, detail: "it came up read-only; a writable one is accepted")
        }
        return overlay
    }
}

private enum OverlayProbe {
    /// Layers of a tmpfs of its own, so that nothing is written to a disk.
    static func run() -> OverlayLayering {
        guard let scratch = try? makeTmpfs() else { return .byStagedString }
        guard let lower = try? scratch.makeAndOpenDirectory("l"), let clone = try? Mount.clone(of: lower) else { return .byStagedString }
        if let context = try? FileSystemContext(type: "overlay"), (try? context.set("lowerdir+", clone)) != nil { return .byDescriptor }
        // A string is only looked up at this call where `lowerdir+` is known at all; an unknown key is EINVAL, a missing path ENOENT.
        guard let context = try? FileSystemContext(type: "overlay") else { return .byStagedString }
        do throws(SystemError) {
            try context.set("lowerdir+", "/berth-no-such-layer")
            return .byStagedPath
        } catch {
            return error.errno == ENOENT ? .byStagedPath : .byStagedString
        }
    }

    static func makeTmpfs() throws(SystemError) -> Descriptor {
        let context = try FileSystemContext(type: "tmpfs")
        try context.create()
        return try context.mount()
    }
}
