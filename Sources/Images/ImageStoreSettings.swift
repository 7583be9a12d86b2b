public import JobModel
public import OCISpec

/// Where and how images are kept.
public struct ImageStoreSettings: Sendable {
    /// The image root, an absolute path below the state directory; made 0700.
    public var root: String
    /// Where attempts' leases are kept, on a file system that may be empty after a boot, as attempts are; a directory of the root unless given.
    public var leases: String?
    /// First of the 65,536 ids that image files have on disk; kept with the store and never changed. The default lies behind the default range
    /// of slots.
    public var base: UInt32
    /// The path of `berth-helper`.
    public var helper: String
    /// Defaults of an import.
    public var limits: ImportLimits
    /// Imports that run at once; others wait.
    public var simultaneousImports: Int
    /// On the file system of the root, for the database: an import that would take of it is refused.
    public var keptFree: Bytes
    /// The wall clock, for display only.
    public var now: @Sendable () -> WallTime

    /// Settings of a store; `now` is the wall clock.
    public init(
        root: String, leases: String? = nil, helper: String, base: UInt32 = ImageStoreSettings.defaultBase, limits: ImportLimits = ImportLimits(),
        simultaneousImports: Int = 2, keptFree: Bytes = .zero, now: @escaping @Sendable () -> WallTime
    ) {
        self.root = root
        self.leases = leases
        self.helper = helper
        self.base = base
        self.limits = limits
        self.simultaneousImports = simultaneousImports
        self.keptFree = keptFree
        self.now = now
    }

    /// Slots end at 2147352575.
    public static let defaultBase: UInt32 = 2_147_352_576
}
