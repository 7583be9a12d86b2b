internal import FoundationEssentials
internal import JobModel
public import LinuxSys
public import OCISpec

extension ImageStore {
    /// Imports a docker-archive or a tar of a root, perhaps compressed, under a name.
    ///
    /// Everything is read by the helper in namespaces of its own; nothing of the image is seen before all of it is verified and on disk. A
    /// name that stood for another image of the owner then stands for this one.
    ///
    /// - Parameters:
    ///   - archive: a regular file at any offset, or a pipe or socket, which is read to its end.
    ///   - reference: which image, when the archive holds several.
    /// - Throws: `refused` with a line that names the entry; nothing stays behind.
    public func importArchive(
        _ archive: Descriptor, as name: ImageReference, owner: ImageOwner, reference: String? = nil, limits: ImportLimits? = nil
    ) async throws(ImageError) -> NamedImage {
        guard owner.mayName(name) else { throw refusal(of: name, for: owner) }
        try room.check()
        let request = ImportRequest(limits: limits ?? settings.limits, machine: Self.machine, reference: reference)
        return try await unpackAndKeep(archive, as: name, owner: owner, request).get()
    }

    private func unpackAndKeep(
        _ archive: Descriptor, as name: ImageReference, owner: ImageOwner, _ request: ImportRequest
    ) async -> Result<NamedImage, ImageError> {
        let area = ImportArea(staging: files.staging, base: settings.base)
        do throws(ImageError) {
            let (layers, spooled) = try await receive(archive, in: area, limit: request.limits.archiveBytes, from: owner)
            let unpacked = try await unpack(spooled, into: layers, of: area, request)
            let record = try keep(unpacked, from: area, as: name, owner: owner)
            await area.removeQuietly()
            return .success(record)
        } catch {
            await area.removeQuietly()
            return .failure(error)
        }
    }

    /// Takes the whole archive in. Whoever sends slowly holds up no other user: only their own further archives wait meanwhile.
    private func receive(
        _ archive: Descriptor, in area: ImportArea, limit: UInt64, from owner: ImageOwner
    ) async throws(ImageError) -> (layers: Descriptor, archive: Descriptor) {
        let room = room
        let slots = uploads[owner.id] ?? ImportSlots(settings.simultaneousImports)
        uploads[owner.id] = slots
        return try await slots.hold { () throws(ImageError) in
            try await BlockingWork.run { () throws(ImageError) in (try area.make(), try area.spool(archive, limit: limit, room)) }
        }
    }

    private func unpack(
        _ archive: Descriptor, into layers: Descriptor, of area: ImportArea, _ request: ImportRequest
    ) async throws(ImageError) -> UnpackedImage {
        let (room, helper) = (room, settings.helper)
        return try await importSlots.hold { () throws(ImageError) in
            try await BlockingWork.run { () throws(ImageError) in
                let image = try room.unpack(request) { request throws(ImageError) in
                    try ImportHelper(path: helper, request: request).run(archive: archive, layers: layers, base: area.base)
                }
                try area.complete(image)
                return image
            }
        }
    }

    private var room: ImportRoom { ImportRoom(root: files.root, path: settings.root, kept: settings.keptFree) }

    /// Moves layers in, then the image, then the name; each step is durable before the next, and what no later step names is swept.
    private func keep(_ image: UnpackedImage, from area: ImportArea, as name: ImageReference, owner: ImageOwner) throws(ImageError)
        -> NamedImage
    {
        var layers: [ImageRecord.Layer] = []
        for (number, layer) in image.layers.enumerated() {
            let key = try keepLayer(layer, number: number, from: area, owner: owner)
            layers.append(ImageRecord.Layer(key: key, size: Bytes(layer.bytes), entries: layer.entries))
        }
        try onHost { () throws(SystemError) in try files.layers.synchronize() }
        let key = ImageKey(owner: owner.id, id: image.id)
        let record = ImageRecord(
            key: key, config: image.config, layers: layers, format: image.format, reference: image.reference, importedAt: settings.now())
        if images[key] == nil || leaseCounts[key] == nil {
            try SmallFile.write(record, as: key.description, in: files.images)
            images[key] = record
        }
        do throws(ImageError) { try setName(name, to: key, owner: owner) } catch {
            try? collectGarbage()
            throw error
        }
        try collectGarbage()
        return try show(name)
    }

    /// The operators' layer of that digest serves all; a user's serves only that user, since only a compromised helper stands between a
    /// forged digest and others.
    private func keepLayer(
        _ layer: UnpackedLayer, number: Int, from area: ImportArea, owner: ImageOwner
    ) throws(ImageError) -> LayerKey {
        let shared = LayerKey(owner: .root, diffID: layer.diffID)
        let own = LayerKey(owner: owner.id, diffID: layer.diffID)
        return try onHost { () throws(SystemError) in
            if try files.layers.contains(shared.description) { return shared }
            if try files.layers.contains(own.description) { return own }
            try area.moveLayer(number, to: own.description, in: files.layers)
            return own
        }
    }

    /// The machine's architecture as Go names it.
    static var machine: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }
}
