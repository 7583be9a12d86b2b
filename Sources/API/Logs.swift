public import JobModel

/// `GET /v1/jobs/{job}/log`: the output of one attempt.
///
/// `raw` replies `application/octet-stream` with the job's bytes; `frames` replies `application/x-berth-frames`: `hello`, then `stdout`,
/// `stderr` and `dropped` frames, `started` before the output of each attempt, and `end` after the last byte of an ended one. With `follow`
/// the reply waits for an attempt to start and goes on until the task has finished; with `attempt` too, only until that attempt has,
/// unless `onward`.
public struct LogRequest: QueryRequest {
    public enum Format: String, Hashable, Sendable, Codable, CaseIterable { case raw, frames }
    public enum Stream: String, Hashable, Sendable, Codable, CaseIterable { case stdout, stderr }

    /// Of an array; required there.
    public var index: TaskIndex?
    /// Nil: the newest.
    public var attempt: UInt32?
    public var format: Format
    public var follow: Bool
    /// Nil: both, in the order they were written.
    public var stream: Stream?
    /// Only what stands after this position of a frame read before (same attempt).
    public var position: UInt64?
    /// With `attempt` and `follow`: go on with later attempts, as a reader that resumes wants it.
    public var onward = false
    /// Only the last so many lines, at most `APILimit.tailLines`; without effect beside `position`.
    public var tail: Int?

    public init(index: TaskIndex? = nil, attempt: UInt32? = nil, format: Format = .raw, follow: Bool = false) {
        self.index = index
        self.attempt = attempt
        self.format = format
        self.follow = follow
    }

    public init(query: Query) throws(APIError) {
        index = try query.value("index", accepted: "an index of the array") { TaskIndex($0) }
        attempt = try query.value("attempt", accepted: "a number from 1") { UInt32($0) }
        format = try query.value("format", accepted: "raw, frames") { Format(rawValue: $0) } ?? .raw
        follow = query.flag("follow")
        stream = try query.value("stream", accepted: "stdout, stderr") { Stream(rawValue: $0) }
        position = try query.value("position", accepted: "a number") { UInt64($0) }
        onward = query.flag("onward")
        tail = try query.value("tail", accepted: "a number from 0 to \(APILimit.tailLines)") {
            Int($0).flatMap { (0...APILimit.tailLines).contains($0) ? $0 : nil }
        }
    }

    public var query: Query {
        var query = Query()
        query.add("index", index)
        query.add("attempt", attempt)
        query.add("format", format.rawValue)
        query.add(flag: "follow", follow)
        query.add("stream", stream?.rawValue)
        query.add("position", position)
        query.add(flag: "onward", onward)
        query.add("tail", tail)
        return query
    }
}
