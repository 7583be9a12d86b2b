import API
import Foundation
import JobModel
import Synchronization
import TestSupport

/// A daemon of one job, 12, whose session the test plays.
final class FakeDaemon: Sendable {
    /// The output side of a session; `number` counts them from 0.
    typealias Output = @Sendable (FakeDaemon, FakeConnection, Int) throws -> Void

    private struct State {
        var frames: [Frame] = []
        var requests: [FakeRequest] = []
        var sessions = 0
    }

    private let state = Mutex<State>(State())
    private let changed = NSCondition()
    private let output: Output
    private let other: @Sendable (FakeRequest) -> (Int, String)?

    init(output: @escaping Output = { _, _, _ in }, other: @escaping @Sendable (FakeRequest) -> (Int, String)? = { _ in nil }) {
        self.output = output
        self.other = other
    }

    func serve() throws -> FakeServer { try FakeServer { [self] connection, _ in try handle(connection) } }

    /// Frames that came up, over all sessions.
    var frames: [Frame] { state.withLock { $0.frames } }
    /// Requests with a whole body, in order.
    var requests: [FakeRequest] { state.withLock { $0.requests } }

    func body<T: Decodable>(_: T.Type, of route: Route) throws -> T? {
        try requests.last { $0.method == route.method.rawValue && $0.target.hasPrefix(route.path()) }.map {
            try JSONDecoder().decode(T.self, from: Data($0.body))
        }
    }

    /// Blocks until what came up is as wanted.
    func waitFor(_ isWanted: ([Frame]) -> Bool) {
        changed.lock()
        while !isWanted(frames) { changed.wait() }
        changed.unlock()
    }

    /// Blocks until such a request came.
    func waitForRequest(_ route: Route) {
        changed.lock()
        while !requests.contains(where: { $0.target.hasPrefix(route.pattern) }) { changed.wait() }
        changed.unlock()
    }

    private func change(_ body: (inout State) -> Void) {
        changed.lock()
        state.withLock { body(&$0) }
        changed.broadcast()
        changed.unlock()
    }

    private func handle(_ connection: FakeConnection) throws {
        while true {
            let head = try connection.readHead()
            if head.contains("/input ") { return try takeInput(connection) }
            if head.contains("/output ") {
                var number = 0
                change {
                    number = $0.sessions
                    $0.sessions += 1
                }
                try connection.beginChunks()
                return try output(self, connection, number)
            }
            let request = try connection.request(after: head)
            change { $0.requests.append(request) }
            let (status, json) = answer(request)
            try connection.reply(status, json: json)
        }
    }

    private func takeInput(_ connection: FakeConnection) throws {
        var decoder = FrameDecoder()
        while let chunk = try connection.readChunk() {
            decoder.append(chunk)
            while let frame = try decoder.next() { change { $0.frames.append(frame) } }
        }
    }

    private func answer(_ request: FakeRequest) -> (Int, String) {
        if let answer = other(request) { return answer }
        switch (request.method, request.target.split(separator: "?").first.map(String.init)) {
        case ("POST", Route.submit.path()): return (200, #"{"version":1,"jobs":[{"id":12,"tasks":1,"array":false}],"session":"ab"}"#)
        case ("POST", Route.sessionCreate.path()): return (200, #"{"version":1,"session":"cd","terminal":false}"#)
        case ("POST", Route.cancel.path()): return (200, #"{"version":1,"done":["12"],"jobs":1,"tasks":1,"refused":[]}"#)
        default: return (404, #"{"version":1,"code":"unknown","message":"nothing of that name"}"#)
        }
    }
}

extension FakeConnection {
    func frame(_ frames: Frame...) throws { try chunk(frames.flatMap(\.encoded)) }

    func stdout(_ text: String, position: UInt64) throws {
        try frame(.stdout(LogChunk(position: position, at: WallTime(milliseconds: 0), bytes: Array(text.utf8))))
    }
}
