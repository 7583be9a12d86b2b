internal import CLinuxSys
import Glibc

extension Descriptor {
    /// Changes owner and group of the open file (fchown(2)); nil leaves one as it is.
    public func changeOwner(uid: UInt32?, gid: UInt32?) throws(SystemError) {
        let result = berth_sys_fchownat(rawValue, "", uid ?? .max, gid ?? .max, Int32(BERTH_AT_EMPTY_PATH))
        _ = try check(result, "change owner of", displayPath)
    }

    /// Changes owner and group of a name in this directory, never following a link.
    public func changeOwner(of name: String, uid: UInt32?, gid: UInt32?) throws(SystemError) {
        let result = berth_sys_fchownat(rawValue, name, uid ?? .max, gid ?? .max, Int32(BERTH_AT_SYMLINK_NOFOLLOW))
        _ = try check(result, "change owner of", name)
    }

    /// Changes the permission bits of the open file, also behind an O_PATH descriptor.
    public func changeMode(_ mode: UInt32) throws(SystemError) {
        if Glibc.fchmod(rawValue, mode) == 0 { return }
        // EBADF is an O_PATH descriptor: go through procfs, which names the same inode.
        let number = Glibc.errno
        guard number == EBADF else { throw SystemError("change mode of", displayPath, errno: number) }
        _ = try checked("change mode of", displayPath) { Int(Glibc.chmod(procPath, mode)) }
    }

    /// Changes the permission bits of a name in this directory; a symbolic link is refused (ELOOP).
    public func changeMode(of name: String, _ mode: UInt32) throws(SystemError) {
        let file = try open(at: name, [.path, .noFollow])
        guard try file.status().kind != .symbolicLink else { throw SystemError("change mode of", name, errno: ELOOP) }
        try file.changeMode(mode)
    }

    /// Sets access and modification time of a name, never following a link; nanoseconds since 1970.
    public func setTimes(of name: String, accessedNanoseconds: Int64, modifiedNanoseconds: Int64) throws(SystemError) {
        let times = [accessedNanoseconds, modifiedNanoseconds].map(Self.timespec)
        _ = try checked("set times of", name) { Int(utimensat(rawValue, name, times, AT_SYMLINK_NOFOLLOW)) }
    }

    /// Sets access and modification time of the open file; nanoseconds since 1970.
    public func setTimes(accessedNanoseconds: Int64, modifiedNanoseconds: Int64) throws(SystemError) {
        let times = [accessedNanoseconds, modifiedNanoseconds].map(Self.timespec)
        _ = try checked("set times of", displayPath) { Int(futimens(rawValue, times)) }
    }

    private static func timespec(_ nanoseconds: Int64) -> Glibc.timespec {
        // Times before 1970 have a negative second and a positive rest.
        let rest = ((nanoseconds % 1_000_000_000) + 1_000_000_000) % 1_000_000_000
        return Glibc.timespec(tv_sec: Int((nanoseconds - rest) / 1_000_000_000), tv_nsec: Int(rest))
    }

    /// Sets an extended attribute of the open file (fsetxattr(2)).
    public func setExtendedAttribute(_ name: String, _ value: [UInt8]) throws(SystemError) {
        _ = try check(berth_sys_fsetxattr(rawValue, name, value, value.count), "set attribute \(name) of", displayPath)
    }

    /// An extended attribute's value; nil if the file has none of that name.
    public func extendedAttribute(_ name: String) throws(SystemError) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let size = berth_sys_fgetxattr(rawValue, name, &buffer, buffer.count)
        if size == -Int(ENODATA) { return nil }
        return Array(buffer[..<(try check(size, "read attribute \(name) of", displayPath))])
    }

    /// The names of all extended attributes of the open file.
    public func extendedAttributeNames() throws(SystemError) -> [String] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let size = try check(berth_sys_flistxattr(rawValue, &buffer, buffer.count), "list attributes of", displayPath)
        return buffer[..<size].split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Removes an extended attribute; nothing happens if there is none.
    public func removeExtendedAttribute(_ name: String) throws(SystemError) {
        let result = berth_sys_fremovexattr(rawValue, name)
        if result == -Int(ENODATA) { return }
        _ = try check(result, "remove attribute \(name) of", displayPath)
    }
}
