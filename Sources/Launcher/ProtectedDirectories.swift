internal import CLinux
internal import LaunchProgram

extension linux_file_identity {
    fileprivate func isSame(as other: linux_file_identity) -> Bool {
        device == other.device && inode == other.inode
    }

    fileprivate var isDirectory: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
}

/// Refuses a bind source that is, contains or lies under a protected directory. Names say nothing (links, other mounts), so directories are
/// compared by device and inode on the way up.
func refuseProtected(_ source: Int32, path: ByteString, directories: [Int32]) throws(Fault) {
    let refused = Fault(errno: EACCES, detail: path + " is, contains or lies under a directory of Berth's")
    let own = try identity(of: source, path)
    let start = own.isDirectory ? try check(linux_duplicate(source, 3, 1), "open " + path) : try parent(of: source, own, path)
    defer { _ = linux_close(start) }
    for directory in directories {
        let protected = try identity(of: directory, path)
        if try lies(start, under: protected, path) { throw refused }
        if own.isDirectory, try lies(directory, under: own, path) { throw refused }
    }
}

private func identity(of descriptor: Int32, _ path: ByteString) throws(Fault) -> linux_file_identity {
    var identity = linux_file_identity()
    try check(linux_identity(descriptor, &identity), "stat " + path)
    return identity
}

/// True when the directory or one above it is the other one.
private func lies(_ directory: Int32, under other: linux_file_identity, _ path: ByteString) throws(Fault) -> Bool {
    var current = try check(linux_duplicate(directory, 3, 1), "open " + path)
    defer { _ = linux_close(current) }
    while true {
        let here = try identity(of: current, path)
        if here.isSame(as: other) { return true }
        let above = try check(linux_openat(current, "..", O_PATH | O_DIRECTORY, 0), "open parent of " + path)
        _ = linux_close(current)
        current = above
        if try identity(of: above, path).isSame(as: here) { return false }
    }
}

/// A file has no `..`: its directory is found by its name and proven by finding the file in it.
private func parent(of file: Int32, _ own: linux_file_identity, _ path: ByteString) throws(Fault) -> Int32 {
    let link = "/proc/self/fd/" + ByteString(number: Int(file))
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = Int(
        try check(
            link.withCString { name in
                buffer.withUnsafeMutableBufferPointer {
                    linux_readlinkat(AT_FDCWD, name, $0.baseAddress, $0.count - 1)
                }
            }, "find " + path))
    let (directory, name) = ByteString(bytes: buffer[..<count].map { UInt8(bitPattern: $0) }).split
    let opened = try check(
        (directory.isEmpty ? "/" : directory).withCString { linux_openat(AT_FDCWD, $0, O_PATH | O_DIRECTORY, 0) }, "open parent of " + path)
    var found = linux_file_identity()
    let result = name.withCString { linux_identity_at(opened, $0, &found) }
    guard result >= 0, found.isSame(as: own) else {
        _ = linux_close(opened)
        throw Fault(errno: ENOENT, detail: path + " was moved")
    }
    return opened
}
