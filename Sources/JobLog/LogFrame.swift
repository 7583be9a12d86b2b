/// The stream a frame's bytes came from.
public enum LogStream: UInt8, Equatable, Sendable {
    case output = 1
    case error = 2
}

/// A piece of what the job printed.
///
///     stream 1 byte │ boot-time nanoseconds 8 │ length 4 │ bytes          little-endian
///
/// Stream 4 opens a region of the file: sequence, bytes printed before it (`LogFormat`). Stream 3 stands for bytes that could not be
/// written; its eight bytes are their number.
public struct LogFrame: Equatable, Sendable {
    /// Where they were printed.
    public var stream: LogStream
    /// CLOCK_BOOTTIME when PID 1 read the bytes.
    public var bootNanoseconds: UInt64
    /// What was printed.
    public var bytes: [UInt8]

    /// One frame.
    public init(stream: LogStream, bootNanoseconds: UInt64, bytes: [UInt8]) {
        self.stream = stream
        self.bootNanoseconds = bootNanoseconds
        self.bytes = bytes
    }
}

/// What a reader finds next.
public enum LogItem: Equatable, Sendable {
    case frame(LogFrame)
    /// So many bytes of the job are not in the log any more, or never were.
    case gap(bytes: UInt64)
}
