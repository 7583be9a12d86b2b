internal import CLinux

/// Writes what a job prints into `head` up to its limit, then into `tail.0` and `tail.1`, truncated in turn. It never fails: what the disk does
/// not take is counted as dropped.
public struct LogWriter: Sendable {
    /// Descriptors of `head`, `tail.0`, `tail.1`, opened with O_APPEND and owned by the caller.
    public let descriptors: [Int32]
    private let limits: [UInt64]
    private var file = 0
    private var sequence: UInt64 = 0
    private var fileSize: UInt64 = 0
    private var pendingGap: UInt64 = 0
    private var position: UInt64 = 0
    private var kept: [UInt64] = [0, 0, 0]

    /// A writer of empty files; limits in bytes of file.
    public init(head: Int32, tails: (Int32, Int32), headLimit: UInt64, tailLimit: UInt64) {
        descriptors = [head, tails.0, tails.1]
        limits = [headLimit, tailLimit, tailLimit]
    }

    /// Bytes that are in the files.
    public var bytesKept: UInt64 { kept[0] &+ kept[1] &+ kept[2] }
    /// Bytes that were overwritten or could not be written.
    public var bytesDropped: UInt64 { position &- bytesKept }

    /// Appends bytes read at this time of the boot clock.
    public mutating func append(_ bytes: UnsafeRawBufferPointer, stream: LogStream, bootNanoseconds: UInt64) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let room = room(at: bootNanoseconds) else { return drop(rest.count) }
            let count = Swift.min(room, rest.count, LogFormat.longestFrame - LogFormat.frameHeader)
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
            if write(LogFormat.header(stream: stream.rawValue, time: bootNanoseconds, count: count), piece) {
                position &+= UInt64(count)
                kept[file] &+= UInt64(count)
            } else {
                drop(count)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Payload bytes that the current file still takes; opens the next one when there are none. Nil when no file takes any.
    private mutating func room(at time: UInt64) -> Int? {
        for _ in 0..<3 {
            if fileSize == 0, limits[file] > Self.leastLimit {
                openSegment(at: time)
                // A full disk is no reason to throw older output away.
                if fileSize == 0 { return nil }
            }
            let used = fileSize &+ UInt64(LogFormat.frameHeader + (pendingGap > 0 ? LogFormat.gapFrame : 0))
            if fileSize > 0, used < limits[file] {
                guard writeGap(at: time) else { return nil }
                return Int(truncatingIfNeeded: limits[file] &- used)
            }
            turn()
        }
        return nil
    }

    /// True when no gap is pending any more.
    private mutating func writeGap(at time: UInt64) -> Bool {
        guard pendingGap > 0 else { return true }
        guard write(LogFormat.gap(bytes: pendingGap, time: time), UnsafeRawBufferPointer(start: nil, count: 0)) else { return false }
        pendingGap = 0
        return true
    }

    /// A file below this limit takes nothing.
    private static let leastLimit = UInt64(LogFormat.segmentHeader + LogFormat.frameHeader)

    private mutating func turn() {
        let next = file == 1 ? 2 : 1
        guard limits[next] > Self.leastLimit else { return }
        file = next
        sequence &+= 1
        kept[next] = 0
        fileSize = 0
        pendingGap = 0
        _ = linux_ftruncate(descriptors[next], 0)
    }

    private mutating func openSegment(at time: UInt64) {
        pendingGap = 0
        let header = LogFormat.segment(sequence: sequence, position: position, time: time)
        _ = write(header, UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private mutating func drop(_ count: Int) {
        position &+= UInt64(count)
        pendingGap &+= UInt64(count)
    }

    /// One write; a part that a full disk took is cut off again.
    private mutating func write(_ head: [UInt8], _ body: UnsafeRawBufferPointer) -> Bool {
        let descriptor = descriptors[file]
        let wanted = head.count + body.count
        let written = head.withUnsafeBytes { linux_write2(descriptor, $0.baseAddress, $0.count, body.baseAddress, body.count) }
        if written == wanted {
            fileSize &+= UInt64(wanted)
            return true
        }
        if written > 0 { _ = linux_ftruncate(descriptor, Int64(truncatingIfNeeded: fileSize)) }
        return false
    }
}

extension LogWriter {
    /// What a writer needs to go on in another process: PID 1 executes itself anew before a dump.
    public var state: [UInt64] {
        [limits[0], limits[1], UInt64(file), sequence, fileSize, pendingGap, position, kept[0], kept[1], kept[2]]
    }

    /// A writer that goes on where `state` was taken; nil when it is none.
    public init?(head: Int32, tails: (Int32, Int32), state: [UInt64]) {
        guard state.count == 10, state[2] < 3 else { return nil }
        self.init(head: head, tails: tails, headLimit: state[0], tailLimit: state[1])
        file = Int(state[2])
        sequence = state[3]
        fileSize = state[4]
        pendingGap = state[5]
        position = state[6]
        kept = [state[7], state[8], state[9]]
    }
}
