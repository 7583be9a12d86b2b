public import API

/// The body of a reply that goes on, on a connection of its own.
public final class ReplyStream {
    private let connection: Connection
    /// How long silence may last before the stream counts as lost, in milliseconds; nil: for ever.
    public var silence: Int32?

    init(_ connection: Connection, silence: Int32?) {
        self.connection = connection
        self.silence = silence
    }

    /// The next bytes; nil at the end. A torn stream throws `closed`.
    public func next() throws(ClientError) -> [UInt8]? { try connection.readBody(milliseconds: silence) }

    public func close() { connection.close() }
}

/// Frames of a log.
public final class FrameStream {
    private let stream: ReplyStream
    private var decoder = FrameDecoder()

    init(_ stream: ReplyStream) { self.stream = stream }

    /// The next frame but pings; nil at the end. Ends within a frame throw `closed`.
    public func next() throws(ClientError) -> Frame? {
        while true {
            if let frame = try whole() {
                if case .hello(let version) = frame, version != Frame.version {
                    throw .unexpected("frames of version \(version), this berth knows \(Frame.version)")
                }
                if frame != .alive { return frame }
                continue
            }
            guard let bytes = try stream.next() else {
                guard decoder.isEmpty else { throw .closed }
                return nil
            }
            decoder.append(bytes)
        }
    }

    private func whole() throws(ClientError) -> Frame? {
        do throws(FrameDecoder.Failure) { return try decoder.next() } catch { throw .unexpected("\(error)") }
    }

    public func close() { stream.close() }
}

/// Lines of newline-delimited JSON.
public final class LineStream<Line: Decodable> {
    private let stream: ReplyStream
    private var buffer: [UInt8] = []

    init(_ stream: ReplyStream) { self.stream = stream }

    /// The next line that is no ping; nil at the end.
    public func next() throws(ClientError) -> Line? {
        while true {
            while let end = buffer.firstIndex(of: 10) {
                let line = Array(buffer[..<end])
                buffer.removeFirst(end + 1)
                if !line.isEmpty { return try BerthClient.decode(line) }
            }
            guard let bytes = try stream.next() else { return nil }
            buffer += bytes
        }
    }

    public func close() { stream.close() }
}

extension BerthClient {
    /// Longer than a few pings without a word: the daemon hangs or is gone.
    static let streamSilence = Int32(APILimit.pingMilliseconds * 6)

    func stream(_ route: Route, _ parameter: String = "", query: Query = Query(), silence: Int32? = nil) throws(ClientError) -> ReplyStream {
        let connection = try Connection(path: socketPath)
        try connection.send(route.method, route.path(parameter) + query.suffix)
        let head = try connection.readHead(milliseconds: replyTimeout)
        guard head.isSuccess else { throw Self.refusal(head, try Self.readAll(connection, timeout: replyTimeout)) }
        return ReplyStream(connection, silence: silence)
    }
}
