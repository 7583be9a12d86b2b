internal import CLinuxSys
import Glibc

extension Descriptor {
    /// Sets the file's size (ftruncate(2)); a longer one ends in a hole.
    public func truncate(to size: Int64) throws(SystemError) {
        _ = try checked("truncate", displayPath) { Int(ftruncate(rawValue, off_t(size))) }
    }

    /// Reserves disk space (fallocate(2)); with `keepSize` the file's size stays.
    public func allocate(_ length: Int64, at offset: Int64 = 0, keepSize: Bool = false) throws(SystemError) {
        _ = try check(uninterrupted { berth_sys_fallocate(rawValue, keepSize ? 1 : 0, offset, length) }, "allocate", displayPath)
    }

    /// Gives the blocks of a range back (FALLOC_FL_PUNCH_HOLE); it then reads as zeros.
    public func punchHole(_ length: Int64, at offset: Int64) throws(SystemError) {
        _ = try check(uninterrupted { berth_sys_fallocate(rawValue, 3, offset, length) }, "punch hole in", displayPath)
    }

    /// Waits until content and inode are on disk (fsync(2)).
    public func synchronize() throws(SystemError) { _ = try checked("fsync", displayPath) { Int(fsync(rawValue)) } }

    /// Waits until the content is on disk (fdatasync(2)).
    public func synchronizeData() throws(SystemError) { _ = try checked("fdatasync", displayPath) { Int(fdatasync(rawValue)) } }

    /// Waits until the whole file system is on disk (syncfs(2)).
    public func synchronizeFileSystem() throws(SystemError) { _ = try check(berth_sys_syncfs(rawValue), "syncfs", displayPath) }

    /// Copies up to `length` bytes from one file offset to the other's inside the kernel (copy_file_range(2)); 0 at the end.
    public func copyRange(to other: Descriptor, length: Int) throws(SystemError) -> Int {
        try check(uninterrupted { berth_sys_copy_file_range(rawValue, other.rawValue, length) }, "copy", displayPath)
    }

    /// Sets or clears O_NONBLOCK of the open file description.
    public func setNonBlocking(_ nonBlocking: Bool = true) throws(SystemError) {
        let old = try check(berth_sys_fcntl(rawValue, Int32(BERTH_F_GETFL), 0), "get flags of", displayPath)
        let bit = Int(BERTH_O_NONBLOCK)
        _ = try check(
            berth_sys_fcntl(rawValue, Int32(BERTH_F_SETFL), nonBlocking ? old | bit : old & ~bit), "set flags of", displayPath)
    }

    /// Takes the lock of the open file description (flock(2)); false if somebody else holds it and `wait` is off.
    public func lock(exclusive: Bool = true, wait: Bool = false) throws(SystemError) -> Bool {
        let operation = (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB)
        while flock(rawValue, operation) != 0 {
            let number = Glibc.errno
            if number == EWOULDBLOCK { return false }
            if number != EINTR { throw SystemError("lock", displayPath, errno: number) }
        }
        return true
    }

    /// Gives up the flock(2) lock; it also ends with the last duplicate of the descriptor.
    public func unlock() throws(SystemError) { _ = try checked("unlock", displayPath) { Int(flock(rawValue, LOCK_UN)) } }

    /// Takes an open-file-description lock on a byte range (fcntl(2) F_OFD_SETLK); false if it is held elsewhere.
    public func lockRange(exclusive: Bool = true, offset: Int64 = 0, length: Int64 = 0) throws(SystemError) -> Bool {
        let kind = exclusive ? F_WRLCK : F_RDLCK
        var request = Glibc.flock()
        request.l_type = Int16(kind)
        request.l_whence = Int16(SEEK_SET)
        request.l_start = off_t(offset)
        request.l_len = off_t(length)
        let result = withUnsafeMutablePointer(to: &request) { pointer in
            uninterrupted { berth_sys_fcntl(rawValue, Int32(BERTH_F_OFD_SETLK), Int(bitPattern: pointer)) }
        }
        if result == -Int(EAGAIN) || result == -Int(EACCES) { return false }
        _ = try check(result, "lock range of", displayPath)
        return true
    }
}
