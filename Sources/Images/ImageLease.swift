public import JobModel
public import LinuxSys
public import OCISpec

/// The right of one attempt to an image: while it stands, neither the image nor a layer of it goes.
public struct ImageLease: Sendable {
    /// Whose right it is.
    public let attempt: AttemptID
    /// What it is a right to.
    public let image: ImageRecord
    /// The layers' directories, topmost first, without empty layers; ids in them are `base` + n.
    public let layers: [LeasedLayer]
    /// First of the 65,536 ids that image files have on disk.
    public let base: UInt32

    /// How the image wants to be run; a wish only.
    public var config: ImageConfig { image.config }
    /// The image's id.
    public var digest: ContentDigest { image.key.id }
}

/// An open layer.
public struct LeasedLayer: Sendable {
    /// Which layer.
    public let key: LayerKey
    /// An O_PATH reference to the directory.
    public let directory: Descriptor
}
