internal import CLinux
internal import LaunchProgram

/// Reads a whole file of at most `limit` bytes from its start.
func contents(of descriptor: Int32, limit: Int) throws(Fault) -> [UInt8] {
    var bytes: [UInt8] = []
    // Not an array, which would be filled with zeros.
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    defer { block.deallocate() }
    while true {
        let offset = Int64(bytes.count)
        let result = linux_pread(descriptor, block.baseAddress, block.count, offset)
        if result == -Int(EINTR) { continue }
        let count = Int(try check(result, "read"))
        if count == 0 { return bytes }
        bytes.append(contentsOf: block[..<count])
        guard bytes.count <= limit else { throw Fault(errno: EFBIG, detail: "read") }
    }
}

/// Writes everything, or says why not.
func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ detail: @autoclosure () -> ByteString) throws(Fault) {
    var done = 0
    while done < bytes.count {
        let result = bytes.withUnsafeBytes { linux_write(descriptor, $0.baseAddress! + done, $0.count - done) }
        if result == -Int(EINTR) { continue }
        done += Int(try check(result, detail()))
    }
}

/// One write, as files of /proc and the cgroup file systems want it.
func writeOnce(_ bytes: [UInt8], to descriptor: Int32) -> Int {
    bytes.withUnsafeBytes { linux_write(descriptor, $0.baseAddress, $0.count) }
}

/// The file system's number of procfs (statfs(2)).
let procMagic = 0x9fa0

/// Opens a file of /proc for writing and makes sure that it lies on procfs: an image that puts a file or another mount there would
/// otherwise swallow the write (CVE-2019-16884, CVE-2019-19921).
func openProcFile(_ path: ByteString) throws(Fault) -> Int32 {
    let flags = UInt64(O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
    let descriptor = try check(
        path.withCString { linux_openat2(AT_FDCWD, $0, flags, 0, UInt64(RESOLVE_NO_MAGICLINKS)) }, "open " + path)
    guard linux_filesystem_type(descriptor) == procMagic else {
        _ = linux_close(descriptor)
        throw Fault(errno: EXDEV, detail: path + " is not on procfs")
    }
    return descriptor
}

/// Writes a value into a file of /proc at once.
func writeProcFile(_ path: ByteString, _ value: ByteString) throws(Fault) {
    let descriptor = try openProcFile(path)
    let result = writeOnce(value.bytes, to: descriptor)
    _ = linux_close(descriptor)
    try check(result, "write " + path)
}
