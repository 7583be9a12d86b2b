internal import CLinux
internal import LaunchProgram

/// The new root. The image is not trusted: every path is resolved by the kernel below the root's descriptor, links included.
struct ContainerRoot {
    let descriptor: Int32
    /// What masks are cloned from, one read-only file system for all directories; negative before the first.
    private var empty: Int32 = -1
    private var null: Int32 = -1

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Opens a path inside; a magic link of /proc leads nowhere.
    func open(_ path: ByteString, _ flags: Int32, mode: UInt32 = 0) -> Int {
        let resolve = UInt64(RESOLVE_IN_ROOT) | UInt64(RESOLVE_NO_MAGICLINKS)
        return path.withCString { linux_openat2(descriptor, $0, UInt64(flags | O_CLOEXEC), UInt64(mode), resolve) }
    }

    /// A directory, made with its parents when it is missing.
    func directory(_ path: ByteString, mode: UInt32) throws(Fault) -> Int32 {
        let result = open(path.isEmpty ? "/" : path, O_PATH | O_DIRECTORY)
        guard result == -Int(ENOENT), !path.isEmpty else { return try check(result, "open " + path) }
        let (above, name) = path.split
        let parent = try directory(above, mode: 0o755)
        guard !name.isEmpty else { return parent }
        defer { _ = linux_close(parent) }
        try check(name.withCString { linux_mkdirat(parent, $0, mode) }, "mkdir " + path)
        return try check(name.withCString { linux_openat(parent, $0, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0) }, "open " + path)
    }

    /// The directory a name stands in, and the name.
    private func parent(of path: ByteString) throws(Fault) -> (directory: Int32, name: ByteString) {
        let (above, name) = path.split
        guard !name.isEmpty else { throw Fault(errno: EINVAL, detail: "open " + path) }
        return (try directory(above, mode: 0o755), name)
    }

    /// Attaches a detached mount.
    func attach(_ mount: Int32, at path: ByteString, _ target: MountTarget) throws(Fault) {
        let detail = "attach mount on " + path
        let place: Int32
        switch target {
        case .existing: place = try check(open(path, O_PATH), "open " + path)
        case .directory: place = try directory(path, mode: 0o755)
        case .file: place = try file(path)
        case .newFile: place = try create(path, mode: 0o644)
        case .likeSource:
            var identity = linux_file_identity()
            try check(linux_identity(mount, &identity), detail)
            let isDirectory = identity.mode & UInt32(S_IFMT) == UInt32(S_IFDIR)
            place = isDirectory ? try directory(path, mode: 0o755) : try file(path)
        }
        defer { _ = linux_close(place) }
        try moveMount(mount, onto: place, detail)
    }

    private func file(_ path: ByteString) throws(Fault) -> Int32 {
        let result = open(path, O_PATH)
        guard result == -Int(ENOENT) else { return try check(result, "open " + path) }
        return try create(path, mode: 0o644)
    }

    /// A new file in place of anything but a directory.
    private func create(_ path: ByteString, mode: UInt32) throws(Fault) -> Int32 {
        let (directory, name) = try parent(of: path)
        defer { _ = linux_close(directory) }
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
        return try replace(name, in: directory, path, "create ") { name.withCString { linux_openat(directory, $0, flags, mode) } }
    }

    /// Makes something new where there is nothing, or after what is there was removed.
    private func replace(
        _ name: ByteString, in directory: Int32, _ path: ByteString, _ operation: ByteString, _ make: () -> Int
    ) throws(Fault) -> Int32 {
        let made = make()
        guard made == -Int(EEXIST) else { return try check(made, operation + path) }
        try check(name.withCString { linux_unlinkat(directory, $0, 0) }, "replace " + path)
        return try check(make(), operation + path)
    }

    func symlink(to target: ByteString, at path: ByteString) throws(Fault) {
        let (directory, name) = try parent(of: path)
        defer { _ = linux_close(directory) }
        _ = try replace(name, in: directory, path, "link ") {
            target.withCString { text in name.withCString { linux_symlinkat(text, directory, $0) } }
        }
    }

    func writeFile(_ path: ByteString, mode: UInt32, _ contents: [UInt8]) throws(Fault) {
        let file = try create(path, mode: mode)
        defer { _ = linux_close(file) }
        try writeAll(contents, to: file, "write " + path)
    }

    /// An image's passwd may be a link, a device or huge; only a regular file is read, and never more than 4 MiB.
    func appendLine(_ path: ByteString, field: Int, key: ByteString, line: ByteString) throws(Fault) {
        let (directory, _) = try parent(of: path)
        _ = linux_close(directory)
        let file = try check(open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY, mode: 0o644), "open " + path)
        defer { _ = linux_close(file) }
        var identity = linux_file_identity()
        try check(linux_identity(file, &identity), "stat " + path)
        guard identity.mode & UInt32(S_IFMT) == UInt32(S_IFREG) else { throw Fault(errno: EINVAL, detail: path + " is not a file") }
        var bytes = try contents(of: file, limit: 4 << 20)
        let newline = UInt8(ascii: "\n")
        for entry in bytes.split(separator: newline) {
            let fields = entry.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            if field < fields.count, Array(fields[field]) == key.bytes { return }
        }
        let separator: [UInt8] = bytes.isEmpty || bytes.last == newline ? [] : [newline]
        bytes = separator + line.bytes + [newline]
        try check(linux_seek_end(file), "write " + path)
        try writeAll(bytes, to: file, "write " + path)
    }

    /// Only what exists is hidden: kernels differ in what /proc holds.
    mutating func mask(_ path: ByteString) throws(Fault) {
        let detail = "mask " + path
        guard let place = try existing(path) else { return }
        defer { _ = linux_close(place) }
        var identity = linux_file_identity()
        try check(linux_identity(place, &identity), detail)
        let isDirectory = identity.mode & UInt32(S_IFMT) == UInt32(S_IFDIR)
        if isDirectory, empty < 0 {
            // The first is attached itself: kernels before 6.15 clone no mount that is not (open_tree(2)).
            let options: [FilesystemMount.Option] = [.init("mode", "755"), .init("uid", "0"), .init("gid", "0"), .init("nr_inodes", "2")]
            empty = try makeFilesystem("tmpfs", options, [.readOnly, .noSetUID, .noDevices, .noExecute], detail)
            return try moveMount(empty, onto: place, detail)
        }
        let cover = try check(linux_open_tree(isDirectory ? empty : try nullDevice(), "", Self.cloneFlags), detail)
        defer { _ = linux_close(cover) }
        try moveMount(cover, onto: place, detail)
    }

    private mutating func nullDevice() throws(Fault) -> Int32 {
        if null < 0 { null = try check(open("/dev/null", O_PATH), "open /dev/null") }
        return null
    }

    func close() {
        for descriptor in [descriptor, empty, null] where descriptor >= 0 { _ = linux_close(descriptor) }
    }

    /// Another root has masks of its own.
    func closeMasks() { for descriptor in [empty, null] where descriptor >= 0 { _ = linux_close(descriptor) } }

    func makeReadOnly(_ path: ByteString) throws(Fault) {
        let detail = "make " + path + " read-only"
        guard let place = try existing(path) else { return }
        defer { _ = linux_close(place) }
        let clone = try check(linux_open_tree(place, "", Self.cloneFlags), detail)
        defer { _ = linux_close(clone) }
        var change = linux_mount_attributes(set: MountAttributes.readOnly.rawValue, clear: 0, propagation: 0, userNamespace: 0)
        try check(linux_mount_setattr(clone, "", UInt32(AT_EMPTY_PATH), &change), detail)
        try moveMount(clone, onto: place, detail)
    }

    func writeSysctl(_ key: ByteString, _ value: ByteString) throws(Fault) {
        let path = "/proc/sys/" + key
        let file = try check(open(path, O_WRONLY | O_NOFOLLOW), "open " + path)
        defer { _ = linux_close(file) }
        guard linux_filesystem_type(file) == procMagic else { throw Fault(errno: EXDEV, detail: path + " is not on procfs") }
        try check(writeOnce(value.bytes, to: file), "write " + path)
    }

    private func existing(_ path: ByteString) throws(Fault) -> Int32? {
        let result = open(path, O_PATH)
        if result == -Int(ENOENT) || result == -Int(ENOTDIR) { return nil }
        return try check(result, "open " + path)
    }

    private static let cloneFlags = UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | UInt32(AT_EMPTY_PATH)
}
