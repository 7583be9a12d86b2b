internal import CArchive
internal import Crypto
internal import FoundationEssentials
public import LinuxSys
public import OCISpec

/// Unpacks an image archive into a directory: layer n into the directory `n`, each verified against the digest that the config gives.
public struct ImageUnpacker {
    let archive: ImageArchive
    let directory: Descriptor
    let request: ImportRequest

    /// `archive` must be a regular file; `directory` is empty. Ids of the archive are written as they are, so the caller runs where they mean
    /// nothing outside.
    public init(archive: Descriptor, directory: Descriptor, request: ImportRequest) {
        self.archive = ImageArchive(file: archive, limits: request.limits)
        self.directory = directory
        self.request = request
    }

    /// Once in a process, while its files can still be reached: names of archives are UTF-8.
    public static func prepare() { _ = berth_archive_use_utf8() }

    /// - Throws: `ArchiveError`, naming the entry; what was written until then is the caller's to remove.
    public func run() throws(ArchiveError) -> UnpackedImage {
        let contents = try archive.contents()
        guard contents.entries > 0 else { throw ArchiveError("holds no entries") }
        if let manifest = contents.manifest, !contents.looksLikeRoot {
            return try unpackDocker(manifest, links: contents.links)
        }
        if let index = contents.index, !contents.looksLikeRoot { return try unpackLayout(index) }
        return try unpackRoot()
    }

    private var budget: LayerWriter.Budget {
        LayerWriter.Budget(
            maximumBytes: request.limits.unpackedBytes, maximumEntries: request.limits.entries, maximumDepth: request.limits.pathDepth)
    }

    /// Bytes of tar that the limits on content and entries leave room for.
    private var streamLimit: UInt64 {
        let headers = UInt64(max(request.limits.entries, 0)).multipliedReportingOverflow(by: 4096)
        let sum = request.limits.unpackedBytes.addingReportingOverflow(headers.partialValue)
        return headers.overflow || sum.overflow ? .max : sum.partialValue
    }

    // MARK: A plain root

    private func unpackRoot() throws(ArchiveError) -> UnpackedImage {
        let file = try FileSource(archive.file, limit: request.limits.archiveBytes)
        var budget = budget
        let (layer, digest) = try unpackLayer(try DecompressionSource(file), number: 0, budget: &budget)
        let config = ImageConfig(command: ["/bin/sh"], architecture: request.machine)
        // A tar has no config of its own, so its id is that of the simplest one that names this layer.
        let document = #"{"architecture":"\#(request.machine)","os":"linux","rootfs":{"type":"layers","diff_ids":["\#(digest)"]}}"#
        return UnpackedImage(format: .root, id: try Self.digest(Array(document.utf8)), config: config, layers: [layer])
    }

    // MARK: Layers with a config

    /// - Parameter names: the layers' names in the archive, lowest first.
    func unpack(
        config name: String, layers names: [String], links: [String: String], format: ArchiveFormat, reference: String?
    ) throws(ArchiveError) -> UnpackedImage {
        let bytes = try archive.document(named: ImageArchive.name(of: name))
        let raw = try decode(RawImageConfig.self, bytes, name: name)
        var config: ImageConfig
        do throws(ImageConfigError) { config = try ImageConfig(validating: raw, machine: request.machine) } catch {
            throw ArchiveError(entry: name, error.description)
        }
        let digests = raw.rootfs?.diffIDs ?? []
        guard digests.count == names.count, !digests.isEmpty else {
            throw ArchiveError(
                entry: name, "rootfs.diff_ids has \(digests.count) layers and the manifest \(names.count), accepted is 1 or more, the same")
        }
        let layers = try unpackLayers(LayerPlan(names: names, digests: digests, links: links))
        if let user = config.user { config.user = try accounts(of: layers).resolved(user) }
        return UnpackedImage(
            format: format, id: try Self.digest(bytes), config: config, layers: layers, reference: reference.map { String($0.prefix(256)) })
    }

    private func accounts(of layers: [UnpackedLayer]) throws(ArchiveError) -> ImageAccounts {
        var roots: [(root: Descriptor, opaque: Set<String>)] = []
        for (number, layer) in layers.enumerated() {
            do throws(SystemError) {
                roots.append((try directory.open(at: String(number), [.path, .directory, .noFollow]), Set(layer.opaqueDirectories)))
            } catch { throw ArchiveError(entry: nil, error) }
        }
        return ImageAccounts(layers: roots)
    }

    private func unpackLayers(_ plan: LayerPlan) throws(ArchiveError) -> [UnpackedLayer] {
        var done: [Int: UnpackedLayer] = [:]
        var budget = budget
        try archive.walk { entry, archive throws(ArchiveError) in
            guard entry.kind == .regular, let number = plan.number(of: ImageArchive.name(of: entry.name)), done[number] == nil else {
                return true
            }
            do throws(ArchiveError) {
                let source = try DecompressionSource(EntrySource(archive))
                let (layer, digest) = try unpackLayer(source, number: number, budget: &budget)
                guard digest == plan.digests[number] else {
                    throw ArchiveError("its digest is \(digest), the config says \(plan.digests[number])")
                }
                done[number] = layer
            } catch { throw error.entry == nil ? ArchiveError(entry: entry.name, error.reason) : error.inLayer(entry.name) }
            return done.count < plan.digests.count
        }
        var layers: [UnpackedLayer] = []
        for number in plan.digests.indices {
            guard let layer = done[number] else {
                throw ArchiveError(entry: plan.names[number], "is named by the manifest and not in the archive")
            }
            layers.append(layer)
        }
        return layers
    }

    // MARK: One layer

    private func unpackLayer(
        _ source: DecompressionSource, number: Int, budget: inout LayerWriter.Budget
    ) throws(ArchiveError) -> (UnpackedLayer, ContentDigest) {
        let hashing = DigestSource(source, limit: streamLimit)
        let root: Descriptor
        do throws(SystemError) {
            try directory.makeDirectory(String(number))
            root = try directory.open(at: String(number), [.directory, .noFollow])
            // The umask is not to decide what jobs see.
            try root.changeMode(0o755)
        } catch { throw ArchiveError(entry: nil, error) }
        var writer = LayerWriter(root: root, budget: budget)
        let tar = try ArchiveHandle(hashing, .tar)
        while let header = try tar.nextHeader() {
            try writer.write(try TarEntry(header, number: writer.entries + 1), content: tar)
        }
        try writer.finish()
        budget = writer.budget
        guard let digest = ContentDigest(bytes: try hashing.finish()) else { throw ArchiveError("has no digest") }
        let opaque = writer.opaque.map(\.text).sorted()
        guard opaque.count <= 20_000 else { throw ArchiveError("has \(opaque.count) opaque directories, accepted are 20000") }
        return (UnpackedLayer(diffID: digest, bytes: writer.bytes, entries: writer.entries, opaqueDirectories: opaque), digest)
    }

    static func digest(_ bytes: [UInt8]) throws(ArchiveError) -> ContentDigest {
        guard let digest = ContentDigest(bytes: SHA256.hash(data: bytes)) else { throw ArchiveError("has no digest") }
        return digest
    }
}
