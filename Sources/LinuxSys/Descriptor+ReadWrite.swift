import Glibc

extension Descriptor {
    /// Reads at most the buffer's size (read(2)); 0 at the end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try again("read") { Glibc.read(rawValue, buffer.baseAddress, buffer.count) }
    }

    /// Reads at most `limit` bytes with one call; empty at the end.
    public func read(upTo limit: Int) throws(SystemError) -> [UInt8] {
        try array(limit) { buffer throws(SystemError) in try read(into: buffer) }
    }

    /// Reads at most `limit` bytes from an offset (pread(2)).
    public func read(upTo limit: Int, at offset: Int64) throws(SystemError) -> [UInt8] {
        try array(limit) { buffer throws(SystemError) in
            try again("pread") { pread(rawValue, buffer.baseAddress, buffer.count, off_t(offset)) }
        }
    }

    /// Reads exactly `count` bytes from an offset, or fewer if the file ends before.
    public func readFully(_ count: Int, at offset: Int64) throws(SystemError) -> [UInt8] {
        try array(count) { buffer throws(SystemError) in
            var done = 0
            while done < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let got = try again("pread") { pread(rawValue, rest.baseAddress, rest.count, off_t(offset) + off_t(done)) }
                if got == 0 { break }
                done += got
            }
            return done
        }
    }

    /// Reads until the end, at most `limit` bytes; more than that is EFBIG.
    public func readAll(limit: Int = 16 << 20) throws(SystemError) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            // Most files that are read whole are short.
            let part = try read(upTo: min(all.isEmpty ? 1 << 12 : 1 << 16, limit - all.count + 1))
            if part.isEmpty { return all }
            if all.isEmpty { all = part } else { all += part }
            if all.count > limit { throw SystemError("read", displayPath, errno: EFBIG, detail: "more than \(limit) bytes") }
        }
    }

    /// Reads until the end as UTF-8; bytes that are none are replaced.
    public func readText(limit: Int = 16 << 20) throws(SystemError) -> String {
        String(decoding: try readAll(limit: limit), as: UTF8.self)
    }

    /// Writes what one call takes (write(2)) and tells how much.
    public func writeSome(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        try again("write") { Glibc.write(rawValue, bytes.baseAddress, bytes.count) }
    }

    /// Writes everything, in as many calls as it takes.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        try withBytes(bytes) { buffer throws(SystemError) in
            var done = 0
            while done < buffer.count { done += try writeSome(UnsafeRawBufferPointer(rebasing: buffer[done...])) }
        }
    }

    /// Writes text in one call where the kernel takes it whole, as control files want it.
    public func write(_ text: String) throws(SystemError) { try write(Array(text.utf8)) }

    /// Writes everything at an offset (pwrite(2)).
    public func write(_ bytes: [UInt8], at offset: Int64) throws(SystemError) {
        try withBytes(bytes) { buffer throws(SystemError) in
            var done = 0
            while done < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                done += try again("pwrite") { pwrite(rawValue, rest.baseAddress, rest.count, off_t(offset) + off_t(done)) }
            }
        }
    }

    /// Moves the file offset to `offset` from the start (lseek(2)).
    public func seek(to offset: Int64) throws(SystemError) {
        _ = try checked("seek", description) { Int(lseek(rawValue, off_t(offset), SEEK_SET)) }
    }

    private func again(_ operation: String, _ call: () -> Int) throws(SystemError) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            let number = Glibc.errno
            if number != EINTR { throw SystemError(operation, displayPath, errno: number) }
        }
    }

    private func array(
        _ capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(SystemError) -> Int
    ) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(capacity, 0)) { buffer, count in
            do throws(SystemError) { count = try fill(UnsafeMutableRawBufferPointer(buffer)) } catch {
                failure = error
                count = 0
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private func withBytes(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) {
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { try body(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

/// Reads a whole file of the host, at most `limit` bytes.
public func readFile(_ path: String, limit: Int = 16 << 20) throws(SystemError) -> [UInt8] {
    try Descriptor.open(path).readAll(limit: limit)
}

/// Reads a whole text file of the host, such as one of procfs or sysfs.
public func readTextFile(_ path: String, limit: Int = 16 << 20) throws(SystemError) -> String {
    String(decoding: try readFile(path, limit: limit), as: UTF8.self)
}

/// Writes a control file of procfs, sysfs or a cgroup with one write(2); the file must exist.
public func writeControlFile(_ path: String, _ text: String) throws(SystemError) {
    let file = try Descriptor.open(path, [.writeOnly, .noControllingTerminal])
    do throws(SystemError) { try file.write(text) } catch {
        throw SystemError("write \(text.prefix(200)) to", path, errno: error.errno)
    }
}

extension Descriptor {
    /// Writes what fits of the bytes to a non-blocking descriptor; 0 when nothing fits at the moment.
    public func writeWhatFits(_ bytes: [UInt8]) throws(SystemError) -> Int {
        var result: Result<Int, SystemError> = .success(0)
        bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { result = .success(try writeSome(buffer)) } catch { result = .failure(error) }
        }
        do throws(SystemError) {
            return try result.get()
        } catch {
            if error.wouldBlock { return 0 }
            throw error
        }
    }
}
