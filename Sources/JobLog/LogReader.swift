internal import CLinux

/// Reads an attempt's log in order while PID 1 may still write it. Its place is the number of bytes the job printed before, so it can be
/// kept and used by another reader.
public struct LogReader: Sendable {
    /// The file, owned by the caller.
    public let descriptor: Int32
    /// Bytes the job printed before the next item.
    public private(set) var position: UInt64
    private var cursor: Cursor?
    /// Told by the header, which comes with the first bytes.
    private var regions: LogRegions?

    /// A place in a region that was reached by reading: `offset` is the start of the frame that `position` begins.
    private struct Cursor: Sendable {
        var segment: Segment
        var offset: Int64
        var position: UInt64
    }

    private struct Segment: Equatable, Sendable {
        var region: Int
        var sequence: UInt64
        var position: UInt64
    }

    /// Reads from this place on.
    public init(file: Int32, position: UInt64 = 0) {
        descriptor = file
        self.position = position
    }

    /// What an item takes in memory beside its payload: a log of single bytes must not cost its reader a hundred times its size.
    private static let itemCost = 128

    /// The items from the place on, up to about `maximumBytes` of memory; empty when nothing more is there yet.
    public mutating func read(maximumBytes: Int = 1 << 20) throws(JobLogError) -> [LogItem] {
        var items: [LogItem] = []
        var left = maximumBytes
        while left > 0 {
            // Seen before the region is read to its end: then a later segment proves that the earlier one is complete.
            let segments = try segments()
            guard let current = place(in: segments, &items) else { return items }
            let found = try frames(at: current, maximumBytes: left)
            // Emptied and written anew while it was read: what was found is not to be trusted.
            guard try segment(in: current.segment.region) == current.segment else {
                cursor = nil
                continue
            }
            for item in found.items {
                guard let item = advance(item) else { continue }
                left -= Self.itemCost
                if case .frame(let frame) = item { left -= frame.bytes.count }
                items.append(item)
            }
            cursor = found.end
            if found.items.isEmpty {
                guard segments.contains(where: { $0.sequence > current.segment.sequence }) else { return items }
                cursor = Cursor(segment: current.segment, offset: .max, position: found.end.position)
            }
        }
        return items
    }

    /// Refuses what is no log, or one of a format that is not known; one that is not begun yet is neither.
    public mutating func check() throws(JobLogError) { _ = try regionsTold() }

    /// Where to read on: the cursor, or the start of the first segment that holds the position or lies behind it.
    private mutating func place(in segments: [Segment], _ items: inout [LogItem]) -> Cursor? {
        if let cursor, cursor.offset != .max, segments.contains(cursor.segment) { return cursor }
        let done = cursor.flatMap { $0.offset == .max ? $0.segment.sequence : nil }
        let ahead = segments.filter { segment in done.map { segment.sequence > $0 } ?? true }
        guard let first = ahead.last(where: { $0.position <= position }) ?? ahead.first else { return nil }
        if first.position > position {
            items.append(.gap(bytes: first.position - position))
            position = first.position
        }
        let start = Cursor(segment: first, offset: Int64(LogFormat.segmentHeader), position: first.position)
        cursor = start
        return start
    }

    /// Cuts off what lies before the position, moves the position behind the item.
    private mutating func advance(_ found: Found) -> LogItem? {
        guard found.position &+ found.count > position else { return nil }
        let skipped = position > found.position ? position &- found.position : 0
        position = found.position &+ found.count
        guard let frame = found.frame else { return .gap(bytes: found.count &- skipped) }
        guard skipped > 0 else { return .frame(frame) }
        let bytes = Array(frame.bytes.dropFirst(Int(truncatingIfNeeded: skipped)))
        return .frame(LogFrame(stream: frame.stream, bootNanoseconds: frame.bootNanoseconds, bytes: bytes))
    }

    // MARK: Files

    private struct Found {
        var position: UInt64
        var count: UInt64
        var frame: LogFrame?
    }

    /// The regions that hold a segment, in order.
    private mutating func segments() throws(JobLogError) -> [Segment] {
        guard try regionsTold() else { return [] }
        var segments: [Segment] = []
        for region in 0..<3 {
            if let segment = try segment(in: region) { segments.append(segment) }
        }
        return segments.sorted { $0.sequence < $1.sequence }
    }

    /// False while the header is not there.
    private mutating func regionsTold() throws(JobLogError) -> Bool {
        if regions != nil { return true }
        let header = try bytes(at: 0, count: LogFormat.fileHeader)
        guard header.count == LogFormat.fileHeader else { return false }
        regions = try LogFormat.regions(of: header)
        return true
    }

    private func segment(in region: Int) throws(JobLogError) -> Segment? {
        guard let regions, regions.size(region) >= UInt64(LogFormat.segmentHeader) else { return nil }
        let bytes = try bytes(at: regions.start(region), count: LogFormat.segmentHeader)
        // Zeros: nothing was written there, or not its header yet.
        guard bytes.count == LogFormat.segmentHeader, bytes[0] != 0 else { return nil }
        guard bytes[0] == LogFormat.segmentStream, number(bytes, at: 9, size: 4) == UInt64(LogFormat.segmentPayload) else { throw .invalid }
        return Segment(
            region: region, sequence: number(bytes, at: LogFormat.frameHeader, size: 8),
            position: number(bytes, at: LogFormat.frameHeader + 8, size: 8))
    }

    /// Whole frames from the cursor on; a torn one ends them.
    private func frames(at start: Cursor, maximumBytes: Int) throws(JobLogError) -> (items: [Found], end: Cursor) {
        guard let regions, start.offset != .max else { return ([], start) }
        let (first, size) = (regions.start(start.segment.region), regions.size(start.segment.region))
        let left = Int(clamping: size &- Swift.min(size, UInt64(start.offset)))
        let wanted = Swift.min(left, Swift.max(maximumBytes, LogFormat.longestFrame))
        let bytes = try bytes(at: first &+ UInt64(start.offset), count: wanted)
        var items: [Found] = []
        var end = start
        var offset = 0
        while offset + LogFormat.frameHeader <= bytes.count, items.count <= maximumBytes / Self.itemCost {
            let count = Int(number(bytes, at: offset + 9, size: 4))
            let body = offset + LogFormat.frameHeader
            guard count > 0, count <= LogFormat.longestFrame, count <= bytes.count - body else { break }
            guard let found = found(in: bytes, at: offset, count: count, position: end.position) else { break }
            items.append(found)
            offset = body + count
            end.position &+= found.count
        }
        end.offset += Int64(offset)
        return (items, end)
    }

    private func found(in bytes: [UInt8], at offset: Int, count: Int, position: UInt64) -> Found? {
        let body = offset + LogFormat.frameHeader
        if bytes[offset] == LogFormat.gapStream, count == 8 {
            return Found(position: position, count: number(bytes, at: body, size: 8), frame: nil)
        }
        guard let stream = LogStream(rawValue: bytes[offset]) else { return nil }
        let frame = LogFrame(
            stream: stream, bootNanoseconds: number(bytes, at: offset + 1, size: 8), bytes: Array(bytes[body..<body + count]))
        return Found(position: position, count: UInt64(count), frame: frame)
    }

    private func bytes(at start: UInt64, count: Int) throws(JobLogError) -> [UInt8] {
        let offset = Int64(bitPattern: start)
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let result = linux_pread(
                    descriptor, buffer.baseAddress! + initialized, count - initialized, offset + Int64(initialized))
                if result == -Int(EINTR) { continue }
                if result < 0 { failure = Int32(-result) }
                if result <= 0 { break }
                initialized += result
            }
        }
        guard failure == 0 else { throw .system(errno: failure) }
        return bytes
    }
}
