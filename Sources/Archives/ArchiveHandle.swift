internal import CArchive

/// One open archive of libarchive (archive_read(3)) over a `ByteSource`.
///
/// Errors of the source cannot pass through the C library: they are kept here and thrown after the call that met them.
final class ArchiveHandle {
    /// What is looked for in the bytes.
    enum Content {
        /// A tar without compression.
        case tar
        /// A tar, perhaps compressed.
        case compressedTar
        /// Bytes, perhaps compressed.
        case raw
    }

    private let handle: OpaquePointer
    private let source: any ByteSource
    private var failure: ArchiveError?

    init(_ source: any ByteSource, _ content: Content) throws(ArchiveError) {
        guard let handle = archive_read_new() else { throw ArchiveError("cannot be read: no memory") }
        self.handle = handle
        self.source = source
        if content == .raw {
            archive_read_support_format_raw(handle)
            archive_read_support_format_empty(handle)
        } else {
            archive_read_support_format_tar(handle)
        }
        if content != .tar {
            archive_read_support_filter_gzip(handle)
            archive_read_support_filter_zstd(handle)
            archive_read_support_filter_xz(handle)
        }
        let context = Unmanaged.passUnretained(self).toOpaque()
        archive_read_set_callback_data(handle, context)
        archive_read_set_read_callback(handle) { handle, context, block in
            ArchiveHandle.from(context).read(handle, block)
        }
        archive_read_set_skip_callback(handle) { _, context, count in ArchiveHandle.from(context).skip(count) }
        try check(archive_read_open1(handle))
    }

    deinit { archive_read_free(handle) }

    /// The next entry's header, owned by the archive; nil at the end.
    func nextHeader() throws(ArchiveError) -> OpaquePointer? {
        var entry: OpaquePointer?
        let result = archive_read_next_header(handle, &entry)
        if result == ARCHIVE_EOF {
            if let failure { throw failure }
            return nil
        }
        try check(result)
        return entry
    }

    /// The next block of the current entry and its offset in the file; nil at the end. Holes are the gaps between offsets.
    func nextBlock() throws(ArchiveError) -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
        var start: UnsafeRawPointer?
        var count = 0
        var offset: Int64 = 0
        let result = archive_read_data_block(handle, &start, &count, &offset)
        if result == ARCHIVE_EOF { return nil }
        try check(result)
        return (UnsafeRawBufferPointer(start: start, count: count), offset)
    }

    private func check(_ result: Int32) throws(ArchiveError) {
        if let failure { throw failure }
        // A warning is about what is not used here, such as an unknown pax keyword.
        guard result < ARCHIVE_WARN else { return }
        let text = archive_error_string(handle).map { String(cString: $0) } ?? "error \(result)"
        throw ArchiveError("cannot be read: \(text.prefix(200).lowercased())")
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> ArchiveHandle {
        // libarchive hands back what `init` gave it.
        Unmanaged<ArchiveHandle>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
    }

    private func read(_ handle: OpaquePointer?, _ block: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
        guard failure == nil else { return Int(ARCHIVE_FATAL) }
        do throws(ArchiveError) {
            let bytes = try source.next()
            block?.pointee = bytes.baseAddress
            return bytes.count
        } catch {
            failure = error
            return Int(ARCHIVE_FATAL)
        }
    }

    private func skip(_ count: Int64) -> Int64 {
        do throws(ArchiveError) { return try source.skip(count) } catch {
            failure = error
            return Int64(ARCHIVE_FATAL)
        }
    }
}

/// The bytes of one entry of an outer archive, as the source of an inner one.
final class EntrySource: ByteSource {
    private let handle: ArchiveHandle
    private let zeros = Buffer(64 << 10)
    private var position: Int64 = 0
    private var pending: UnsafeRawBufferPointer?
    private var pendingOffset: Int64 = 0

    init(_ handle: ArchiveHandle) { self.handle = handle }

    func next() throws(ArchiveError) -> UnsafeRawBufferPointer {
        while pending == nil {
            guard let block = try handle.nextBlock() else { return UnsafeRawBufferPointer(start: nil, count: 0) }
            if block.bytes.isEmpty { continue }
            pending = block.bytes
            pendingOffset = block.offset
        }
        let gap = pendingOffset - position
        if gap > 0 {
            // A hole in a sparse entry reads as zeros.
            zeros.bytes.initializeMemory(as: UInt8.self, repeating: 0)
            let count = min(Int(gap), zeros.bytes.count)
            position += Int64(count)
            return UnsafeRawBufferPointer(rebasing: zeros.bytes[..<count])
        }
        let bytes = pending ?? UnsafeRawBufferPointer(start: nil, count: 0)
        pending = nil
        position = pendingOffset + Int64(bytes.count)
        return bytes
    }
}

/// What is left of bytes after gzip, zstd or xz, or the bytes themselves.
final class DecompressionSource: ByteSource {
    private let entry: EntrySource
    private let isEmpty: Bool

    init(_ source: any ByteSource) throws(ArchiveError) {
        let handle = try ArchiveHandle(source, .raw)
        isEmpty = try handle.nextHeader() == nil
        entry = EntrySource(handle)
    }

    func next() throws(ArchiveError) -> UnsafeRawBufferPointer {
        isEmpty ? UnsafeRawBufferPointer(start: nil, count: 0) : try entry.next()
    }
}
