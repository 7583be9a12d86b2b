internal import CArchive
internal import FoundationEssentials
internal import OCISpec
internal import LinuxSys

/// The archive as a whole: a tar, perhaps compressed, whose entries are walked from the start as often as needed.
struct ImageArchive {
    /// What a first look at the names gives.
    struct Contents {
        /// Of `manifest.json`; nil when there is none at the top.
        var manifest: [UInt8]?
        /// Of `index.json`, beside an `oci-layout`.
        var index: [UInt8]? { isLayout ? indexDocument : nil }
        fileprivate var indexDocument: [UInt8]?
        fileprivate var isLayout = false
        /// Whether the top has what a root file system has.
        var looksLikeRoot = false
        /// Links within the archive: old `docker save` has one of two equal layers as a link to the other.
        var links: [String: String] = [:]
        var entries = 0
    }

    let file: Descriptor
    let limits: ImportLimits

    /// Longest JSON that is read from an archive, in bytes.
    static let documentLimit: Int64 = 4 << 20

    /// Walks all entries; `body` answers false to stop.
    func walk(_ body: (TarEntry, ArchiveHandle) throws(ArchiveError) -> Bool) throws(ArchiveError) {
        let archive = try ArchiveHandle(try FileSource(file, limit: limits.archiveBytes), .compressedTar)
        var number = 0
        while let header = try archive.nextHeader() {
            number += 1
            let entry = try TarEntry(header, number: number)
            guard number <= limits.entries else {
                throw ArchiveError(entry: entry.name, "is one entry too many, accepted are \(limits.entries)")
            }
            guard try body(entry, archive) else { return }
        }
    }

    func contents() throws(ArchiveError) -> Contents {
        var found = Contents()
        try walk { entry, archive throws(ArchiveError) in
            found.entries += 1
            guard let path = try? EntryPath(entry.name, entry: entry.name, what: "its name", depth: limits.pathDepth) else { return true }
            switch (path.text, entry.kind) {
            case ("manifest.json", .regular): found.manifest = try Self.document(entry, archive)
            case ("index.json", .regular): found.indexDocument = try Self.document(entry, archive)
            case ("oci-layout", _): found.isLayout = true
            case ("etc", _), ("usr", _), ("bin", _): found.looksLikeRoot = true
            case (let name, .symbolicLink(let target)): found.links[name] = Self.resolve(target, from: path.parent)
            case (let name, .hardLink(let target)): found.links[name] = Self.resolve(target, from: EntryPath(components: []))
            default: break
            }
            return found.links.count <= 10_000
        }
        return found
    }

    /// The bytes of the entry with that name.
    func document(named name: String) throws(ArchiveError) -> [UInt8] {
        var bytes: [UInt8]?
        try walk { entry, archive throws(ArchiveError) in
            guard Self.name(of: entry.name) == name, entry.kind == .regular else { return true }
            bytes = try Self.document(entry, archive)
            return false
        }
        guard let bytes else { throw ArchiveError(entry: name, "is named by the manifest and not in the archive") }
        return bytes
    }

    private static func document(_ entry: TarEntry, _ archive: ArchiveHandle) throws(ArchiveError) -> [UInt8] {
        guard (0...documentLimit).contains(entry.size) else {
            throw ArchiveError(entry: entry.name, "has \(entry.size) bytes, accepted are at most \(documentLimit)")
        }
        let source = EntrySource(archive)
        var bytes: [UInt8] = []
        while true {
            let block = try source.next()
            if block.isEmpty { return bytes }
            bytes += block
            guard bytes.count <= documentLimit else { throw ArchiveError(entry: entry.name, "has more than \(documentLimit) bytes") }
        }
    }

    /// The name without `./`, doubled and trailing slashes.
    static func name(of text: String) -> String {
        text.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// Where a link of the archive leads, by its text alone; climbing above the top stops there.
    private static func resolve(_ target: String, from parent: EntryPath) -> String {
        var components = target.hasPrefix("/") ? [] : parent.components
        for step in target.split(separator: "/") where step != "." {
            if step == ".." { _ = components.popLast() } else { components.append(String(step)) }
        }
        return components.joined(separator: "/")
    }
}

/// Decodes a document of the archive.
func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8], name: String) throws(ArchiveError) -> T {
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch let error as DecodingError {
        throw ArchiveError(entry: name, "is not what Docker writes: \(plainText(error))")
    } catch { throw ArchiveError(entry: name, "is not JSON") }
}

private func plainText(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "\(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
        "at \(context.codingPath.map(\.stringValue).joined(separator: ".").prefix(100)): \(context.debugDescription.prefix(160))"
    @unknown default: "it cannot be decoded"
    }
}
