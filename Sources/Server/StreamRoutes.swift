import API
import Controller
import FoundationEssentials
import Hummingbird
import JobModel
import NIOCore
import NodeAgent

extension BerthServer {
    func addStreamRoutes(to router: Router<BerthContext>) {
        add(.events, to: router) { [parts] request, _, peer in
            // Refused before the reply begins.
            try await parts.controller.require(.events, peer)
            let wanted = try EventRequest(query: request.apiQuery)
            try await parts.controller.check(wanted, peer: peer)
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
        let status = try await parts.controller.status(of: task, .logs, peer: peer)
        try Self.checkAttempt(request, task, status)
        if let first = request.attempt ?? Self.last(status) {
            do {
                try await parts.agent.checkLog(of: AttemptID(task, first))
            } catch let error as UnreadableLog { throw APIError(.conflict, "\(error)") }
        }
        let raw = request.format == .raw
        return streamed(raw ? "application/octet-stream" : Frame.mediaType) { [parts] output in
            if !raw { try await output.write(Frame.hello(version: Frame.version).encoded) }
            var wanted = FollowRequest(
                task: task, attempt: request.attempt, onward: request.onward, position: request.position, follow: request.follow,
                stream: request.stream)
            do {
                if let lines = request.tail, request.position == nil {
                    wanted = try await Self.lastLines(lines, wanted, parts, peer)
                }
                let follower = TaskFollower(parts: parts, request: wanted, peer: peer) { frame in
                    try await output.write(Self.bytes(frame, raw: raw))
                }
                let outcome = try await follower.run()
                if !raw { try await output.write(Frame.end(outcome?.description ?? "").encoded) }
            } catch let error as UnreadableLog where !raw {
                // The reply has begun: what is wrong is its last frame.
                try await output.write(Frame.error(Array(try JSONEncoder().encode(APIError(.conflict, "\(error)")))).encoded)
            }
        }
    }

    /// An attempt that there was not; a reader that follows may wait for one yet to come.
    private static func checkAttempt(_ request: LogRequest, _ task: TaskID, _ status: TaskStatus) throws(APIError) {
        guard let wanted = request.attempt else { return }
        let last = last(status) ?? 0
        if case .finished = status {} else if request.follow { return }
        guard wanted > last else { return }
        throw APIError(.unknown, "no attempt \(AttemptID(task, wanted)); there \(last == 1 ? "was 1" : "were \(last)")")
    }

    private static func last(_ status: TaskStatus) -> UInt32? {
        switch status {
        case .pending(_, let attempt), .finished(_, let attempt): attempt?.number
        case .active(let attempt, _): attempt.number
        }
    }

    private static func bytes(_ frame: Frame, raw: Bool) -> [UInt8] {
        guard raw else { return frame.encoded }
        switch frame {
        case .stdout(let chunk), .stderr(let chunk): return chunk.bytes
        default: return []
        }
    }

    /// Where the last lines begin of what is there, so that none of it is held: what the follower then has to do.
    private static func lastLines(_ lines: Int, _ wanted: FollowRequest, _ parts: ServerParts, _ peer: Peer) async throws -> FollowRequest {
        var once = wanted
        once.follow = false
        let search = TailSearch(lines: lines)
        let reader = TaskFollower(parts: parts, request: once, peer: peer) { frame in
            // Nobody waits for it once the client is gone.
            try Task.checkCancellation()
            search.take(frame)
        }
        _ = try await reader.run()
        guard let (attempt, position) = search.start else { return wanted }
        var rest = wanted
        rest.position = position
        // The position is one of this attempt's, whatever has started since.
        rest.attempt = attempt
        rest.onward = wanted.onward || wanted.attempt == nil && wanted.follow
        return rest
    }
}
