/// Reads an attempt's log in order while PID 1 may still write it. Its place is the number of bytes the job printed before, so it can be
/// kept and used by another reader.
public struct LogReader: Sendable {
    /// Descriptors of `head`, `tail.0`, `tail.1`, owned by the caller.
    public let descriptors: [Int32]
    /// Bytes the job printed before the next item.
    public private(set) var position: UInt64

    /// Reads from this place on.
    public init(head: Int32, tails: (Int32, Int32), position: UInt64 = 0) {
        descriptors = [head, tails.0, tails.1]
        self.position = position
    }

    /// The items from the place on, up to about `maximumBytes` of payload; empty when nothing more is there yet.
    public mutating func read(maximumBytes: Int = 1 << 20) throws(JobLogError) -> [LogItem] {
        []
    }
}
