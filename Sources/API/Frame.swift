public import JobModel

/// One frame of a session or a framed log.
///
///     0        1                 5                     5 + length
///     ┌────────┬─────────────────┬─────────────────────┐
///     │ type   │ length, 4 bytes │ payload             │   numbers in network byte order
///     └────────┴─────────────────┴─────────────────────┘
///
///     up (client → daemon)                    down (daemon → client)
///     01 input    bytes                       10 hello     frame version (4)
///     02 eof      –                           11 stdout    position (8), wall ms (8), bytes
///     03 resize   rows (2), columns (2)       12 stderr    the same
///     04 signal   number (4)                  13 dropped   bytes that the log did not keep (8)
///     05 detach   –                           14 status    JSON of TaskGroup: why it waits, that it is paused
///     06 ping     –                           15 started   attempt id as text
///                                             16 exit      exit status (4), outcome as text
///                                             17 detached  –
///                                             18 error     JSON of APIError
///                                             19 ping      –
///                                             1a end       of a log: outcome as text, or nothing
///                                             1b taken     input bytes that the job took so far (8)
///
/// The daemon reads the input request at all times, so that a signal never waits behind data; therefore the client keeps at most
/// `APILimit.inputWindow` bytes of input beyond what `taken` told.
///
/// `exit`, `detached`, `error` and `end` are the last of their stream. Types that a reader does not know are skipped.
public enum Frame: Hashable, Sendable {
    /// Said in `hello`.
    public static let version: UInt32 = 1
    public static let mediaType = "application/x-berth-frames"

    case input([UInt8])
    case eof
    case resize(TerminalSize)
    case signal(Int32)
    case detach
    case ping

    case hello(version: UInt32)
    case stdout(LogChunk)
    case stderr(LogChunk)
    case dropped(UInt64)
    case status([UInt8])
    case started(String)
    case exit(status: Int32, outcome: String)
    case detached
    case error([UInt8])
    case alive
    case end(String)
    case taken(UInt64)
    /// Of a later version.
    case other(UInt8)
}

/// Output with the place in the log after which to resume; position 0 where nothing is logged (exec).
public struct LogChunk: Hashable, Sendable {
    /// Resume after this: the position behind the chunk's last byte.
    public var position: UInt64
    public var at: WallTime
    public var bytes: [UInt8]
    public init(position: UInt64 = 0, at: WallTime, bytes: [UInt8]) {
        self.position = position
        self.at = at
        self.bytes = bytes
    }
}
