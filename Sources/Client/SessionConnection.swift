public import API
public import LinuxSys

/// A session's two requests: frames up and frames down, each on a connection of its own. For an event loop of one thread.
public final class SessionConnection {
    private let up: Connection
    private let down: Connection
    private var decoder = FrameDecoder()

    /// Opens both requests; the session begins.
    public init(_ client: BerthClient, _ session: SessionID) throws(ClientError) {
        down = try Connection(path: client.socketPath)
        up = try Connection(path: client.socketPath)
        do throws(ClientError) {
            try up.send(.post, Route.sessionInput.path(session.value), type: Frame.mediaType, chunked: true)
            try down.send(.get, Route.sessionOutput.path(session.value))
            let head = try down.readHead(milliseconds: client.replyTimeout)
            guard head.isSuccess else { throw try Self.refusal(head, on: down, client) }
        } catch {
            guard error == .closed else { throw error }
            // Who has too many connections is refused on whichever was one too many, before anything is read there.
            for connection in [up, down] {
                guard connection.hasInput(), let head = try? connection.readHead(milliseconds: client.replyTimeout), !head.isSuccess else { continue }
                throw try Self.refusal(head, on: connection, client)
            }
            throw error
        }
    }

    private static func refusal(_ head: HTTPHead, on connection: Connection, _ client: BerthClient) throws(ClientError) -> ClientError {
        BerthClient.refusal(head, try BerthClient.readAll(connection, timeout: client.replyTimeout))
    }

    /// Readable when `receive` has something to do.
    public var descriptor: Descriptor { down.descriptor }

    /// Frames that came with the head need no readiness.
    public var hasBuffered: Bool { down.hasBuffered }

    public func send(_ frame: Frame) throws(ClientError) { try up.sendChunk(frame.encoded) }

    /// Reads once and gives the whole frames; nil at the end of the output.
    public func receive() throws(ClientError) -> [Frame]? {
        guard let bytes = try down.readBody(milliseconds: nil) else {
            guard decoder.isEmpty else { throw .closed }
            return nil
        }
        decoder.append(bytes)
        var frames: [Frame] = []
        do throws(FrameDecoder.Failure) {
            while let frame = try decoder.next() { if frame != .alive { frames.append(frame) } }
        } catch { throw .unexpected("\(error)") }
        return frames
    }

    /// Ends the input in order, so that the daemon need not wait for its loss, and drops the output.
    public func close() {
        try? up.endChunks()
        up.close()
        down.close()
    }
}
