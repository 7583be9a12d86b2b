/// What points to a blob: its type, digest and length (OCI image specification, "Content Descriptors").
public struct ContentDescriptor: Hashable, Sendable, Codable {
    /// The media type; unknown ones are kept as they stand.
    public var mediaType: String
    /// Of the blob.
    public var digest: ContentDigest
    /// In bytes.
    public var size: Int64
    /// Of an index's entry.
    public var platform: ImagePlatform?
    /// Such as `org.opencontainers.image.ref.name`.
    public var annotations: [String: String]?

    /// Points to a blob.
    public init(
        mediaType: String, digest: ContentDigest, size: Int64, platform: ImagePlatform? = nil, annotations: [String: String]? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.platform = platform
        self.annotations = annotations
    }
}

/// The machine an image is for (OCI image specification, "Image Index", `platform`).
public struct ImagePlatform: Hashable, Sendable, Codable {
    /// As Go names it: `amd64`, `arm64`.
    public var architecture: String
    /// `linux`.
    public var os: String
    /// Such as `v8`.
    public var variant: String?

    /// Names a kind of machine.
    public init(architecture: String, os: String, variant: String? = nil) {
        self.architecture = architecture
        self.os = os
        self.variant = variant
    }
}

/// One image: its config and its layers, lowest first (OCI image specification, "Image Manifest"; Docker's schema 2 has the same shape).
public struct ImageManifest: Hashable, Sendable, Codable {
    /// Always 2.
    public var schemaVersion: Int
    /// Optional in the specification.
    public var mediaType: String?
    /// The image's config.
    public var config: ContentDescriptor
    /// Lowest first.
    public var layers: [ContentDescriptor]

    /// A manifest.
    public init(schemaVersion: Int = 2, mediaType: String? = MediaType.manifest, config: ContentDescriptor, layers: [ContentDescriptor]) {
        self.schemaVersion = schemaVersion
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
    }
}

/// Several manifests, usually one a platform (OCI image specification, "Image Index"; also `index.json` of a layout).
public struct ImageIndex: Hashable, Sendable, Codable {
    /// Always 2.
    public var schemaVersion: Int
    public var mediaType: String?
    /// One a platform, or further indices.
    public var manifests: [ContentDescriptor]

    /// An index.
    public init(schemaVersion: Int = 2, mediaType: String? = MediaType.index, manifests: [ContentDescriptor]) {
        self.schemaVersion = schemaVersion
        self.mediaType = mediaType
        self.manifests = manifests
    }
}

/// Media types that Berth writes or tells apart.
public enum MediaType {
    /// Of an index.
    public static let index = "application/vnd.oci.image.index.v1+json"
    /// Of a manifest.
    public static let manifest = "application/vnd.oci.image.manifest.v1+json"
    /// Of a config.
    public static let config = "application/vnd.oci.image.config.v1+json"
    /// Of an uncompressed layer; `+gzip` and `+zstd` follow it.
    public static let layer = "application/vnd.oci.image.layer.v1.tar"
    /// Docker's manifest, schema 2.
    public static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    /// Docker's index.
    public static let dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
}

/// An entry of `manifest.json` in the archive that `docker save` writes; the file is an array of them.
public struct DockerArchiveManifest: Hashable, Sendable, Codable {
    /// The config's name in the archive.
    public var config: String
    /// `repository:tag`; null when the image was saved by id.
    public var repoTags: [String]?
    /// The layers' names in the archive, lowest first.
    public var layers: [String]

    /// An entry.
    public init(config: String, repoTags: [String]? = nil, layers: [String]) {
        self.config = config
        self.repoTags = repoTags
        self.layers = layers
    }

    enum CodingKeys: String, CodingKey {
        case config = "Config"
        case repoTags = "RepoTags"
        case layers = "Layers"
    }
}
