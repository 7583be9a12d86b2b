/// Numbers of the log's format, shared by writer and reader.
///
///     file   = header, head, tail 0, tail 1: three regions of fixed sizes, one after the other
///     header = magic, version, size of the head, size of each tail
///     region = segment frame (sequence, bytes printed before), then frames; zeros end it
///     frame  = stream, time, count, bytes
///
/// One file for each attempt, because making and removing files is what a log costs most. It is never longer than the log's limit and the header.
enum LogFormat {
    static let version: UInt32 = 2
    /// Logs are kept longer than a version of Berth.
    static var readable: ClosedRange<UInt32> { 2...version }
    static let magic: UInt64 = 0x474f_4c42_4f4a_4542  // "BEJOBLOG"
    static let fileHeader = 28
    static let frameHeader = 13
    static let segmentPayload = 16
    static let segmentHeader = frameHeader + segmentPayload
    static let gapFrame = frameHeader + 8
    /// A longer frame is torn or not ours.
    static let longestFrame = 1 << 20
    /// Not 0, which is what a hole reads as.
    static let segmentStream: UInt8 = 4
    static let gapStream: UInt8 = 3

    static func header(_ regions: LogRegions) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: fileHeader)
        store(magic, in: &bytes, at: 0, size: 8)
        store(UInt64(version), in: &bytes, at: 8, size: 4)
        store(regions.head, in: &bytes, at: 12, size: 8)
        store(regions.tail, in: &bytes, at: 20, size: 8)
        return bytes
    }

    /// The sizes that a header tells.
    static func regions(of header: [UInt8]) throws(JobLogError) -> LogRegions {
        guard header.count == fileHeader, number(header, at: 0, size: 8) == magic else { throw .invalid }
        let found = UInt32(truncatingIfNeeded: number(header, at: 8, size: 4))
        guard readable.contains(found) else { throw .unknownFormat(found: UInt16(clamping: found), latest: UInt16(clamping: version)) }
        return LogRegions(head: number(header, at: 12, size: 8), tail: number(header, at: 20, size: 8))
    }

    static func header(stream: UInt8, time: UInt64, count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: frameHeader)
        bytes[0] = stream
        store(time, in: &bytes, at: 1, size: 8)
        store(UInt64(count), in: &bytes, at: 9, size: 4)
        return bytes
    }

    static func segment(sequence: UInt64, position: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: segmentPayload)
        store(sequence, in: &bytes, at: 0, size: 8)
        store(position, in: &bytes, at: 8, size: 8)
        return bytes
    }

    static func gap(bytes count: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 8)
        store(count, in: &bytes, at: 0, size: 8)
        return bytes
    }
}

/// The sizes of a log's parts in bytes of file, and where each begins.
struct LogRegions: Equatable, Sendable {
    /// Larger limits are cut to this.
    static let largest: UInt64 = 1 << 50

    let head: UInt64
    let tail: UInt64

    init(head: UInt64, tail: UInt64) {
        self.head = min(head, Self.largest)
        self.tail = min(tail, Self.largest)
    }

    func size(_ region: Int) -> UInt64 { region == 0 ? head : tail }

    func start(_ region: Int) -> UInt64 {
        let first = UInt64(LogFormat.fileHeader)
        return switch region {
        case 0: first
        case 1: first + head
        default: first + head + tail
        }
    }
}
