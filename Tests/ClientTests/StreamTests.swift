import API
import Foundation
import JobModel
import LinuxSys
import Synchronization
import TestSupport
import Testing

@testable import Client

@Suite struct StreamTests {
    private static let image = #"{"version":1,"image":{"names":["a:1"],"digest":"sha256:0","size":3,"layers":[]}}"#

    @Test func anArchiveIsStreamedUp() throws {
        let got = Mutex<[UInt8]>([])
        let server = try FakeServer { connection, _ in
            let request = try connection.request()
            #expect(request.target == "/v1/images/import?name=ada/a:1%20b")
            got.withLock { $0 = request.body }
            try connection.reply(json: Self.image)
        }
        defer { server.stop() }
        let parts = (0..<20).map { [UInt8](repeating: UInt8($0), count: 10_000) }
        var rest = parts[...]
        let reply = try BerthClient(socketPath: server.path).importImage("ada/a:1 b") { rest.popFirst() ?? [] }
        #expect(reply.image.names == ["a:1"])
        #expect(got.withLock { $0 } == parts.flatMap { $0 })
    }

    @Test func anEarlyRefusalEndsTheUpload() throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.readHead()
            _ = try connection.readChunk()
            try connection.reply(413, json: #"{"version":1,"code":"tooLarge","message":"archive over 1G"}"#)
        }
        defer { server.stop() }
        // Endless: only the refusal can end it.
        #expect(throws: ClientError.refused(APIError(.tooLarge, "archive over 1G"))) {
            try BerthClient(socketPath: server.path).importImage("a") { [UInt8](repeating: 1, count: 65_536) }
        }
    }

    /// A socket takes some 200 KiB that nobody reads; the rest of a large chunk, or of a large request, would wait for ever.
    @Test(.timeLimit(.minutes(1))) func aRefusalOfWhatNobodyReadsIsSeen() throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.readHead()
            try connection.reply(507, json: #"{"version":1,"code":"noSpace","message":"no room"}"#)
            // Until the other side closes.
            _ = try poll([(connection.descriptor, .peerClosed)], milliseconds: nil)
        }
        defer { server.stop() }
        let refused = ClientError.refused(APIError(.noSpace, "no room"))
        let client = BerthClient(socketPath: server.path)
        #expect(throws: refused) { try client.importImage("a") { [UInt8](repeating: 1, count: 4 << 20) } }
        // A connection that holds half a request is not used again.
        var long = Selection()
        long.batch = String(repeating: "x", count: 4 << 20)
        for _ in 0..<2 { #expect(throws: refused) { try client.act(Route.cancel, ActionRequest(long)) } }
        #expect(server.connections == 3)
    }

    @Test func framesOfALogComeInOrder() throws {
        let chunks = (1...50).map { LogChunk(position: UInt64($0), at: WallTime(milliseconds: Int64($0)), bytes: Array("line \($0)\n".utf8)) }
        let server = try FakeServer { connection, _ in
            let request = try connection.request()
            #expect(request.target == "/v1/jobs/12/log?index=3&format=frames&follow=1")
            try connection.beginChunks()
            let bytes = ([.hello(version: 1), .alive] + chunks.map { Frame.stdout($0) } + [.end("succeeded")]).flatMap(\.encoded)
            // Cut where no frame ends.
            for start in stride(from: 0, to: bytes.count, by: 37) { try connection.chunk(Array(bytes[start..<min(start + 37, bytes.count)])) }
            try connection.endChunks()
        }
        defer { server.stop() }
        let stream = try BerthClient(socketPath: server.path).framedLog(JobID(12), LogRequest(index: 3, follow: true))
        var frames: [Frame] = []
        while let frame = try stream.next() { frames.append(frame) }
        #expect(frames == [.hello(version: 1)] + chunks.map { .stdout($0) } + [.end("succeeded")])
    }

    @Test func aLogThatBreaksOffIsTold() throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.request()
            try connection.beginChunks()
            try connection.chunk(Array(Frame.stdout(LogChunk(position: 1, at: WallTime(milliseconds: 0), bytes: [1, 2, 3])).encoded.dropLast()))
            try connection.endChunks()
        }
        defer { server.stop() }
        let stream = try BerthClient(socketPath: server.path).framedLog(JobID(1), LogRequest())
        #expect(throws: ClientError.closed) { try stream.next() }
    }

    @Test func laterFramesAreRefused() throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.request()
            try connection.beginChunks()
            try connection.chunk(Frame.hello(version: 9).encoded)
            try connection.endChunks()
        }
        defer { server.stop() }
        let stream = try BerthClient(socketPath: server.path).framedLog(JobID(1), LogRequest())
        #expect(throws: ClientError.unexpected("frames of version 9, this berth knows 1")) { try stream.next() }
    }

    @Test func eventsAreLinesWithPingsBetween() throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.request()
            try connection.beginChunks()
            try connection.chunk(Array("\n{\"version\":1,\"event\":{\"sequence\":4,\"at\":0,\"ki".utf8))
            try connection.chunk(Array("nd\":\"started\",\"job\":12}}\n\n\n{\"version\":1,\"lostUpTo\":3}\n".utf8))
            try connection.endChunks()
        }
        defer { server.stop() }
        let stream = try BerthClient(socketPath: server.path).events(EventRequest())
        let first = try #require(try stream.next())
        #expect(first.event?.sequence == 4 && first.event?.job == JobID(12))
        #expect(try stream.next()?.lostUpTo == 3)
        #expect(try stream.next() == nil)
    }

    @Test func aSessionGoesUpAndDown() throws {
        let up = Mutex<[Frame]>([])
        let upEnded = DispatchSemaphore(value: 0)
        let server = try FakeServer { connection, _ in
            let head = try connection.readHead()
            if head.hasPrefix("POST /v1/sessions/ab/input ") {
                #expect(head.contains(Frame.mediaType))
                var decoder = FrameDecoder()
                while let chunk = try connection.readChunk() { decoder.append(chunk) }
                while let frame = try decoder.next() { up.withLock { $0.append(frame) } }
                upEnded.signal()
                return
            }
            #expect(head.hasPrefix("GET /v1/sessions/ab/output "))
            try connection.beginChunks()
            try connection.chunk(Frame.hello(version: 1).encoded + Frame.exit(status: 3, outcome: "failed(3)").encoded)
            try connection.endChunks()
        }
        defer { server.stop() }
        let session = try SessionConnection(BerthClient(socketPath: server.path), SessionID("ab"))
        try session.send(.input([1, 2]))
        try session.send(.eof)
        var down: [Frame] = []
        while let frames = try session.receive() { down += frames }
        #expect(down == [.hello(version: 1), .exit(status: 3, outcome: "failed(3)")])
        session.close()
        upEnded.wait()
        #expect(up.withLock { $0 } == [.input([1, 2]), .eof])
    }

    @Test func aSessionThatIsUnknownIsRefused() throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.readHead()
            try connection.reply(404, json: #"{"version":1,"code":"unknown","message":"no session ab"}"#)
        }
        defer { server.stop() }
        #expect(throws: ClientError.refused(APIError(.unknown, "no session ab"))) {
            try SessionConnection(BerthClient(socketPath: server.path), SessionID("ab"))
        }
    }
}
