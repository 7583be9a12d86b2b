public import JobModel
public import OCISpec

/// Names one image of one owner: the same image of two users is kept twice, so that a forged one of one user never reaches another.
public struct ImageKey: Hashable, Comparable, Sendable {
    public let owner: UserID
    /// The digest of the config: Docker's image id.
    public let id: ContentDigest

    /// Names the image of that id.
    public init(owner: UserID, id: ContentDigest) {
        self.owner = owner
        self.id = id
    }

    public static func < (a: ImageKey, b: ImageKey) -> Bool { (a.owner, a.id) < (b.owner, b.id) }
}

/// One unpacked layer of one owner; its directory's name is `0-<64 digits>`.
public struct LayerKey: Hashable, Comparable, Sendable {
    public let owner: UserID
    /// Of the uncompressed tar.
    public let diffID: ContentDigest

    /// Names the layer of that digest.
    public init(owner: UserID, diffID: ContentDigest) {
        self.owner = owner
        self.diffID = diffID
    }

    public static func < (a: LayerKey, b: LayerKey) -> Bool { (a.owner, a.diffID) < (b.owner, b.diffID) }
}

/// An image in the store.
public struct ImageRecord: Hashable, Sendable, Codable {
    /// The form that this program reads and writes.
    public static let version = 1

    /// The form it is written in.
    public var version: Int
    /// Whose image it is, and its id.
    public var key: ImageKey
    /// Validated at the import.
    public var config: ImageConfig
    /// Lowest first.
    public var layers: [Layer]
    /// What it was imported from.
    public var format: ArchiveFormat
    /// The repository and tag in the archive; for display.
    public var reference: String?
    /// When; for display.
    public var importedAt: WallTime

    /// A layer of an image.
    public struct Layer: Hashable, Sendable, Codable {
        /// Where it lies.
        public var key: LayerKey
        /// File contents.
        public var size: Bytes
        /// Names in its tar.
        public var entries: Int

        /// Describes a layer.
        public init(key: LayerKey, size: Bytes, entries: Int) {
            self.key = key
            self.size = size
            self.entries = entries
        }
    }

    /// Describes an image in the present form.
    public init(
        key: ImageKey, config: ImageConfig, layers: [Layer], format: ArchiveFormat, reference: String? = nil, importedAt: WallTime
    ) {
        self.version = Self.version
        self.key = key
        self.config = config
        self.layers = layers
        self.format = format
        self.reference = reference
        self.importedAt = importedAt
    }

    /// Of all layers; layers may be shared with other images.
    public var size: Bytes { layers.reduce(.zero) { $0 + $1.size } }
}

/// An image with a name, as lists show it.
public struct NamedImage: Hashable, Sendable {
    /// With a tag.
    public var name: ImageReference
    /// What the name stands for.
    public var image: ImageRecord
    /// Attempts that use the image now.
    public var leases: Int
    /// Who gave the name; root for the operators' names. A login name may come to another person, who is not this one.
    public var owner: UserID

    /// Pairs a name with its image.
    public init(name: ImageReference, image: ImageRecord, leases: Int, owner: UserID) {
        self.name = name
        self.image = image
        self.leases = leases
        self.owner = owner
    }

    /// Whether the name is for a user: the operators' are for all, others for who gave them alone.
    public func isFor(_ user: UserID) -> Bool { name.user == nil || owner == user }
}

/// A line of text that is a file name in the store.
private protocol FileNamed: LosslessStringConvertible, Codable {
    init(owner: UserID, digest: ContentDigest)
    var fileOwner: UserID { get }
    var fileDigest: ContentDigest { get }
}

extension FileNamed {
    /// Nil unless it is a user's number, `-` and 64 digits.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let owner = UInt32(parts[0]), String(owner) == parts[0] else { return nil }
        guard let digest = ContentDigest(hex: String(parts[1])) else { return nil }
        self.init(owner: UserID(owner), digest: digest)
    }

    /// `1000-<64 digits>`.
    public var description: String { "\(fileOwner)-\(fileDigest.hex)" }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let key = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an owner and a digest")
        }
        self = key
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension ImageKey: FileNamed {
    fileprivate init(owner: UserID, digest: ContentDigest) { self.init(owner: owner, id: digest) }
    fileprivate var fileOwner: UserID { owner }
    fileprivate var fileDigest: ContentDigest { id }
}

extension LayerKey: FileNamed {
    fileprivate init(owner: UserID, digest: ContentDigest) { self.init(owner: owner, diffID: digest) }
    fileprivate var fileOwner: UserID { owner }
    fileprivate var fileDigest: ContentDigest { diffID }
}
