public import API
public import JobModel

extension BerthClient {
    /// The raw bytes of a log.
    public func rawLog(_ job: JobID, _ request: LogRequest) throws(ClientError) -> ReplyStream {
        var request = request
        request.format = .raw
        return try stream(.logs, job.description, query: request.query)
    }

    /// A log with positions and times.
    public func framedLog(_ job: JobID, _ request: LogRequest) throws(ClientError) -> FrameStream {
        var request = request
        request.format = .frames
        return FrameStream(try stream(.logs, job.description, query: request.query, silence: request.follow ? Self.streamSilence : nil))
    }

    /// The whole database, as of one moment.
    public func backup() throws(ClientError) -> ReplyStream { try stream(.backup, query: Query()) }

    public func events(_ request: EventRequest) throws(ClientError) -> LineStream<EventLine> {
        LineStream(try stream(.events, query: request.query, silence: request.follow ? Self.streamSilence : nil))
    }
}
