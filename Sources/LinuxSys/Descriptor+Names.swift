internal import CLinuxSys
import Glibc

/// How renameat2(2) treats the new name.
public enum RenameMode: UInt32, Sendable {
    /// An existing file under the new name is replaced.
    case replace = 0
    /// EEXIST if the new name is taken.
    case noReplace = 1
    /// The two names change places.
    case exchange = 2
}

extension Descriptor {
    /// Makes a directory in this one (mkdirat(2)); the mode goes through the umask.
    public func makeDirectory(_ name: String, mode: UInt32 = 0o755) throws(SystemError) {
        _ = try checked("make directory", name) { Int(mkdirat(rawValue, name, mode)) }
    }

    /// Makes a directory unless it is there, and opens it without following a link.
    public func makeAndOpenDirectory(_ name: String, mode: UInt32 = 0o755) throws(SystemError) -> Descriptor {
        do throws(SystemError) { try makeDirectory(name, mode: mode) } catch { if !error.alreadyExists { throw error } }
        return try open(at: name, [.directory, .noFollow])
    }

    /// Removes a name that is no directory (unlinkat(2)).
    public func unlink(_ name: String) throws(SystemError) {
        _ = try checked("remove", name) { Int(unlinkat(rawValue, name, 0)) }
    }

    /// Removes an empty directory (unlinkat(2) with AT_REMOVEDIR).
    public func removeDirectory(_ name: String) throws(SystemError) {
        _ = try checked("remove directory", name) { Int(unlinkat(rawValue, name, Int32(BERTH_AT_REMOVEDIR))) }
    }

    /// Gives a file a new name, in this directory or another of the same file system (renameat2(2)).
    public func rename(
        _ name: String, to newName: String, in directory: Descriptor? = nil, mode: RenameMode = .replace
    ) throws(SystemError) {
        let target = directory ?? self
        _ = try check(
            berth_sys_renameat2(rawValue, name, target.rawValue, newName, mode.rawValue), "rename", "\(name) to \(newName)")
    }

    /// Makes a symbolic link in this directory.
    public func makeSymbolicLink(_ name: String, to target: String) throws(SystemError) {
        _ = try checked("make symbolic link", name) { Int(symlinkat(target, rawValue, name)) }
    }

    /// Makes a second name for a file of this directory (linkat(2)); a symbolic link itself is linked, not its target.
    public func link(_ name: String, to newName: String, in directory: Descriptor? = nil) throws(SystemError) {
        let target = directory ?? self
        _ = try checked("link", "\(name) to \(newName)") { Int(linkat(rawValue, name, target.rawValue, newName, 0)) }
    }

    /// Gives this open, perhaps nameless (O_TMPFILE) file a name; EEXIST if it is taken.
    public func linkOpenFile(as newName: String, in directory: Descriptor) throws(SystemError) {
        _ = try checked("link", newName) {
            Int(linkat(Int32(BERTH_AT_FDCWD), procPath, directory.rawValue, newName, Int32(BERTH_AT_SYMLINK_FOLLOW)))
        }
    }

    /// Makes a device node (mknodat(2)).
    public func makeDeviceNode(_ name: String, block: Bool, _ device: DeviceNumber, mode: UInt32) throws(SystemError) {
        let kind: UInt32 = block ? 0o060000 : 0o020000
        _ = try checked("make device node", name) { Int(mknodat(rawValue, name, kind | mode, dev_t(device.rawValue))) }
    }

    /// Makes a named pipe (mkfifoat(3)).
    public func makeFifo(_ name: String, mode: UInt32 = 0o600) throws(SystemError) {
        _ = try checked("make fifo", name) { Int(mkfifoat(rawValue, name, mode)) }
    }

    /// The target of a symbolic link in this directory (readlinkat(2)).
    public func readLink(_ name: String) throws(SystemError) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = try checked("read link", name) { readlinkat(rawValue, name, &buffer, buffer.count) }
        return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether the directory has the name; a dangling link counts.
    public func contains(_ name: String) throws(SystemError) -> Bool {
        do throws(SystemError) { _ = try status(at: name) } catch {
            if error.isNotFound { return false }
            throw error
        }
        return true
    }
}
