internal import LinuxSys

/// Writes the entries of one layer below a directory and nowhere else.
///
/// Every parent is opened anew from the layer's root with openat2(2), beneath it and through no symbolic link: links are data, written as
/// they are and never walked (CVE-2018-15664, CVE-2021-32760). Nothing is replaced: the specification has each name once in a layer.
struct LayerWriter {
    /// Counts over all layers of an image.
    struct Budget {
        /// Of all files together.
        let maximumBytes: UInt64
        let maximumEntries: Int
        let maximumDepth: Int
        var bytes: UInt64 = 0
        var entries = 0
    }

    /// Ids beyond these have no place in a job's slot.
    static let ids: Int64 = 65_536

    let root: Descriptor
    private(set) var budget: Budget
    private(set) var bytes: UInt64 = 0
    private(set) var entries = 0
    var opaque: Set<EntryPath> = []
    /// Directories get their times last, since every new name in them sets it.
    private var directoryTimes: [(path: EntryPath, modified: Int64)] = []
    private var lastParent: (path: EntryPath, directory: Descriptor)?

    init(root: Descriptor, budget: Budget) {
        self.root = root
        self.budget = budget
    }

    /// Writes one entry; `content` gives the blocks of a regular file.
    mutating func write(_ entry: TarEntry, content: ArchiveHandle) throws(ArchiveError) {
        try count(entry)
        let path = try EntryPath(entry.name, entry: entry.name, what: "its name", depth: budget.maximumDepth)
        if path.last.hasPrefix(Whiteout.prefix) { return try writeWhiteout(entry, path) }
        if let hidden = path.components.first(where: { $0.hasPrefix(Whiteout.prefix) }) {
            throw ArchiveError(entry: entry.name, "lies below the whiteout \(ArchiveError.quoted(hidden))")
        }
        switch entry.kind {
        case .directory: try writeDirectory(entry, path)
        case .regular: try writeFile(entry, path, content)
        case .symbolicLink(let target): try writeSymbolicLink(entry, path, target)
        case .hardLink(let target): try writeHardLink(entry, path, target)
        case .fifo: try writeFifo(entry, path)
        case .refused(let kind):
            throw ArchiveError(
                entry: entry.name, "is \(kind), accepted are files, directories, links and named pipes; every job gets a /dev of its own")
        }
    }

    /// Sets the directories' times; the layer is complete afterwards.
    mutating func finish() throws(ArchiveError) {
        lastParent = nil
        for (path, modified) in directoryTimes {
            try onEntry(path.text) { () throws(SystemError) in
                let directory = try root.open(at: path.text, [.directory], resolve: Self.resolve)
                try directory.setTimes(accessedNanoseconds: modified, modifiedNanoseconds: modified)
            }
        }
    }

    private mutating func count(_ entry: TarEntry) throws(ArchiveError) {
        budget.entries += 1
        entries += 1
        guard budget.entries <= budget.maximumEntries else {
            throw ArchiveError(entry: entry.name, "is one entry too many, accepted are \(budget.maximumEntries)")
        }
        guard (0..<Self.ids).contains(entry.uid), (0..<Self.ids).contains(entry.gid) else {
            throw ArchiveError(entry: entry.name, "belongs to \(entry.uid):\(entry.gid), accepted are ids from 0 to \(Self.ids - 1)")
        }
        guard entry.kind == .regular else { return }
        let size = entry.size >= 0 ? UInt64(entry.size) : .max
        let (sum, overflow) = budget.bytes.addingReportingOverflow(size)
        guard !overflow, sum <= budget.maximumBytes else {
            throw ArchiveError(
                entry: entry.name, "unpacks to \(size) bytes after \(budget.bytes), accepted are \(budget.maximumBytes) in all")
        }
        budget.bytes = sum
        bytes += size
    }

    /// Directories arrive here once they exist and are open.
    mutating func remember(_ path: EntryPath, modified: Int64) { directoryTimes.append((path, modified)) }
}

// MARK: - Parents

extension LayerWriter {
    /// How every path below the root is walked.
    static let resolve: ResolveFlags = [.beneath, .noSymlinks, .noMagicLinks, .noCrossDevice]

    /// The open directory in which the entry's name stands, made if the archive did not list it.
    mutating func parent(of path: EntryPath, _ entry: TarEntry) throws(ArchiveError) -> Descriptor {
        let parent = path.parent
        if parent.isRoot { return root }
        // Safe to keep: no directory is ever replaced, and nobody else writes here.
        if let lastParent, lastParent.path == parent { return lastParent.directory }
        var directory = try existing(parent, entry)
        if directory == nil {
            try makeParents(parent, entry)
            directory = try existing(parent, entry)
        }
        guard let directory else { throw ArchiveError(entry: entry.name, "its directory \(ArchiveError.quoted(parent.text)) is gone") }
        lastParent = (parent, directory)
        return directory
    }

    /// Nil when it does not exist yet, or a whiteout stands in its way.
    private func existing(_ path: EntryPath, _ entry: TarEntry) throws(ArchiveError) -> Descriptor? {
        do throws(SystemError) { return try root.open(at: path.text, [.directory], resolve: Self.resolve) } catch {
            switch error.errnoName {
            case "ENOENT", "ENOTDIR": return nil
            case "ELOOP":
                throw ArchiveError(
                    entry: entry.name,
                    "its directory \(ArchiveError.quoted(path.text)) leads through a symbolic link, accepted are real directories")
            default: throw ArchiveError(entry: entry.name, error)
            }
        }
    }

    private mutating func makeParents(_ path: EntryPath, _ entry: TarEntry) throws(ArchiveError) {
        var directory = root
        for depth in 1...path.components.count {
            let step = EntryPath(components: Array(path.components.prefix(depth)))
            _ = try makeDirectory(step, in: directory, entry)
            directory = try onEntry(entry.name) { () throws(SystemError) in
                try root.open(at: step.text, [.directory], resolve: Self.resolve)
            }
        }
    }

    /// Makes a directory unless there is one; in the place of a whiteout it becomes opaque. True when it is new.
    mutating func makeDirectory(_ path: EntryPath, in parent: Descriptor, _ entry: TarEntry) throws(ArchiveError) -> Bool {
        do throws(SystemError) {
            try parent.makeDirectory(path.last)
            return true
        } catch {
            guard error.alreadyExists else { throw ArchiveError(entry: entry.name, error) }
        }
        let found = try onEntry(entry.name) { () throws(SystemError) in try parent.status(at: path.last) }
        if found.kind == .directory { return false }
        guard Whiteout.isOne(found) else {
            let what = found.kind == .symbolicLink ? "a symbolic link" : "no directory"
            throw ArchiveError(entry: entry.name, "\(ArchiveError.quoted(path.text)) was listed before and is \(what)")
        }
        opaque.insert(path)
        try onEntry(entry.name) { () throws(SystemError) in
            try parent.unlink(path.last)
            try parent.makeDirectory(path.last)
        }
        return true
    }

    /// Turns what the kernel said into a refusal that names the entry.
    func onEntry<T>(_ name: String, _ body: () throws(SystemError) -> T) throws(ArchiveError) -> T {
        do throws(SystemError) { return try body() } catch { throw ArchiveError(entry: name, error) }
    }
}
