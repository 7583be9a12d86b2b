import API
import Controller
import FoundationEssentials
import Hummingbird
import JobModel
import NIOCore

extension BerthServer {
    func addStreamRoutes(to router: Router<BerthContext>) {
        add(.events, to: router) { [parts] request, _, peer in
            // Refused before the reply begins.
            try await parts.controller.require(.events, peer)
            let wanted = try EventRequest(query: request.apiQuery)
            return streamed("application/x-ndjson") { output in
                let pinging = Task {
                    while !Task.isCancelled {
                        try await Task.sleep(for: .milliseconds(APILimit.pingMilliseconds))
                        try await output.write([0x0A])
                    }
                }
                defer { pinging.cancel() }
                let encoder = JSONEncoder()
                for try await line in parts.controller.events(wanted, peer: peer) { try await output.write(Array(try encoder.encode(line)) + [0x0A]) }
            }
        }
        add(.logs, to: router) { [self] request, context, peer in
            try await log(LogRequest(query: request.apiQuery), of: Self.job(context), peer)
        }
    }

    private func log(_ request: LogRequest, of job: JobID, _ peer: Peer) async throws -> Response {
        let task = TaskID(job, request.index)
        // Refused before the reply begins.
        try Self.checkAttempt(request, task, try await parts.controller.status(of: task, .logs, peer: peer))
        let raw = request.format == .raw
        return streamed(raw ? "application/octet-stream" : Frame.mediaType) { [parts] output in
            if !raw { try await output.write(Frame.hello(version: Frame.version).encoded) }
            var wanted = FollowRequest(
                task: task, attempt: request.attempt, onward: request.onward, position: request.position, follow: request.follow,
                stream: request.stream)
            if let lines = request.tail, request.position == nil {
                wanted = try await Self.writeTail(TailBuffer(lines: lines), wanted, parts, peer) { frame in
                    try await output.write(Self.bytes(frame, raw: raw))
                }
            }
            let follower = TaskFollower(parts: parts, request: wanted, peer: peer) { frame in
                try await output.write(Self.bytes(frame, raw: raw))
            }
            let outcome = try await follower.run()
            if !raw { try await output.write(Frame.end(outcome?.description ?? "").encoded) }
        }
    }

    /// An attempt that there was not; a reader that follows may wait for one yet to come.
    private static func checkAttempt(_ request: LogRequest, _ task: TaskID, _ status: TaskStatus) throws(APIError) {
        guard let wanted = request.attempt else { return }
        let last: UInt32
        switch status {
        case .pending(_, let attempt), .finished(_, let attempt): last = attempt?.number ?? 0
        case .active(let attempt, _): last = attempt.number
        }
        if case .finished = status {} else if request.follow { return }
        guard wanted > last else { return }
        throw APIError(.unknown, "no attempt \(AttemptID(task, wanted)); there \(last == 1 ? "was 1" : "were \(last)")")
    }

    private static func bytes(_ frame: Frame, raw: Bool) -> [UInt8] {
        guard raw else { return frame.encoded }
        switch frame {
        case .stdout(let chunk), .stderr(let chunk): return chunk.bytes
        default: return []
        }
    }

    /// Prints about the last lines of what is there; what the follower then has to do.
    private static func writeTail(
        _ lines: TailBuffer, _ wanted: FollowRequest, _ parts: ServerParts, _ peer: Peer,
        _ emit: @escaping @Sendable (Frame) async throws -> Void
    ) async throws -> FollowRequest {
        var once = wanted
        once.follow = false
        let reader = TaskFollower(parts: parts, request: once, peer: peer) { frame in
            switch frame {
            case .stdout(let chunk), .stderr(let chunk): await lines.hold(frame, chunk)
            default: break
            }
        }
        _ = try await reader.run()
        for frame in await lines.release() { try await emit(frame) }
        var rest = wanted
        rest.position = await lines.position
        return rest
    }
}

/// The newest frames that hold about so many lines.
actor TailBuffer {
    private let lines: Int
    private var frames: [Frame] = []
    private var counts: [Int] = []
    /// Behind the last byte that was held.
    private(set) var position: UInt64?

    init(lines: Int) { self.lines = lines }

    func hold(_ frame: Frame, _ chunk: LogChunk) {
        position = chunk.position
        frames.append(frame)
        counts.append(chunk.bytes.count { $0 == 0x0A })
        while counts.count > 1, counts.dropFirst().reduce(0, +) >= lines {
            frames.removeFirst()
            counts.removeFirst()
        }
    }

    /// What is held, cut to whole lines.
    func release() -> [Frame] {
        var surplus = counts.reduce(0, +) - lines
        return frames.map { frame in
            guard surplus > 0 else { return frame }
            switch frame {
            case .stdout(let chunk): return .stdout(Self.cut(chunk, &surplus))
            case .stderr(let chunk): return .stderr(Self.cut(chunk, &surplus))
            default: return frame
            }
        }
    }

    private static func cut(_ chunk: LogChunk, _ surplus: inout Int) -> LogChunk {
        var chunk = chunk
        while surplus > 0, let end = chunk.bytes.firstIndex(of: 0x0A) {
            chunk.bytes.removeSubrange(...end)
            surplus -= 1
        }
        return chunk
    }
}
