/// What an archive may cost; the helper refuses what goes beyond, naming the entry.
public struct ImportLimits: Hashable, Sendable, Codable {
    /// Of all layers unpacked, in bytes; the length of a sparse file counts in full.
    public var unpackedBytes: UInt64
    /// Of all layers together.
    public var entries: Int
    /// Components of one name.
    public var pathDepth: Int
    /// Of the archive itself, in bytes.
    public var archiveBytes: UInt64
    /// Address space of the helper, in bytes.
    public var memoryBytes: UInt64
    /// Processor time of the helper.
    public var cpuSeconds: UInt64
    /// From start to report.
    public var wallSeconds: UInt64

    /// Limits that real images stay far below.
    public init(
        unpackedBytes: UInt64 = 32 << 30, entries: Int = 2_000_000, pathDepth: Int = 128, archiveBytes: UInt64 = 32 << 30,
        memoryBytes: UInt64 = 2 << 30, cpuSeconds: UInt64 = 1800, wallSeconds: UInt64 = 3600
    ) {
        self.unpackedBytes = unpackedBytes
        self.entries = entries
        self.pathDepth = pathDepth
        self.archiveBytes = archiveBytes
        self.memoryBytes = memoryBytes
        self.cpuSeconds = cpuSeconds
        self.wallSeconds = wallSeconds
    }
}

/// What the daemon asks of the import helper.
///
///     berthd                                   berth-helper import
///       │ spawn: archive, layer directory, control socket │
///       │ ◄──────────────── "namespaces\n" ───────────────┤  unshared, has no ids yet
///       ├─ writes uid_map, gid_map ── "mapped\n" ────────►│  becomes 0 inside, forks PID 1 of its pid namespace, drops what it can
///       │ ◄──────────── one ImportReport in JSON, end ────┤
public struct ImportRequest: Hashable, Sendable, Codable {
    /// Of the talk between daemon and helper.
    public static let version = 1

    /// Of the asker.
    public var version: Int
    /// What the archive may cost.
    public var limits: ImportLimits
    /// As Go names it: `amd64`.
    public var machine: String
    /// Which image, when the archive holds several: a repository and tag of the archive.
    public var reference: String?

    /// A request in the present version.
    public init(limits: ImportLimits, machine: String, reference: String? = nil) {
        self.version = Self.version
        self.limits = limits
        self.machine = machine
        self.reference = reference
    }
}

/// What the helper says: the image, or one line that names the entry it refuses.
public struct ImportReport: Hashable, Sendable, Codable {
    /// Of the helper.
    public var version: Int
    /// Nil when it is refused.
    public var image: UnpackedImage?
    /// One line; nil when it is not.
    public var refusal: String?

    /// A good report.
    public init(image: UnpackedImage) {
        version = ImportRequest.version
        self.image = image
    }

    /// A refusal.
    public init(refusal: String) {
        version = ImportRequest.version
        self.refusal = refusal
    }

    /// The longest report that is read, in bytes.
    public static let sizeLimit = 16 << 20
}

/// The kinds of archive that can be imported.
public enum ArchiveFormat: String, Hashable, Sendable, Codable {
    /// What `docker save` writes.
    case docker
    /// A tar of an OCI image layout, as `skopeo copy … oci-archive:` writes.
    case layout
    /// A tar of one root file system.
    case root
}

/// An unpacked and verified image: layer n lies in the directory named `n` of the layer directory.
public struct UnpackedImage: Hashable, Sendable, Codable {
    /// What the archive was.
    public var format: ArchiveFormat
    /// Of the config's bytes; Docker's image id.
    public var id: ContentDigest
    /// Validated.
    public var config: ImageConfig
    /// Lowest first.
    public var layers: [UnpackedLayer]
    /// The repository and tag in the archive, if any; for display.
    public var reference: String?

    /// An image that was unpacked.
    public init(format: ArchiveFormat, id: ContentDigest, config: ImageConfig, layers: [UnpackedLayer], reference: String? = nil) {
        self.format = format
        self.id = id
        self.config = config
        self.layers = layers
        self.reference = reference
    }
}

/// One layer as it was unpacked.
public struct UnpackedLayer: Hashable, Sendable, Codable {
    /// Of the uncompressed tar, verified.
    public var diffID: ContentDigest
    /// File contents, in bytes.
    public var bytes: UInt64
    /// Names in its tar.
    public var entries: Int
    /// Directories that hide what lies below (`.wh..wh..opq`), relative to the layer; the daemon marks them, since only the host's root may
    /// set `trusted.overlay.opaque`.
    public var opaqueDirectories: [String]

    /// A layer that was unpacked.
    public init(diffID: ContentDigest, bytes: UInt64, entries: Int, opaqueDirectories: [String]) {
        self.diffID = diffID
        self.bytes = bytes
        self.entries = entries
        self.opaqueDirectories = opaqueDirectories
    }
}
