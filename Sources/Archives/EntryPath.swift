/// A name of an archive after its check: components below the layer's root, none of them `..`.
struct EntryPath: Hashable {
    /// Empty for the root itself.
    let components: [String]

    init(components: [String]) { self.components = components }

    /// `what` names the path in the refusal: `its name`, `its hard link target`.
    init(_ text: String, entry: String, what: String, depth: Int) throws(ArchiveError) {
        guard !text.hasPrefix("/") else { throw ArchiveError(entry: entry, "\(what) is absolute: \(ArchiveError.quoted(text))") }
        guard text.utf8.count <= 4095 else {
            throw ArchiveError(entry: entry, "\(what) has \(text.utf8.count) bytes, accepted are at most 4095")
        }
        let components = text.split(separator: "/").filter { $0 != "." }
        guard !components.contains("..") else {
            throw ArchiveError(entry: entry, "\(what) contains \"..\": \(ArchiveError.quoted(text))")
        }
        guard components.count <= depth else {
            throw ArchiveError(entry: entry, "\(what) has \(components.count) components, accepted are at most \(depth)")
        }
        guard components.allSatisfy({ $0.utf8.count <= 255 }) else {
            throw ArchiveError(entry: entry, "\(what) has a component of more than 255 bytes")
        }
        self.components = components.map(String.init)
    }

    var isRoot: Bool { components.isEmpty }
    var last: String { components.last ?? "." }
    var parent: EntryPath { EntryPath(components: Array(components.dropLast())) }
    var text: String { isRoot ? "." : components.joined(separator: "/") }
}
