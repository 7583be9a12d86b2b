internal import LinuxSys

/// How a layer says that something below it is gone (OCI image specification, "Layer Filesystem Changeset", "Whiteouts").
enum Whiteout {
    static let prefix = ".wh."
    /// Of a directory that hides everything below it.
    static let opaque = ".wh..wh..opq"
    /// Book-keeping of aufs, without meaning here.
    static let reserved = ".wh..wh."

    /// overlayfs' form: a character device 0:0, which anybody may make (Linux 5.8, "vfs: allow unprivileged whiteout creation").
    static func isOne(_ status: FileStatus) -> Bool {
        status.kind == .characterDevice && status.specialDevice == DeviceNumber(major: 0, minor: 0)
    }
}

extension LayerWriter {
    /// Whiteouts act on lower layers only: what this layer itself lists under the name stays.
    mutating func writeWhiteout(_ entry: TarEntry, _ path: EntryPath) throws(ArchiveError) {
        if path.last == Whiteout.opaque {
            let directory = path.parent
            _ = try parent(of: path, entry)
            opaque.insert(directory)
            return
        }
        if path.last.hasPrefix(Whiteout.reserved) { return }
        let name = String(path.last.dropFirst(Whiteout.prefix.count))
        guard !name.isEmpty, name != ".", name != ".." else {
            throw ArchiveError(entry: entry.name, "is a whiteout of \(ArchiveError.quoted(name)), accepted is a name")
        }
        guard entry.kind == .regular else { throw ArchiveError(entry: entry.name, "is a whiteout but no plain file") }
        let hidden = EntryPath(components: path.parent.components + [name])
        let parent = try parent(of: path, entry)
        do throws(SystemError) {
            try parent.makeDeviceNode(name, block: false, DeviceNumber(major: 0, minor: 0), mode: 0)
        } catch {
            guard error.alreadyExists else { throw ArchiveError(entry: entry.name, error) }
            let found = try onEntry(entry.name) { () throws(SystemError) in try parent.status(at: name) }
            if found.kind == .directory { opaque.insert(hidden) }
        }
    }
}
