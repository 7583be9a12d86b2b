import LinuxSys
import TestSupport
import Testing

/// A request on a connection of its own, byte by byte.
struct RawHTTP {
    let socket: Descriptor

    init(_ daemon: TestDaemon) throws { socket = try Descriptor.connect(to: daemon.socket) }

    func send(_ text: String) throws { try socket.send(Array(text.utf8)) }

    func post(_ path: String, _ body: String) throws {
        try send("POST \(path) HTTP/1.1\r\nHost: berth\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// Status and body of the reply, read as it comes; nil when the connection ended before one.
    func reply(seconds: Double = 30) throws -> (status: Int, body: String)? {
        try socket.setNonBlocking()
        var text = ""
        return TestSupport.poll(seconds: seconds) { () -> (status: Int, body: String)?? in
            while let bytes = try? socket.read(upTo: 1 << 16) {
                if bytes.isEmpty { return .some(nil) }
                text += String(decoding: bytes, as: UTF8.self)
            }
            let parts = text.components(separatedBy: "\r\n\r\n")
            guard parts.count > 1, parts[1].hasSuffix("}"), let status = Int(text.split(separator: " ")[1]) else { return nil }
            return .some((status, parts[1]))
        } ?? nil
    }
}

extension EndToEnd {
    /// The API as other programs speak it.
    @Suite struct HTTPTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        @Test("A body that breaks off or is no HTTP is the client's fault, and told so")
        func aBrokenBodyIsMalformed() throws {
            let head = "POST /v1/jobs HTTP/1.1\r\nHost: berth\r\nContent-Type: application/json\r\n"
            let logged = daemon.log.count
            for rest in ["Content-Length: 20\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"] {
                let connection = try RawHTTP(daemon)
                try connection.send(head + rest)
                try connection.socket.shutDown(reading: false)
                let reply = try connection.reply()
                #expect(reply.map { $0.status == 400 && $0.body.contains("malformed") } ?? true, "\(String(describing: reply))")
            }
            #expect(!daemon.log.dropFirst(logged).contains("request failed"))
        }

        private func submit(_ spec: String) throws -> (status: Int, body: JSONValue) {
            let connection = try RawHTTP(daemon)
            try connection.post("/v1/jobs", "{\"jobs\":[{\"spec\":\(spec)}]}")
            let reply = try #require(try connection.reply())
            return (reply.status, try #require(JSONValue(reply.body)))
        }

        /// A spec without `resources` gets what a file without them gets.
        @Test func aSpecWithoutResourcesTakesTheDefaults() throws {
            let answer = try submit(#"{"command":["true"],"hold":true}"#)
            #expect(answer.status == 201, "\(answer)")
            let id = "\(try #require(answer.body["jobs"][0]["id"].number))"
            let file = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            let (one, other) = (try daemon.show(id), try daemon.show(file))
            #expect("\(one["job"]["demand"])" == "\(other["job"]["demand"])" && one["job"]["demand"].exists)
            try daemon.berth(["cancel", id, file])
        }

        @Test(arguments: [
            (#"{"comand":["true"]}"#, "jobs[0].spec.comand", "the nearest name is 'command'"),
            (#"{"command":["true"],"cwd":false}"#, "jobs[0].spec.cwd", "an unknown field"),
            (#"{"command":["true"],"resources":{"memroy":1}}"#, "jobs[0].spec.resources.memroy", "the nearest name is 'memory'"),
            (
                #"{"command":["true"],"resources":{"memory":"4G"}}"#, "jobs[0].spec.resources.memory",
                "found the text '4G', accepted a plain number of bytes"
            ),
            (#"{"command":["true"],"resources":{"cores":1.5}}"#, "jobs[0].spec.resources.cores", "found 1.5, accepted a whole number"),
            (#"{"command":["true"],"resources":{"cores":"2"}}"#, "jobs[0].spec.resources.cores", "accepted a whole number"),
            (#"{"command":["true"],"timeLimit":"1h"}"#, "jobs[0].spec.timeLimit", "accepted a plain number of milliseconds"),
            (#"{"command":["true"],"command":["false"]}"#, "jobs[0].spec.command", "found the field twice"),
            (#"{"command":["true"],"tags":["a","b"],"resources":{"cores":1,"co\u0072es":2}}"#, "jobs[0].spec.resources.cores", "twice"),
            (#"{"command":["true"],"network":"hsot"}"#, "jobs[0].spec.network", "accepted none, host"),
            (#"[]"#, "jobs[0].spec", "accepted an object"),
        ]) func wrongSpecsAreRefusedByName(spec: String, field: String, text: String) throws {
            let before = try daemon.berth("list --all --quiet").output
            let answer = try submit(spec)
            #expect(answer.status == 400 && answer.body["field"].text == field, "\(answer)")
            #expect(answer.body["message"].text?.contains(text) == true, "\(answer)")
            #expect(try daemon.berth("list --all --quiet").output == before)
        }

        @Test(arguments: [
            ("", "empty body"), ("nonsense", "not JSON"), ("{\"jobs\":[", "not JSON"), ("{\"job\":[]}", "the nearest name is 'jobs'"),
            (#"{"jobs":[{"spec":{},"aftre":[]}]}"#, "the nearest name is 'after'"),
        ]) func wrongBodiesAreRefusedInOneLine(body: String, text: String) throws {
            let connection = try RawHTTP(daemon)
            try connection.post("/v1/jobs", body)
            let answer = try #require(try connection.reply())
            #expect(answer.status == 400 && answer.body.contains(text), "\(answer)")
        }

        /// A misspelt field of an action must not widen what it is done to.
        @Test(arguments: [
            ("tasks/cancel", #"{"selection":{"batch":"sweep","stats":["pending"]}}"#, "selection.stats", "the nearest name is 'states'"),
            ("tasks/hold", #"{"selection":{"ids":["1"]},"asOperatr":true}"#, "asOperatr", "asOperator"),
            ("tasks/update", #"{"selection":{"ids":["1"]},"changes":{"memroy":5000000}}"#, "changes.memroy", "memory"),
            ("batches/pause", #"{"name":"sweep","keepCore":true}"#, "keepCore", "keepCores"),
            ("purge", #"{"selection":{"name":"x"},"dryrun":true}"#, "dryrun", "dryRun"),
            ("sessions", #"{"kind":"exec","task":"1","exec":{"command":["x"],"interactive":false,"usr":"image"}}"#, "exec.usr", "user"),
        ]) func unknownFieldsOfActionsAreRefused(path: String, body: String, field: String, near: String) throws {
            let connection = try RawHTTP(daemon)
            try connection.post("/v1/\(path)", body)
            let answer = try #require(try connection.reply())
            let value = try #require(JSONValue(answer.body))
            #expect(answer.status == 400 && value["field"].text == field && value["message"].text?.contains(near) == true, "\(answer)")
        }

        /// A body that is too long is refused with the limit, although the client goes on sending; others are served meanwhile, and the
        /// connection does not live for ever.
        @Test(arguments: [true, false]) func anEndlessBodyIsRefusedAndItsConnectionEnds(announced: Bool) throws {
            let connection = try RawHTTP(daemon)
            let framing = announced ? "Content-Length: 40000000000" : "Transfer-Encoding: chunked"
            try connection.send("POST /v1/tasks/wait HTTP/1.1\r\nHost: berth\r\n\(framing)\r\n\r\n")
            let block = String(repeating: "a", count: 0x10000)
            var answer: (status: Int, body: String)?
            var sent = 0
            var isServed = false
            // Goes on sending after the reply, until the other side has enough.
            let isClosed: Bool? = try TestSupport.poll(seconds: 40) {
                do {
                    try connection.socket.setNonBlocking(false)
                    try connection.send(announced ? block : "10000\r\n\(block)\r\n")
                    sent += 0x10000
                } catch let error as SystemError where ["EPIPE", "ECONNRESET"].contains(error.errnoName) { return true }
                if answer == nil, sent > 4 << 20 { answer = try connection.reply(seconds: 10) }
                if answer != nil, !isServed { isServed = try daemon.berth(["node"]).status == 0 }
                return nil
            }
            #expect(answer?.status == 413, "\(answer.map { "\($0)" } ?? "no reply")")
            #expect(answer?.body.contains("accepted at most") == true && answer?.body.contains(" bytes") == true)
            #expect(isServed && isClosed == true)
        }

        /// What is large is a submit, and says so: nothing else makes the daemon read for long.
        @Test func onlyASubmitMayBeLarge() throws {
            let padding = String(repeating: " ", count: 2 << 20)
            func post(_ path: String, _ body: String) throws -> Int? {
                let connection = try RawHTTP(daemon)
                try connection.post(path, body)
                return try connection.reply()?.status
            }
            let job = "{\"jobs\":[{\"spec\":{\"command\":[\"true\"],\"hold\":true}}],\"dryRun\":true\(padding)}"
            #expect(try post("/v1/jobs", job).map { (200..<300).contains($0) } == true)
            #expect(try post("/v1/tasks/cancel", "{\"selection\":{\"ids\":[\"1\"]}\(padding)}") == 413)
        }

        /// The ends of the range of a number are no end of the daemon.
        @Test func extremeNumbersEndNothing() throws {
            let id = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            for after in ["18446744073709551615", "18446744073709551614", "9223372036854775807", "-1"] {
                let connection = try RawHTTP(daemon)
                try connection.send("GET /v1/events?after=\(after) HTTP/1.1\r\nHost: berth\r\n\r\n")
                _ = try connection.reply()
            }
            for number in ["-9223372036854775808", "9223372036854775807", "-1"] {
                for (path, body) in [
                    ("tasks/wait", "\"holdFor\":\(number)"), ("tasks/cancel", "\"dryRun\":true,\"grace\":\(number)"),
                    ("tasks/update", "\"changes\":{\"timeLimit\":\(number)}"), ("tasks/update", "\"changes\":{\"begin\":\(number)}"),
                    ("tasks/update", "\"changes\":{\"priority\":\(number)}"), ("tasks/update", "\"changes\":{\"arrayLimit\":\(number)}"),
                    ("tasks/update", "\"changes\":{\"memory\":\(number)}"),
                ] where path != "tasks/wait" || number.hasPrefix("-") {
                    let connection = try RawHTTP(daemon)
                    try connection.post("/v1/\(path)", "{\"selection\":{\"ids\":[\"\(id)\"]},\(body)}")
                    #expect(try connection.reply() != nil, "\(path) \(body)")
                }
            }
            #expect(try daemon.berth("node").status == 0)
            _ = try daemon.berth(["cancel", id])
        }

        /// Whoever sends an archive slowly holds up nobody else's import.
        @Test func slowImportsHoldUpNobody() throws {
            let tar = daemon.place("busybox.tar")
            // More than the daemon has threads, and more bytes than a pipe holds: those that wait for their turn are not read.
            let part = [UInt8](repeating: 0x78, count: 50_000)
            let stuck = try (0..<16).map { number in
                let connection = try RawHTTP(daemon)
                try connection.send("POST /v1/images/import?name=slow\(number) HTTP/1.1\r\nHost: berth\r\nContent-Length: 1000000\r\n\r\n")
                try connection.socket.setNonBlocking()
                // What does not fit any more stays here.
                for _ in 0..<8 { _ = try? connection.socket.send(part) }
                return connection
            }
            let job = try daemon.submit(["--no-cwd", "--", "true"], as: .first)
            #expect(try daemon.berth(["wait", "--timeout", "30s", job]).status == 0)
            let result = try daemon.berth(["image", "import", tar, "quick:1"], as: .first, seconds: 60)
            #expect(result.status == 0, "\(result)")
            #expect(try daemon.berth("image remove quick:1", as: .first).status == 0)
            for connection in stuck { connection.socket.close() }
        }
    }

    /// contract §8: the peer is taken as a pidfd, uid and groups.
    @Suite struct PeerGroupTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private func berth(_ words: [String], _ user: TestUser, groups: String) throws -> CommandResult {
            try Command(
                ["/usr/bin/setpriv", "--reuid=\(user.uid)", "--regid=\(user.gid)", groups, Programs.path("berth")] + words,
                environment: ["BERTH_SOCKET": daemon.socket]
            ).run()
        }

        @Test func aProcessThatDroppedTheOperatorsGroupIsNoOperator() throws {
            let id = try daemon.submit(["--hold", "--no-cwd", "--", "true"], as: .first)
            let dropped = try berth(["cancel", id], .operator_, groups: "--clear-groups")
            #expect(dropped.status == 1 && dropped.errors.contains("another user"), "\(dropped)")
            #expect(try daemon.taskState(id) == "held")
            let kept = try berth(["cancel", id], .operator_, groups: "--init-groups")
            #expect(kept.status == 0, "\(kept)")
        }

        @Test func aProcessThatHasTheGroupForThisSessionIsAnOperator() throws {
            let id = try daemon.submit(["--hold", "--no-cwd", "--", "true"], as: .first)
            let group = try #require(try GroupAccount(name: TestUser.operatorsGroup)).gid
            let result = try berth(["cancel", id], .second, groups: "--groups=\(group)")
            #expect(result.status == 0, "\(result)")
            // The primary group counts as well.
            let other = try daemon.submit(["--hold", "--no-cwd", "--", "true"], as: .first)
            let second = TestUser.second
            let primary = try Command(
                ["/usr/bin/setpriv", "--reuid=\(second.uid)", "--regid=\(group)", "--clear-groups", Programs.path("berth"), "cancel", other],
                environment: ["BERTH_SOCKET": daemon.socket]
            ).run()
            #expect(primary.status == 0, "\(primary)")
        }

        @Test func everybodysJobsAreTheOperators() throws {
            let own = try daemon.submit(["--hold", "--name", "everybody", "--no-cwd", "--", "true"], as: .first)
            let other = try daemon.submit(["--hold", "--name", "everybody", "--no-cwd", "--", "true"], as: .second)
            let listed = try daemon.berth("list --quiet --all-users --name everybody", as: .first)
            #expect(listed.output == "\(own)\n", "names of others' jobs are private: \(listed)")
            #expect(try daemon.berth("list --quiet --all-users --name everybody", as: .operator_).output == "\(own)\n\(other)\n")
            let refused = try daemon.berth("cancel --all-users --name everybody", as: .first)
            #expect(refused.status == 1 && refused.errors.contains("not an operator"), "\(refused)")
            #expect(try daemon.taskState(other) == "held")
            let done = try daemon.berth("cancel --all-users --name everybody", as: .operator_)
            #expect(done.status == 0 && done.output.contains("cancelled 2 jobs"), "\(done)")
        }
    }
}
