import API
import Foundation
import JobModel
import Synchronization
import TestSupport
import Testing

@testable import Client

@Suite struct BerthClientTests {
    private static let version = #"{"version":1,"daemon":"0.1","pid":7,"startedAt":0}"#

    @Test func oneConnectionServesManyCalls() throws {
        let server = try FakeServer { connection, _ in
            while true {
                let request = try connection.request()
                #expect(request.method == "GET" && request.target == "/v1/version")
                try connection.reply(json: Self.version)
            }
        }
        defer { server.stop() }
        let client = BerthClient(socketPath: server.path)
        for _ in 0..<5 { #expect(try client.version().pid == 7) }
        #expect(server.connections == 1)
    }

    @Test func aKeptConnectionThatWasClosedIsReplaced() throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.request()
            try connection.reply(json: Self.version)
        }
        defer { server.stop() }
        let client = BerthClient(socketPath: server.path)
        for _ in 0..<3 { #expect(try client.version().daemon == "0.1") }
        #expect(server.connections == 3)
    }

    @Test func aReplyThatComesByteByByteIsWaitedFor() throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.request()
            for byte in "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8 { try connection.write([byte]) }
            for byte in Self.version.utf8 { try connection.chunk([byte]) }
            try connection.endChunks()
        }
        defer { server.stop() }
        #expect(try BerthClient(socketPath: server.path).version().pid == 7)
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"version\"",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    ])
    func tornRepliesAreToldAsClosed(_ text: String) throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.request()
            try connection.write(text)
        }
        defer { server.stop() }
        #expect(throws: ClientError.closed) { try BerthClient(socketPath: server.path).version() }
    }

    @Test func silenceEndsInATimeOut() throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.request()
            _ = try? connection.request()
        }
        defer { server.stop() }
        let client = BerthClient(socketPath: server.path)
        client.replyTimeout = 50
        #expect(throws: ClientError.timedOut(50)) { try client.version() }
    }

    @Test func refusalsAreTyped() throws {
        let server = try FakeServer { connection, number in
            _ = try connection.request()
            if number == 0 { try connection.reply(422, json: #"{"version":1,"code":"invalid","message":"found 0","field":"cores"}"#) }
            if number == 1 { try connection.reply(503, json: "busy") }
            if number == 2 { try connection.reply(418, json: "teapot") }
        }
        defer { server.stop() }
        let call = { try BerthClient(socketPath: server.path).node() }
        #expect(throws: ClientError.refused(APIError(.invalid, "found 0", field: "cores"))) { try call() }
        #expect(throws: ClientError.refused(APIError(.unavailable, "busy"))) { try call() }
        #expect(throws: ClientError.unexpected("status 418 teapot")) { try call() }
    }

    @Test func laterVersionsAreNamed() throws {
        let server = try FakeServer { connection, _ in
            _ = try connection.request()
            try connection.reply(json: #"{"version":2,"node":{}}"#)
        }
        defer { server.stop() }
        #expect(throws: ClientError.unexpected("version 2 of the API, this berth knows 1")) { try BerthClient(socketPath: server.path).version() }
    }

    @Test func noSocketAndNoListenerAreOneThing() throws {
        let server = try FakeServer { _, _ in }
        let path = server.path
        server.stop()
        #expect(throws: ClientError.notRunning(path: path)) { try BerthClient(socketPath: path).version() }
        // A socket file that a killed daemon left.
        let left = NSTemporaryDirectory() + "berth-test-\(UUID().uuidString)"
        do { _ = try FakeServer.abandonedSocket(at: left) }
        defer { try? FileManager.default.removeItem(atPath: left) }
        #expect(throws: ClientError.notRunning(path: left)) { try BerthClient(socketPath: left).version() }
        #expect("\(ClientError.notRunning(path: "/x"))".contains("nobody listens on /x"))
        #expect("\(ClientError.notRunning(path: BerthClient.defaultSocket))".contains("systemctl start berthd"))
    }

    @Test func aLostReplyToASubmitIsAskedForUnderTheSameKey() throws {
        let keys = Mutex<[String]>([])
        let server = try FakeServer { connection, number in
            let request = try connection.request()
            let submit = try JSONDecoder().decode(SubmitRequest.self, from: Data(request.body))
            keys.withLock { $0.append(submit.requestKey?.value ?? "") }
            // The first time the reply is lost.
            if number > 0 { try connection.reply(json: #"{"version":1,"jobs":[{"id":12,"tasks":1,"array":false}],"repeated":true}"#) }
        }
        defer { server.stop() }
        var spec = JobSpec()
        spec.command = ["true"]
        let reply = try BerthClient(socketPath: server.path).submit(SubmitRequest(jobs: [SubmittedSpec(spec)], requestKey: RequestKey("k1")))
        #expect(reply.jobs.map(\.id) == [JobID(12)])
        #expect(keys.withLock { $0 } == ["k1", "k1"])
    }

    @Test func pagesAreJoined() throws {
        let server = try FakeServer { connection, _ in
            while true {
                let target = try connection.request().target
                let query = Query(parsing: String(target.split(separator: "?").dropFirst().joined()))
                let page = query["after"].flatMap { Int($0) } ?? 0
                let next = page < 3 ? ",\"next\":\(page + 1)" : ""
                let job = String(decoding: try JSONEncoder().encode(Self.job(UInt64(page + 1))), as: UTF8.self)
                try connection.reply(json: "{\"version\":1,\"now\":0,\"jobs\":[\(job)]\(next)}")
            }
        }
        defer { server.stop() }
        let client = BerthClient(socketPath: server.path)
        #expect(try client.listAll(ListRequest()).jobs.map(\.id.value) == [1, 2, 3, 4])
        #expect(try client.listAll(ListRequest(), limit: 2).jobs.map(\.id.value) == [1, 2])
    }

    static func job(_ id: UInt64) -> JobSummary {
        JobSummary(
            id: JobID(id), owner: UserID(1), ownerName: "a", redacted: false, queue: "default", priority: 0,
            demand: ResourceDemand(cores: 1, memory: .gibibytes(1)), timeLimit: .hours(1), submittedAt: WallTime(milliseconds: 0), isArray: false,
            counts: TaskCounts(), groups: [])
    }
}
