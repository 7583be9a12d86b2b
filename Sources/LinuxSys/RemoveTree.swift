internal import CLinuxSys
import Glibc

/// Deletes a name and everything below it, by descriptor: no link is followed, no mount is entered, and a directory that is swapped for a
/// link meanwhile is not walked (CVE-2022-21658 is that race in a standard library). What others add while it runs is deleted too.
///
/// - Returns: the number of names removed; 0 if there was nothing.
/// - Throws: EBUSY for a mount point (it stays), or what the kernel said to the first name that could not be removed; the others are gone.
@discardableResult
public func removeTree(at directory: Descriptor, _ name: String) throws(SystemError) -> Int {
    guard !name.isEmpty, name != ".", name != "..", !name.contains("/") else {
        throw SystemError("remove tree", name, errno: EINVAL, detail: "one name without a slash is accepted")
    }
    var walk = TreeRemoval()
    try walk.remove(Array(name.utf8), in: directory, kind: nil, depth: 0)
    return walk.removed
}

/// Empties a directory of everything below it and keeps the directory; the rules of `removeTree`.
@discardableResult
public func removeContents(of directory: Descriptor) throws(SystemError) -> Int {
    // It may be an O_PATH descriptor, such as a mount's.
    let directory = try directory.open(at: ".", .directory)
    var walk = TreeRemoval()
    walk.top = directory
    try walk.empty(directory, depth: 0)
    // What was moved up from the deep, or added by others meanwhile.
    var rounds = 0
    while try !directory.entries().isEmpty {
        rounds += 1
        if rounds > TreeRemoval.rounds { throw SystemError("empty", directory.displayPath, errno: ENOTEMPTY) }
        try walk.empty(directory, depth: 0)
    }
    return walk.removed
}

private struct TreeRemoval {
    var removed = 0
    /// The first directory that was opened: what lies too deep is moved there.
    var top: Descriptor?
    var moved = 0

    /// Every level holds a descriptor, and a job can make a chain as deep as it likes: below this, directories are moved to the top.
    static let deepest = 100
    /// How often a directory that others fill again is emptied anew.
    static let rounds = 1_000

    mutating func remove(_ name: [UInt8], in parent: Descriptor, kind: FileKind?, depth: Int) throws(SystemError) {
        var isDirectory = kind == .directory
        for _ in 0..<Self.rounds {
            let result = unlink(name, in: parent, isDirectory: isDirectory)
            if result == 0 { removed += 1 }
            switch Int32(-result) {
            case 0, ENOENT: return
            case EISDIR where !isDirectory: isDirectory = true
            case ENOTDIR where isDirectory: isDirectory = false
            case ENOTEMPTY where isDirectory, EEXIST where isDirectory:
                if let child = try openDirectory(name, in: parent) { try empty(child, depth: depth + 1) }
            default: throw failure(name, Int32(-result))
            }
        }
        throw failure(name, ENOTEMPTY)
    }

    mutating func empty(_ directory: Descriptor, depth: Int) throws(SystemError) {
        if top == nil { top = directory }
        try directory.seek(to: 0)
        var first: SystemError?
        while true {
            var entries: [DirectoryEntry] = []
            guard try directory.appendEntries(to: &entries) else { break }
            for entry in entries {
                if depth >= Self.deepest, entry.kind == .directory || entry.kind == nil, moveToTop(entry.rawName, in: directory) {
                    continue
                }
                do throws(SystemError) { try remove(entry.rawName, in: directory, kind: entry.kind, depth: depth) } catch {
                    if first == nil { first = error }
                }
            }
        }
        if let first { throw first }
    }

    private func unlink(_ name: [UInt8], in parent: Descriptor, isDirectory: Bool) -> Int {
        berth_sys_unlinkat(parent.rawValue, terminated(name), isDirectory ? Int32(BERTH_AT_REMOVEDIR) : 0)
    }

    /// Nil when it is gone or became something else meanwhile.
    private func openDirectory(_ name: [UInt8], in parent: Descriptor) throws(SystemError) -> Descriptor? {
        let flags: OpenFlags = [.directory, .noFollow]
        let resolve: ResolveFlags = [.beneath, .noSymlinks, .noCrossDevice]
        let result = berth_sys_openat2(
            parent.rawValue, terminated(name), UInt64(UInt32(bitPattern: flags.kernelBits)), 0, resolve.rawValue)
        switch Int32(truncatingIfNeeded: -result) {
        case ENOENT, ENOTDIR, ELOOP, EAGAIN, EINTR: return nil
        case EXDEV: throw failure(name, EBUSY)
        case let number where result < 0: throw failure(name, number)
        default: return Descriptor(adopting: Int32(result))
        }
    }

    /// Moves a directory up under a name of our own, where the next round finds it; false where that fails.
    private mutating func moveToTop(_ name: [UInt8], in directory: Descriptor) -> Bool {
        guard let top else { return false }
        moved += 1
        let new = Array(".berth-removal-\(moved)".utf8)
        return berth_sys_renameat2(directory.rawValue, terminated(name), top.rawValue, terminated(new), 1) == 0
    }

    private func terminated(_ name: [UInt8]) -> [CChar] { name.map { CChar(bitPattern: $0) } + [0] }

    private func failure(_ name: [UInt8], _ number: Int32) -> SystemError {
        SystemError("remove", String(decoding: name, as: UTF8.self), errno: number)
    }
}
