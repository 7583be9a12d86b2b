import API
import Foundation
import JobModel
import LinuxSys
import Synchronization
import TestSupport
import Testing

@Suite struct ProgramTests {
    private func serve(_ answer: @escaping @Sendable (FakeRequest) -> (Int, String)?) throws -> (FakeDaemon, FakeServer) {
        let daemon = FakeDaemon(other: answer)
        return (daemon, try daemon.serve())
    }

    @Test func quietSubmitPrintsJustTheId() throws {
        let (daemon, server) = try serve { _ in nil }
        defer { server.stop() }
        let ended = try Program(server, ["submit", "--quiet", "--", "echo", "hi"]).end()
        #expect(ended.status == 0 && ended.output == "12\n" && ended.error == "")
        let spec = try #require(try daemon.body(SubmitRequest.self, of: .submit)?.jobs.first?.spec)
        #expect(spec.command == ["echo", "hi"])
        #expect(spec.submitDirectory == FileManager.default.currentDirectoryPath)
    }

    @Test func namesWithinAFileBecomePositions() throws {
        let (daemon, server) = try serve { _ in (200, #"{"version":1,"jobs":[{"id":12,"tasks":1,"array":false},{"id":13,"tasks":3,"array":true}]}"#) }
        defer { server.stop() }
        let file = NSTemporaryDirectory() + "berth-test-\(UUID().uuidString).yaml"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let text = "jobs:\n  second:\n    command: [b]\n    array: 0-2\n    dependencies: afterok:first\n  first:\n    command: [a]\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        let ended = try Program(server, ["submit", file]).end()
        #expect(ended.status == 0, "\(ended.error)")
        #expect(ended.output == "submitted 12\nsubmitted 13 (3 tasks)\n")
        let jobs = try #require(try daemon.body(SubmitRequest.self, of: .submit)?.jobs)
        #expect(jobs.map { $0.spec.command } == [["a"], ["b"]])
        #expect(jobs[1].after == [PositionDependency(kind: .afterok, position: 0)])
    }

    @Test func mistakesInAFileNameTheLine() throws {
        let (_, server) = try serve { _ in nil }
        defer { server.stop() }
        let file = NSTemporaryDirectory() + "berth-test-\(UUID().uuidString).yaml"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Data("command: [a]\nmemroy: 1G\n".utf8).write(to: URL(fileURLWithPath: file))
        let ended = try Program(server, ["submit", file]).end()
        #expect(ended.status == 2)
        #expect(ended.error.contains(":2:") && ended.error.contains("memory") && ended.error.filter { $0 == "\n" }.count == 1, "\(ended.error)")
    }

    private static let waits: [(String, Int32)] = [
        (#"{"version":1,"tasks":1,"remaining":0,"counts":\#(counts)}"#, 0),
        (
            #"{"version":1,"tasks":2,"remaining":0,"counts":\#(counts),"lowestUnsuccessful":{"task":"12.1","outcome":{"kind":"failed","code":7,"text":"failed(7)","exitStatus":7}}}"#,
            7
        ),
        (#"{"version":1,"tasks":1,"remaining":1,"counts":\#(counts)}"#, 124),
    ]

    @Test(arguments: waits)
    func waitEndsWithTheStatusOfTheContract(_ reply: String, _ expected: Int32) throws {
        let (_, server) = try serve { _ in (200, reply) }
        defer { server.stop() }
        #expect(try Program(server, ["wait", "--timeout", "0", "12"]).end().status == expected)
    }

    private static let counts = #"{"pending":0,"held":0,"running":0,"paused":0,"succeeded":0,"failed":0,"cancelled":0}"#

    @Test func waitForAnUnknownIdIs1AndWithoutADaemon125() throws {
        let (_, server) = try serve { _ in (404, #"{"version":1,"code":"unknown","message":"no job 99"}"#) }
        let ended = try Program(server, ["wait", "99"]).end()
        #expect(ended.status == 1 && ended.error == "berth: no job 99\n")
        server.stop()
        #expect(try Program(server, ["wait", "99"]).end().status == 125)
        let list = try Program(server, ["list"]).end()
        #expect(list.status == 1 && list.error.contains("berthd is not running") && list.error.contains(server.path), "\(list.error)")
    }

    @Test func pipesGetNoColoursAndCancelDoesNotAsk() throws {
        let job = String(decoding: try JSONEncoder().encode(Fixtures.job(7, groups: [Fixtures.pending(nil, ["needs 2 cores"])])), as: UTF8.self)
        let (daemon, server) = try serve { request in
            request.target.hasPrefix("/v1/jobs") ? (200, "{\"version\":1,\"now\":0,\"jobs\":[\(job)]}") : nil
        }
        defer { server.stop() }
        let list = try Program(server, ["queue"]).end()
        #expect(list.output.contains("needs 2 cores") && !list.output.contains("\u{1B}"))
        let json = try Program(server, ["list", "--json"]).end().output
        #expect((try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])?["version"] as? Int == 1)
        let cancel = try Program(server, ["cancel", "1-500"]).end()
        #expect(cancel.status == 0 && cancel.output == "cancelled 12\n")
        #expect(try daemon.body(ActionRequest.self, of: .cancel)?.selection.ids == [TaskSelector(jobs: 1...500)])
    }

    @Test func followedLogsGoOnAfterARestart() throws {
        let tries = Mutex<[String]>([])
        let server = try FakeServer { connection, _ in
            let request = try connection.request()
            let number = tries.withLock {
                $0.append(request.target)
                return $0.count
            }
            try connection.beginChunks()
            try connection.chunk(Frame.hello(version: 1).encoded + Frame.started("12#2").encoded)
            try connection.stdout(number == 1 ? "one\n" : "two\n", position: UInt64(number) * 10)
            if number == 2 {
                try connection.frame(.end("succeeded"))
                try connection.endChunks()
            }
        }
        defer { server.stop() }
        let ended = try Program(server, ["logs", "-f", "12"]).end()
        #expect(ended.status == 0)
        #expect(ended.output == "one\ntwo\n")
        #expect(
            tries.withLock { $0 } == [
                "/v1/jobs/12/log?format=frames&follow=1", "/v1/jobs/12/log?attempt=2&format=frames&follow=1&position=10&onward=1",
            ])
    }

    @Test func completionsAreScripts() throws {
        let (_, server) = try serve { _ in nil }
        defer { server.stop() }
        #expect(try Program(server, ["completion", "bash"]).end().output.contains("complete"))
        #expect(try Program(server, ["completion", "zsh"]).end().output.hasPrefix("#compdef berth"))
        #expect(try Program(server, ["completion", "fish"]).end().output.contains("complete -c"))
        #expect(try Program(server, ["completion", "csh"]).end().status == 2)
    }
}
