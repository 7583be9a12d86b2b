internal import CArchive

/// One header of a tar, as far as Berth uses it.
struct TarEntry {
    enum Kind: Equatable {
        case regular, directory, fifo
        case symbolicLink(target: String)
        case hardLink(target: String)
        /// Devices, sockets and what else there is: named for the refusal.
        case refused(String)
    }

    /// As it stands in the archive.
    let name: String
    let kind: Kind
    /// With set-uid, set-gid and sticky bits.
    let permissions: UInt32
    let uid: Int64
    let gid: Int64
    /// Length of the content, holes included.
    let size: Int64
    /// Nanoseconds since 1970.
    let modified: Int64
    /// Of the `user.` class.
    let attributes: [(name: String, value: [UInt8])]

    /// `number` counts from 1 and names an entry whose name cannot be read.
    init(_ header: OpaquePointer, number: Int) throws(ArchiveError) {
        guard let raw = archive_entry_pathname(header), let name = String(validatingCString: raw) else {
            throw ArchiveError(entry: "#\(number)", "its name is not UTF-8")
        }
        self.name = name
        kind = try Self.kind(header, name)
        permissions = UInt32(archive_entry_perm(header)) & 0o7777
        uid = archive_entry_uid(header)
        gid = archive_entry_gid(header)
        size = archive_entry_size_is_set(header) != 0 ? archive_entry_size(header) : 0
        modified = Self.nanoseconds(archive_entry_mtime(header), archive_entry_mtime_nsec(header))
        attributes = Self.attributes(header)
    }

    private static func kind(_ header: OpaquePointer, _ name: String) throws(ArchiveError) -> Kind {
        if let target = archive_entry_hardlink(header) { return .hardLink(target: try text(target, name)) }
        switch UInt32(archive_entry_filetype(header)) & 0o170000 {
        case 0o100000: return .regular
        case 0o040000: return .directory
        case 0o010000: return .fifo
        case 0o120000:
            guard let target = archive_entry_symlink(header) else { throw ArchiveError(entry: name, "a symbolic link without a target") }
            return .symbolicLink(target: try text(target, name))
        case 0o020000: return .refused("a character device")
        case 0o060000: return .refused("a block device")
        case 0o140000: return .refused("a socket")
        default: return .refused("of an unknown kind")
        }
    }

    private static func text(_ raw: UnsafePointer<CChar>, _ name: String) throws(ArchiveError) -> String {
        guard let text = String(validatingCString: raw) else { throw ArchiveError(entry: name, "its link target is not UTF-8") }
        return text
    }

    /// Times that no file system can hold become 1970.
    private static func nanoseconds(_ seconds: Int, _ rest: Int) -> Int64 {
        guard (0..<(1 << 33)).contains(seconds), (0..<1_000_000_000).contains(rest) else { return 0 }
        return Int64(seconds) * 1_000_000_000 + Int64(rest)
    }

    /// Only the `user.` class passes: `trusted.` and `user.overlay.` steer overlayfs, `security.` the kernel; file capabilities would be without
    /// effect, since jobs run with no_new_privs.
    private static func attributes(_ header: OpaquePointer) -> [(name: String, value: [UInt8])] {
        var found: [(name: String, value: [UInt8])] = []
        guard archive_entry_xattr_reset(header) > 0 else { return found }
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while archive_entry_xattr_next(header, &name, &value, &size) == ARCHIVE_OK, found.count < 64 {
            guard let name, let text = String(validatingCString: name), text.hasPrefix("user."), !text.hasPrefix("user.overlay.") else {
                continue
            }
            guard text.utf8.count <= 255, size <= 65_536 else { continue }
            found.append((text, value.map { Array(UnsafeRawBufferPointer(start: $0, count: size)) } ?? []))
        }
        return found
    }
}
