internal import Crypto
internal import LinuxSys

/// Where an archive's bytes come from, one block after the other.
///
/// The layers stack: file → tar of the image → one entry → decompression → digest → tar of the layer.
protocol ByteSource: AnyObject {
    /// The next bytes, valid until the next call; empty at the end.
    func next() throws(ArchiveError) -> UnsafeRawBufferPointer
    /// Passes over up to `count` bytes where that is cheaper than reading; answers how many.
    func skip(_ count: Int64) throws(ArchiveError) -> Int64
}

extension ByteSource {
    func skip(_ count: Int64) throws(ArchiveError) -> Int64 { 0 }
}

/// A block of memory that lives as long as its owner.
final class Buffer {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ size: Int) { bytes = .allocate(byteCount: size, alignment: 16) }

    deinit { bytes.deallocate() }
}

/// The archive's file, from its start.
final class FileSource: ByteSource {
    private let file: Descriptor
    private let buffer = Buffer(256 << 10)
    private let size: Int64
    private var offset: Int64 = 0

    init(_ file: Descriptor, limit: UInt64) throws(ArchiveError) {
        self.file = file
        do throws(SystemError) {
            let status = try file.status()
            size = status.size
            try file.seek(to: 0)
        } catch { throw ArchiveError(entry: nil, error) }
        guard UInt64(max(size, 0)) <= limit else {
            throw ArchiveError("has \(size) bytes, accepted are at most \(limit)")
        }
    }

    func next() throws(ArchiveError) -> UnsafeRawBufferPointer {
        let count: Int
        do throws(SystemError) { count = try file.read(into: buffer.bytes) } catch { throw ArchiveError(entry: nil, error) }
        offset += Int64(count)
        return UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count])
    }

    func skip(_ count: Int64) throws(ArchiveError) -> Int64 {
        // Past the end would turn a truncated archive into a good one.
        let step = min(count, size - offset)
        guard step > 0 else { return 0 }
        do throws(SystemError) { try file.seek(to: offset + step) } catch { throw ArchiveError(entry: nil, error) }
        offset += step
        return step
    }
}

/// Hashes what passes through and counts it, up to a limit.
final class DigestSource: ByteSource {
    private let source: any ByteSource
    private let limit: UInt64
    private var hash = SHA256()
    private(set) var count: UInt64 = 0

    init(_ source: any ByteSource, limit: UInt64) {
        self.source = source
        self.limit = limit
    }

    func next() throws(ArchiveError) -> UnsafeRawBufferPointer {
        let bytes = try source.next()
        count += UInt64(bytes.count)
        guard count <= limit else { throw ArchiveError("unpacks to more than \(limit) bytes") }
        hash.update(bufferPointer: bytes)
        return bytes
    }

    /// Reads what is left, padding after the end of the tar included, and gives the digest of everything.
    func finish() throws(ArchiveError) -> SHA256.Digest {
        while try !next().isEmpty {}
        return hash.finalize()
    }
}
