public import JobModel
public import LinuxSys
public import OCISpec

/// The right of one attempt to an image: while it stands, neither the image nor a layer of it goes.
public struct ImageLease: Sendable {
    public let attempt: AttemptID
    public let image: ImageRecord
    /// The layers' directories, topmost first, without empty layers; ids in them are `base` + n.
    public let layers: [LeasedLayer]
    /// First of the 65,536 ids that image files have on disk.
    public let base: UInt32

    public var config: ImageConfig { image.config }
    /// The image's id.
    public var digest: ContentDigest { image.key.id }
}

/// An open layer.
public struct LeasedLayer: Sendable {
    public let key: LayerKey
    /// An O_PATH reference to the directory.
    public let directory: Descriptor
}
