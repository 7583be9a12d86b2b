internal import OCISpec

// MARK: What docker save writes

extension ImageUnpacker {
    func unpackDocker(_ manifest: [UInt8], links: [String: String]) throws(ArchiveError) -> UnpackedImage {
        let images = try decode([DockerArchiveManifest].self, manifest, name: "manifest.json")
        let tags = images.map { $0.repoTags ?? [] }
        let image = images[try choose(tags, entry: "manifest.json")]
        return try unpack(config: image.config, layers: image.layers, links: links, format: .docker, reference: image.repoTags?.first)
    }

    /// Which of an archive's images is meant, by the names that each has.
    private func choose(_ names: [[String]], entry: String) throws(ArchiveError) -> Int {
        let all = names.prefix(10).map { ArchiveError.quoted($0.first ?? "without a name") }.joined(separator: ", ")
        if let wanted = request.reference {
            guard let index = names.firstIndex(where: { $0.contains(wanted) }) else {
                throw ArchiveError(entry: entry, "holds no image \(ArchiveError.quoted(wanted)); it holds \(all)")
            }
            return index
        }
        guard names.count == 1 else {
            throw ArchiveError(entry: entry, "holds \(names.count) images, accepted is 1 unless one is named: \(all)")
        }
        return 0
    }
}

// MARK: OCI image layout

extension ImageUnpacker {
    /// `index.json`, perhaps a further index with one manifest a platform, a manifest, then config and layers (OCI image specification, "Image Layout").
    func unpackLayout(_ document: [UInt8]) throws(ArchiveError) -> UnpackedImage {
        let index = try decode(ImageIndex.self, document, name: "index.json")
        let names = index.manifests.map { $0.annotations?["org.opencontainers.image.ref.name"].map { [$0] } ?? [] }
        let chosen = index.manifests[try choose(names, entry: "index.json")]
        let manifest = try manifest(of: chosen)
        return try unpack(
            config: Self.blob(manifest.config.digest), layers: manifest.layers.map { Self.blob($0.digest) }, links: [:], format: .layout,
            reference: chosen.annotations?["org.opencontainers.image.ref.name"])
    }

    private func manifest(of descriptor: ContentDescriptor) throws(ArchiveError) -> ImageManifest {
        guard descriptor.mediaType == MediaType.index || descriptor.mediaType == MediaType.dockerManifestList else {
            return try read(ImageManifest.self, descriptor)
        }
        let index = try read(ImageIndex.self, descriptor)
        guard let fitting = index.manifests.first(where: { $0.platform?.architecture == request.machine && $0.platform?.os == "linux" })
        else {
            let found = index.manifests.prefix(10).compactMap(\.platform?.architecture).joined(separator: ", ")
            throw ArchiveError(
                entry: Self.blob(descriptor.digest), "has no image for \(request.machine); it has \(ArchiveError.quoted(found))")
        }
        return try read(ImageManifest.self, fitting)
    }

    /// A document, verified against the digest that names it.
    private func read<T: Decodable>(_ type: T.Type, _ descriptor: ContentDescriptor) throws(ArchiveError) -> T {
        let name = Self.blob(descriptor.digest)
        let bytes = try archive.document(named: name)
        let digest = try Self.digest(bytes)
        guard digest == descriptor.digest else { throw ArchiveError(entry: name, "its digest is \(digest)") }
        return try decode(type, bytes, name: name)
    }

    private static func blob(_ digest: ContentDigest) -> String { "blobs/sha256/" + digest.hex }
}
