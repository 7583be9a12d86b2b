import API
import Client
import Foundation
import Images
import JobModel
import LinuxSys
import OCISpec
import TestSupport

/// What clients send: frames, queries, bodies, and the words in them.
extension FuzzTarget {
    static let frames = FuzzTarget(
        name: "frames",
        sample: { random in
            let all: [Frame] = [
                .input([1, 2, 3]), .eof, .resize(TerminalSize(rows: 24, columns: 80)), .signal(15), .detach, .ping, .hello(version: 1),
                .stdout(LogChunk(position: 5, at: WallTime(milliseconds: 7), bytes: [65])), .dropped(9), .status([123, 125]), .started("1#1"),
                .exit(status: 1, outcome: "failed"), .detached, .error([]), .alive, .end("x"), .taken(5), .other(200),
            ]
            return (0..<5).flatMap { _ in all.randomElement(using: &random)?.encoded ?? [] }
        }
    ) { bytes in
        // Pieces may end anywhere, and what comes out is the same.
        var (whole, pieces) = (FrameDecoder(), FrameDecoder())
        whole.append(bytes)
        var expected: [Frame] = []
        let failure = Result { while let frame = try whole.next() { expected.append(frame) } }
        var found: [Frame] = []
        do {
            for start in stride(from: 0, to: bytes.count, by: 3) {
                pieces.append(bytes[start..<min(start + 3, bytes.count)])
                while let frame = try pieces.next() { found.append(frame) }
            }
        } catch { if case .success = failure { throw Violation("refused in pieces: \(error)") } }
        guard found == expected else { throw Violation("\(expected) became \(found) in pieces") }
        for frame in expected {
            var again = FrameDecoder()
            again.append(frame.encoded)
            try mustEqual(frame, try again.next() ?? .eof, "frame")
        }
        try failure.get()
    }

    static let queries = FuzzTarget(
        name: "queries",
        words: [
            "&", "=", "%", "%00", "%ff", "+", ",", "-", "[", "]", ".", "ids", "user", "states", "after", "limit", "tail", "follow", "all", "since",
        ]
    ) { bytes in
        let query = Query(parsing: String(decoding: bytes, as: UTF8.self))
        var taken = 0
        var refusal: (any Error)?
        func look<T: QueryRequest>(_ type: T.Type) throws {
            switch Result(catching: { try T(query: query) }) {
            case .success(let request):
                taken += 1
                try mustEqual(request, try T(query: Query(parsing: String(request.query.suffix.drop { $0 == "?" }))), "\(type)")
            case .failure(let error):
                try mustBeOneLine("\(error)")
                refusal = error
            }
        }
        try look(Selection.self)
        try look(ListRequest.self)
        try look(ShowRequest.self)
        try look(EventRequest.self)
        try look(LogRequest.self)
        try look(ReportRequest.self)
        try look(BatchRequest.self)
        try look(ImageRequest.self)
        if taken == 0, let refusal { throw refusal }
    }

    static let bodies = FuzzTarget(
        name: "bodies",
        words: [
            "null", "true", "{}", "[]", "\"", "\\u0000", "\\ud800", ",", ":", "{", "}", "[", "]", "1e9", "-1", "0.1", "\"1\"", "spec", "array", "ids",
            "resources", "dependencies", "environment", "mounts",
        ]
    ) { bytes in
        let data = Data(bytes)
        var taken = 0
        var refusal: (any Error)?
        func look<T: Codable & Equatable>(_ type: T.Type, _ then: (T) throws -> Void = { _ in }) throws {
            switch Result(catching: { try JSONDecoder().decode(type, from: data) }) {
            case .success(let value):
                taken += 1
                try mustEqual(value, try JSONDecoder().decode(type, from: JSONEncoder().encode(value)), "\(type)")
                try then(value)
            case .failure(let error):
                if let error = error as? DecodingError { try mustBeOneLine("\(SpecError(error, root: "spec"))") }
                refusal = error
            }
        }
        try look(SubmitRequest.self) { request in
            for job in request.jobs {
                do { _ = try job.spec.resolved(queue: QueueDefinition(name: "default"), defaults: JobDefaults()) } catch {
                    try mustBeOneLine("\(error)")
                }
            }
        }
        try look(ActionRequest.self)
        try look(UpdateRequest.self)
        try look(WaitRequest.self)
        try look(SessionRequest.self)
        try look(BatchActionRequest.self)
        try look(PurgeRequest.self)
        try look(ImageTagRequest.self)
        if taken == 0, let refusal { throw refusal }
    }

    /// What the client gets, perhaps from no daemon of ours.
    static let replies = FuzzTarget(
        name: "replies",
        // A long head in small pieces once took a time that grew with its square.
        sample: { random in
            let count = Int.random(in: 0..<16, using: &random) == 0 ? 50_000 : 50
            return Array("HTTP/1.1 200 OK\r\nX: ".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: count) + [13, 10, 13, 10]
        },
        words: [
            "\r\n", "\r\n\r\n", ": ", "Content-Length: ", "Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n", "7fffffffffffffff\r\n",
            "0\r\n\r\n", ";x=y",
        ]
    ) { bytes in
        // Pieces may end anywhere, and what comes out is the same.
        func parse(step: Int) -> (body: [UInt8], head: HTTPHead?, isComplete: Bool, failed: Bool) {
            var parser = HTTPReplyParser()
            var body: [UInt8] = []
            do {
                for start in stride(from: 0, to: bytes.count, by: step) {
                    body += try parser.feed(Array(bytes[start..<min(start + step, bytes.count)]))
                }
                try parser.end()
                return (body, parser.head, parser.isComplete, false)
            } catch { return (body, parser.head, parser.isComplete, true) }
        }
        let (whole, pieces) = (parse(step: max(bytes.count, 1)), parse(step: 5))
        guard whole.failed == pieces.failed, whole.isComplete == pieces.isComplete, whole.failed || whole.body == pieces.body else {
            throw Violation("\(whole) became \(pieces) in pieces")
        }
        guard whole.body.count <= bytes.count else { throw Violation("more body than bytes") }
        if whole.failed { throw Unknown() }
    }

    /// Ids, ranges, sizes, times, names.
    static let words = FuzzTarget(
        name: "words",
        words: ["-", ",", ":", ".", "#", "[", "]", "%", "/", "@", "K", "EiB", "ms", "d", "+", "sha256:", "e9", "\u{0}", "٣", "０", "inf", "nan"]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        var taken = 0
        func look<T: Equatable & CustomStringConvertible>(_ read: (String) -> T?) throws {
            guard let value = read(text) else { return }
            taken += 1
            try mustEqual(Optional(value), read(value.description), "\(T.self) '\(text)'")
        }
        try look { JobID($0) }
        try look { TaskID($0) }
        try look { AttemptID($0) }
        try look { TaskSelector(text: $0) }
        try look { IntervalSet(list: $0) }
        try look { JobUser(text: $0) }
        try look { ImageReference($0) }
        try look { ImageUser($0) }
        try look { ContentDigest($0) }
        // Shown rounded.
        if let size = Bytes(text: text) { _ = size.description }
        if let span = TimeSpan(text: text) { _ = span.description }
        if let cpus = CpuSet(list: text) { _ = cpus.members.count }
        _ = [TaskSelector](list: text)
        _ = KernelVersion(text)
        if taken == 0 { throw Unknown() }
    }

    private struct Unknown: Error {}
}
