internal import CLinuxSys

/// One name of a directory (getdents64(2)).
public struct DirectoryEntry: Sendable, Hashable {
    /// The name; bytes that are no UTF-8 are replaced in it, so use `rawName` to act on foreign files.
    public var name: String { String(decoding: rawName, as: UTF8.self) }
    /// The name's bytes.
    public var rawName: [UInt8]
    /// The inode's number.
    public var inode: UInt64
    /// The kind; nil where the file system does not tell.
    public var kind: FileKind?
}

extension Descriptor {
    /// All names in this open directory but `.` and `..`, in the file system's order. It may be an O_PATH descriptor, such as a mount's.
    public func entries() throws(SystemError) -> [DirectoryEntry] {
        // An open file of its own, so that nobody else moves the offset meanwhile.
        let listing = try open(at: ".", .directory)
        var found: [DirectoryEntry] = []
        while try listing.appendEntries(to: &found) {}
        return found
    }

    /// The names in this open directory, sorted.
    public func names() throws(SystemError) -> [String] { try entries().map(\.name).sorted() }

    /// Reads the next buffer of entries; false at the end.
    func appendEntries(to found: inout [DirectoryEntry]) throws(SystemError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 32_768)
        let size = try check(berth_sys_getdents(rawValue, &buffer, buffer.count), "list", displayPath)
        var at = 0
        // struct linux_dirent64: inode (8), offset (8), record length (2), type (1), name with a zero byte.
        while at + 19 <= size {
            let inode = (0..<8).reduce(UInt64(0)) { $0 | UInt64(buffer[at + $1]) << (8 * UInt64($1)) }
            let length = Int(buffer[at + 16]) | Int(buffer[at + 17]) << 8
            guard length >= 19, at + length <= size else { break }
            let name = buffer[(at + 19)..<(at + length)].prefix { $0 != 0 }
            if name.elementsEqual([46]) == false, name.elementsEqual([46, 46]) == false {
                found.append(DirectoryEntry(rawName: Array(name), inode: inode, kind: Self.kind(ofType: buffer[at + 18])))
            }
            at += length
        }
        return size > 0
    }

    private static func kind(ofType type: UInt8) -> FileKind? {
        // DT_UNKNOWN is 0; the others are the S_IFMT value shifted by 12.
        type == 0 ? nil : FileKind(mode: UInt32(type) << 12)
    }
}
