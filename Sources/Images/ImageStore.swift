internal import FoundationEssentials
public import JobModel
internal import LinuxSys

/// The images of one machine: content-addressed layers, unpacked once and shared, and the names that stand for them.
///
/// Its methods run on a thread of its own, because they block on the disk; imports run beside it.
public actor ImageStore {
    let settings: ImageStoreSettings
    let files: StoreFiles
    var images: [ImageKey: ImageRecord] = [:]
    var names: [ImageReference: NameEntry] = [:]
    var leases: [AttemptID: ImageKey] = [:]
    var leaseCounts: [ImageKey: Int] = [:]
    /// Open directories of layers that were leased once.
    var openLayers: [LayerKey: Descriptor] = [:]
    let importSlots: ImportSlots
    /// Of each user: so many archives come in at once.
    var uploads: [UserID: ImportSlots] = [:]
    private nonisolated let thread = SerialThread("berth.images.store")

    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Calls the store from a thread that may block, which is cheaper than two changes of threads.
    public nonisolated func blocking<T: Sendable>(_ body: (isolated ImageStore) throws -> T) rethrows -> T {
        try thread.sync { try assumeIsolated(body) }
    }

    /// What a name stands for.
    struct NameEntry: Hashable, Codable {
        var image: ImageKey
        var owner: UserID
    }

    /// The form of `names.json`.
    struct NameTable: Codable {
        var version = 1
        var names: [String: NameEntry]
    }

    /// The form of `store.json`.
    private struct StoreDescription: Codable {
        var version = 1
        var base: UInt32
    }

    private init(settings: ImageStoreSettings, files: StoreFiles) {
        self.settings = settings
        self.files = files
        importSlots = ImportSlots(settings.simultaneousImports)
    }

    /// Opens the store and removes what a crash left: half imports, layers that no image names, leases of attempts not in `running`.
    ///
    /// - Throws: when another daemon has it, its base of ids differs, or a file of it is damaged (it stays as it is).
    public static func open(_ settings: ImageStoreSettings, running: Set<AttemptID>) async throws(ImageError) -> ImageStore {
        let files = try await BlockingWork.run { () throws(ImageError) in try StoreFiles(path: settings.root, leases: settings.leases) }
        let store = ImageStore(settings: settings, files: files)
        try await store.load(running: running)
        return store
    }

    private func load(running: Set<AttemptID>) throws(ImageError) {
        let description = StoreDescription(base: settings.base)
        if let found = try SmallFile.read(StoreDescription.self, "store.json", in: files.root) {
            guard found.version == description.version, found.base == settings.base else {
                throw .invalid(
                    "image store \(settings.root): version \(found.version) with ids from \(found.base), accepted is version 1 with \(settings.base)"
                )
            }
        } else {
            try SmallFile.write(description, as: "store.json", in: files.root)
        }
        try loadImages()
        for (text, entry) in try SmallFile.read(NameTable.self, "names.json", in: files.root)?.names ?? [:] {
            if let name = ImageReference(text), images[entry.image] != nil { names[name] = entry }
        }
        try loadLeases(running: running)
        try sweep()
    }

    private func loadImages() throws(ImageError) {
        for name in try onHost({ () throws(SystemError) in try files.images.names() }) {
            guard let key = ImageKey(name) else {
                try onHost { () throws(SystemError) in _ = try removeTree(at: files.images, name) }
                continue
            }
            guard let record = try SmallFile.read(ImageRecord.self, name, in: files.images), record.version == ImageRecord.version,
                record.key == key
            else { throw .host("read \(settings.root)/images/\(name): not an image of this version; restore it or move it away") }
            images[key] = record
        }
    }

    /// Ends the use of the store and leaves everything to the next daemon.
    public func close() throws(ImageError) {
        openLayers = [:]
        try onHost { () throws(SystemError) in try files.lock.unlock() }
    }

    // MARK: What there is

    /// All names, sorted.
    public func list() -> [NamedImage] {
        names.sorted { $0.key < $1.key }.compactMap { name, entry in
            images[entry.image].map { NamedImage(name: name, image: $0, leases: leaseCounts[entry.image] ?? 0, owner: entry.owner) }
        }
    }

    /// The image that a name stands for.
    ///
    /// - Parameter asker: a name without a user is looked for among theirs first, then among the operators'; a name with one is that person's
    ///   alone who gave it, whoever has the login name now.
    public func show(_ name: ImageReference, for asker: (user: UserID, login: String)? = nil) throws(ImageError) -> NamedImage {
        guard let asker else { return try named(name) }
        if name.user == nil, let own = name.of(user: asker.login), let found = try? named(own), found.isFor(asker.user) { return found }
        let found = try named(name)
        guard found.isFor(asker.user) else { throw .notFound("image \(name): there is none of that name") }
        return found
    }

    private func named(_ name: ImageReference) throws(ImageError) -> NamedImage {
        if let digest = name.digest {
            let found = names.filter { $0.key.user == name.user && $0.key.name == name.name && $0.value.image.id == digest }.keys.min()
            guard let found else { throw notFound(name) }
            return try named(found)
        }
        guard let entry = names[name], let image = images[entry.image] else { throw notFound(name) }
        return NamedImage(name: name, image: image, leases: leaseCounts[entry.image] ?? 0, owner: entry.owner)
    }

    func notFound(_ name: ImageReference) -> ImageError {
        let near = names.keys.filter { $0.name == name.name }.sorted().prefix(3).map(\.description).joined(separator: ", ")
        return .notFound("image \(name): there is none of that name" + (near.isEmpty ? "" : "; there is \(near)"))
    }

    // MARK: Names

    /// Gives an image a further name. An existing name of the same owner then stands for this image.
    public func tag(_ name: ImageReference, as new: ImageReference, owner: ImageOwner) throws(ImageError) {
        try setName(new, to: try named(name).image.key, owner: owner)
        try collectGarbage()
    }

    /// Takes a name away, and the image with its last name. Refused while attempts use an image that would go.
    ///
    /// - Returns: the bytes of the layers that went.
    @discardableResult
    public func remove(_ name: ImageReference, owner: ImageOwner) throws(ImageError) -> Bytes {
        guard let entry = names[name] else { throw notFound(name) }
        guard entry.owner == owner.id else { throw .invalid("image \(name): it belongs to another user") }
        let isLast = names.values.count { $0.image == entry.image } == 1
        let users = leases.filter { $0.value == entry.image }.keys.sorted()
        guard !isLast || users.isEmpty else {
            throw .inUse(
                "image \(name): used by \(users.count) running attempts (\(users.prefix(3).map(\.description).joined(separator: ", ")))")
        }
        let before = usage()
        names[name] = nil
        try writeNames()
        try collectGarbage()
        return before - usage()
    }

    func setName(_ name: ImageReference, to image: ImageKey, owner: ImageOwner) throws(ImageError) {
        guard owner.mayName(name) else {
            throw refusal(of: name, for: owner)
        }
        if let old = names[name], old.owner != owner.id {
            throw .invalid("image \(name): the name belongs to user \(old.owner)")
        }
        let old = names[name]
        names[name] = NameEntry(image: image, owner: owner.id)
        do throws(ImageError) { try writeNames() } catch {
            names[name] = old
            throw error
        }
    }

    func refusal(of name: ImageReference, for owner: ImageOwner) -> ImageError {
        switch owner {
        case .operators: .invalid("image \(name): found a user's name in front, accepted is NAME[:TAG]")
        case .user(_, let login): .invalid("image \(name): accepted is \(login)/NAME[:TAG]")
        }
    }

    private func writeNames() throws(ImageError) {
        try SmallFile.write(
            NameTable(names: Dictionary(uniqueKeysWithValues: names.map { ($0.description, $1) })), as: "names.json", in: files.root)
    }
}
