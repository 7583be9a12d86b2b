internal import CLinux

/// Writes what a job prints into the head of its log's file up to its limit, then into the two tails, which are emptied in turn. It never fails:
/// what the disk does not take is counted as dropped.
public struct LogWriter: Sendable {
    /// The file, open for writing and owned by the caller.
    public let descriptor: Int32
    private let regions: LogRegions
    private var region = 0
    private var sequence: UInt64 = 0
    /// Bytes of the region that are in use.
    private var used: UInt64 = 0
    private var pendingGap: UInt64 = 0
    private var position: UInt64 = 0
    private var kept: [UInt64] = [0, 0, 0]
    private var hasHeader = false

    /// A writer of an empty file; limits in bytes of file.
    public init(file: Int32, headLimit: UInt64, tailLimit: UInt64) {
        descriptor = file
        regions = LogRegions(head: headLimit, tail: tailLimit)
    }

    /// Bytes that are in the file.
    public var bytesKept: UInt64 { kept[0] &+ kept[1] &+ kept[2] }
    /// Bytes that were overwritten or could not be written.
    public var bytesDropped: UInt64 { position &- bytesKept }

    /// Appends bytes read at this time of the boot clock.
    public mutating func append(_ bytes: UnsafeRawBufferPointer, stream: LogStream, bootNanoseconds: UInt64) {
        if !hasHeader { hasHeader = writeAll(LogFormat.header(regions), at: 0) }
        guard hasHeader else { return drop(bytes.count) }
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let room = room(at: bootNanoseconds) else { return drop(rest.count) }
            let count = Swift.min(room, rest.count, LogFormat.longestFrame - LogFormat.frameHeader)
            if write(stream.rawValue, UnsafeRawBufferPointer(rebasing: rest.prefix(count)), at: bootNanoseconds) {
                position &+= UInt64(count)
                kept[region] &+= UInt64(count)
            } else {
                drop(count)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Payload bytes that the current region still takes; opens the next one when there are none. Nil when no region takes any.
    private mutating func room(at time: UInt64) -> Int? {
        for _ in 0..<3 {
            if used == 0, regions.size(region) > Self.leastLimit {
                openSegment(at: time)
                // A full disk is no reason to throw older output away.
                if used == 0 { return nil }
            }
            let taken = used &+ UInt64(LogFormat.frameHeader + (pendingGap > 0 ? LogFormat.gapFrame : 0))
            if used > 0, taken < regions.size(region) {
                guard writeGap(at: time) else { return nil }
                return Int(truncatingIfNeeded: regions.size(region) &- taken)
            }
            turn()
        }
        return nil
    }

    /// True when no gap is pending any more.
    private mutating func writeGap(at time: UInt64) -> Bool {
        guard pendingGap > 0 else { return true }
        guard write(LogFormat.gapStream, LogFormat.gap(bytes: pendingGap), at: time) else { return false }
        pendingGap = 0
        return true
    }

    /// A region below this limit takes nothing.
    private static let leastLimit = UInt64(LogFormat.segmentHeader + LogFormat.frameHeader)

    private mutating func turn() {
        let next = region == 1 ? 2 : 1
        guard regions.size(next) > Self.leastLimit else { return }
        region = next
        sequence &+= 1
        kept[next] = 0
        used = 0
        pendingGap = 0
        empty(next)
    }

    /// Bytes that stood there would be read behind newer frames. A file system without holes gets zeros.
    private func empty(_ region: Int, from offset: UInt64 = 0) {
        let (start, size) = (regions.start(region) &+ offset, regions.size(region) &- offset)
        if linux_punch_hole(descriptor, Int64(bitPattern: start), Int64(bitPattern: size)) == 0 { return }
        let zeros = [UInt8](repeating: 0, count: 4096)
        var done: UInt64 = 0
        while done < size {
            let count = Swift.min(4096, Int(truncatingIfNeeded: size &- done))
            let result = zeros.withUnsafeBytes { linux_pwrite(descriptor, $0.baseAddress, count, Int64(bitPattern: start &+ done)) }
            guard result > 0 else { return }
            done &+= UInt64(result)
        }
    }

    private mutating func openSegment(at time: UInt64) {
        pendingGap = 0
        _ = write(LogFormat.segmentStream, LogFormat.segment(sequence: sequence, position: position), at: time)
    }

    private mutating func drop(_ count: Int) {
        position &+= UInt64(count)
        pendingGap &+= UInt64(count)
    }

    private mutating func write(_ stream: UInt8, _ body: [UInt8], at time: UInt64) -> Bool {
        body.withUnsafeBytes { write(stream, $0, at: time) }
    }

    /// The body before its header: until that is there a reader sees zeros, also when the disk takes only a part.
    private mutating func write(_ stream: UInt8, _ body: UnsafeRawBufferPointer, at time: UInt64) -> Bool {
        let start = regions.start(region) &+ used
        let header = LogFormat.header(stream: stream, time: time, count: body.count)
        let written = linux_pwrite(descriptor, body.baseAddress, body.count, Int64(bitPattern: start &+ UInt64(LogFormat.frameHeader)))
        guard written == body.count, writeHeader(header, at: start) else {
            // The next frame may be shorter, and what follows it must not be taken for a header.
            empty(region, from: used)
            return false
        }
        used &+= UInt64(header.count + body.count)
        return true
    }

    /// Its first byte makes it a header. Across the border of two pages a reader could see the first part alone, so that part comes last there.
    private func writeHeader(_ header: [UInt8], at start: UInt64) -> Bool {
        let crosses = start % Self.pageSize + UInt64(header.count) > Self.pageSize
        guard crosses else { return writeAll(header, at: start) }
        return writeAll(Array(header[1...]), at: start &+ 1) && writeAll([header[0]], at: start)
    }

    /// The smallest that kernels have.
    private static let pageSize: UInt64 = 4096

    private func writeAll(_ bytes: [UInt8], at offset: UInt64) -> Bool {
        bytes.withUnsafeBytes { linux_pwrite(descriptor, $0.baseAddress, $0.count, Int64(bitPattern: offset)) } == bytes.count
    }
}

extension LogWriter {
    /// How many numbers `state` has.
    public static let stateSize = 11

    /// What a writer needs to go on in another process: PID 1 executes itself anew before a dump.
    public var state: [UInt64] {
        [
            regions.head, regions.tail, UInt64(region), sequence, used, pendingGap, position, kept[0], kept[1], kept[2], hasHeader ? 1 : 0,
        ]
    }

    /// A writer that goes on where `state` was taken; nil when it is none.
    public init?(file: Int32, state: [UInt64]) {
        guard state.count == Self.stateSize, state[2] < 3 else { return nil }
        self.init(file: file, headLimit: state[0], tailLimit: state[1])
        region = Int(state[2])
        sequence = state[3]
        used = state[4]
        pendingGap = state[5]
        position = state[6]
        kept = [state[7], state[8], state[9]]
        hasHeader = state[10] == 1
    }
}
