internal import LinuxSys

extension LayerWriter {
    mutating func writeDirectory(_ entry: TarEntry, _ path: EntryPath) throws(ArchiveError) {
        if !path.isRoot { _ = try makeDirectory(path, in: try parent(of: path, entry), entry) }
        try onEntry(entry.name) { () throws(SystemError) in
            let directory = try root.open(at: path.text, [.directory], resolve: Self.resolve)
            try setOwnerAndMode(of: directory, entry)
        }
        remember(path, modified: entry.modified)
    }

    mutating func writeFile(_ entry: TarEntry, _ path: EntryPath, _ content: ArchiveHandle) throws(ArchiveError) {
        let parent = try parent(of: path, entry)
        let file = try create(path, in: parent, entry) { () throws(SystemError) in
            try parent.open(at: path.last, [.writeOnly, .create, .exclusive, .noFollow], resolve: Self.resolve, mode: 0o600)
        }
        try copy(content, to: file, entry)
        try onEntry(entry.name) { () throws(SystemError) in
            try setOwnerAndMode(of: file, entry)
            try file.setTimes(accessedNanoseconds: entry.modified, modifiedNanoseconds: entry.modified)
        }
    }

    mutating func writeSymbolicLink(_ entry: TarEntry, _ path: EntryPath, _ target: String) throws(ArchiveError) {
        guard (1...4095).contains(target.utf8.count) else {
            throw ArchiveError(entry: entry.name, "its target has \(target.utf8.count) bytes, accepted are 1 to 4095")
        }
        let parent = try parent(of: path, entry)
        try create(path, in: parent, entry) { () throws(SystemError) in try parent.makeSymbolicLink(path.last, to: target) }
        try setOwnerAndTimes(of: path, in: parent, entry)
    }

    mutating func writeFifo(_ entry: TarEntry, _ path: EntryPath) throws(ArchiveError) {
        let parent = try parent(of: path, entry)
        // The mode is the entry's because the caller's umask is 0: changing it later takes procfs, which is not there.
        try create(path, in: parent, entry) { () throws(SystemError) in try parent.makeFifo(path.last, mode: entry.permissions & 0o777) }
        try setOwnerAndTimes(of: path, in: parent, entry)
    }

    /// A second name for a file of the same layer; the target is resolved like every other path.
    mutating func writeHardLink(_ entry: TarEntry, _ path: EntryPath, _ target: String) throws(ArchiveError) {
        let source = try EntryPath(target, entry: entry.name, what: "its hard link target", depth: budget.maximumDepth)
        let sourceParent: Descriptor
        let found: FileStatus
        do throws(SystemError) {
            sourceParent = try root.open(at: source.parent.text, [.directory], resolve: Self.resolve)
            found = try sourceParent.status(at: source.last)
        } catch {
            let why = error.errnoName == "ELOOP" ? "leads through a symbolic link" : "is not in this layer"
            throw ArchiveError(entry: entry.name, "its hard link target \(ArchiveError.quoted(target)) \(why)")
        }
        guard found.kind == .regular || found.kind == .symbolicLink || found.kind == .fifo else {
            throw ArchiveError(entry: entry.name, "its hard link target \(ArchiveError.quoted(target)) is no file")
        }
        let parent = try parent(of: path, entry)
        try create(path, in: parent, entry) { () throws(SystemError) in try sourceParent.link(source.last, to: path.last, in: parent) }
    }

    /// Makes a new name; a whiteout under it gives way, anything else is a name listed twice.
    @discardableResult
    private func create<T>(
        _ path: EntryPath, in parent: Descriptor, _ entry: TarEntry, _ make: () throws(SystemError) -> T
    ) throws(ArchiveError) -> T {
        do throws(SystemError) { return try make() } catch {
            guard error.alreadyExists else { throw ArchiveError(entry: entry.name, error) }
        }
        return try onEntry(entry.name) { () throws(SystemError) in
            guard Whiteout.isOne(try parent.status(at: path.last)) else {
                throw SystemError("create", path.text, errno: 0, detail: "the name is listed twice, accepted is once")
            }
            try parent.unlink(path.last)
            return try make()
        }
    }

    private func copy(_ content: ArchiveHandle, to file: Descriptor, _ entry: TarEntry) throws(ArchiveError) {
        var position: Int64 = 0
        while let block = try content.nextBlock() {
            guard block.offset >= 0, block.offset <= entry.size, Int64(block.bytes.count) <= entry.size - block.offset else {
                throw ArchiveError(entry: entry.name, "its content goes beyond its size of \(entry.size) bytes")
            }
            try onEntry(entry.name) { () throws(SystemError) in
                if block.offset != position { try file.seek(to: block.offset) }
                var done = 0
                while done < block.bytes.count {
                    done += try file.writeSome(UnsafeRawBufferPointer(rebasing: block.bytes[done...]))
                }
            }
            position = block.offset + Int64(block.bytes.count)
        }
        if position < entry.size { try onEntry(entry.name) { () throws(SystemError) in try file.truncate(to: entry.size) } }
    }

    /// The mode comes after the owner, since chown clears set-uid bits; these are harmless where no_new_privs is always on.
    private func setOwnerAndMode(of file: Descriptor, _ entry: TarEntry) throws(SystemError) {
        try file.changeOwner(uid: UInt32(truncatingIfNeeded: entry.uid), gid: UInt32(truncatingIfNeeded: entry.gid))
        for attribute in entry.attributes { try file.setExtendedAttribute(attribute.name, attribute.value) }
        try file.changeMode(entry.permissions)
    }

    private func setOwnerAndTimes(of path: EntryPath, in parent: Descriptor, _ entry: TarEntry) throws(ArchiveError) {
        try onEntry(entry.name) { () throws(SystemError) in
            try parent.changeOwner(of: path.last, uid: UInt32(truncatingIfNeeded: entry.uid), gid: UInt32(truncatingIfNeeded: entry.gid))
            try parent.setTimes(of: path.last, accessedNanoseconds: entry.modified, modifiedNanoseconds: entry.modified)
        }
    }
}
