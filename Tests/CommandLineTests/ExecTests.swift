import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// What `exec` takes and what it refuses.
    @Suite struct ExecTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        /// A reply to `POST /v1/sessions` for a program in a job.
        private func create(_ job: String, _ exec: String) throws -> (status: Int, body: JSONValue) {
            let connection = try RawHTTP(daemon)
            defer { connection.socket.close() }
            try connection.post("/v1/sessions", "{\"kind\":\"exec\",\"task\":\"\(job)\",\"exec\":{\"interactive\":false,\(exec)}}")
            let reply = try #require(try connection.reply())
            return (reply.status, try #require(JSONValue(reply.body)))
        }

        /// As those of a job spec: one line by field, before anything else is looked at.
        @Test(arguments: [
            (#""command":[]"#, "exec.command", "found an empty list"), (#""command":[""]"#, "exec.command[0]", "found an empty word"),
            (#""command":["a","b\u0000c"]"#, "exec.command[1]", "found a NUL character"),
            (#""command":["a"],"workingDirectory":"tmp""#, "exec.workingDirectory", "found 'tmp', accepted an absolute path"),
            (#""command":["a"],"workingDirectory":"/a/../b""#, "exec.workingDirectory", "accepted an absolute path"),
            (#""command":["a"],"environment":{"A=B":"1"}"#, "exec.environment", "found the name 'A=B'"),
            (#""command":["a"],"environment":{"":"1"}"#, "exec.environment", "found the name ''"),
            (#""command":["a"],"environment":{"BERTH_JOB_ID":"1"}"#, "exec.environment", "Berth does not set itself"),
            (#""command":["a"],"environment":{"A":"\u0000"}"#, "exec.environment.A", "found a NUL character"),
            (#""command":["a"],"terminal":{"rows":0,"columns":0}"#, "exec.terminal", "found 0 x 0, accepted at least one row"),
            (#""command":["a"],"user":"70000""#, "exec.user", "accepted"),
        ]) func wrongFieldsAreRefusedByName(exec: String, field: String, text: String) throws {
            let answer = try create("99999999", exec)
            #expect([400, 422].contains(answer.status) && answer.body["field"].text == field, "\(answer)")
            #expect(answer.body["message"].text?.contains(text) == true, "\(answer)")
        }

        @Test func whatIsTooMuchIsRefused() throws {
            let words = Array(repeating: "\"a\"", count: 200_000).joined(separator: ",")
            let many = try create("99999999", "\"command\":[\(words)]")
            #expect(many.status == 422 && many.body["message"].text == "found 200000 words, accepted at most 32768", "\(many)")
            let word = String(repeating: "a", count: 0x20001)
            let long = try create("99999999", "\"command\":[\"\(word)\"]")
            #expect(long.status == 422 && long.body["field"].text == "exec.command[0]", "\(long)")
            let long2 = try create("99999999", "\"command\":[\"a\"],\"environment\":{\"A\":\"\(word)\"}")
            #expect(long2.status == 422 && long2.body["field"].text == "exec.environment.A", "\(long2)")
        }

        /// The command says it with its flags, without asking the daemon.
        @Test(arguments: [
            (["--workdir", "tmp"], "berth: --workdir: found 'tmp', accepted an absolute path"),
            (["--env", "1A=b"], "berth: --env: found the name '1A'"),
            (["--user", "70000"], "berth: --user: found"),
        ]) func wrongFlagsAreRefused(words: [String], text: String) throws {
            let result = try daemon.berth(["exec"] + words + ["99999999", "--", "true"])
            #expect(result.status == 125 && result.errorLines.count == 1 && result.errors.hasPrefix(text), "\(result)")
        }

        /// A user's sessions are only so many; each counts until it has ended, however it does.
        @Test func aUsersSessionsAreBounded() throws {
            let job = try daemon.submit(script: "trap 'touch /tmp/end' USR1; echo ready; while :; do sleep 0.05; done", ["--no-cwd"])
            defer { _ = try? daemon.berth(["cancel", "--now", job]) }
            try daemon.awaitLog(job, "ready")
            let sleeping = #""command":["sleep","600"]"#
            func begin(_ session: JSONValue) throws -> RawHTTP {
                let connection = try RawHTTP(daemon)
                try connection.send("GET /v1/sessions/\(session["session"].text ?? "")/output HTTP/1.1\r\nHost: berth\r\n\r\n")
                return connection
            }
            func refused() throws -> Bool {
                let answer = try create(job, sleeping)
                return answer.status == 429 && answer.body["message"].text?.contains("at most 64") == true
            }
            func eventually(_ what: Comment, _ exec: String) throws -> JSONValue {
                try #require(
                    try TestSupport.poll(seconds: 40) { () -> JSONValue? in
                        let answer = try create(job, exec)
                        return answer.status == 201 ? answer.body : nil
                    }, what)
            }
            var open = try (0..<63).map { _ in try begin(try create(job, sleeping).body) }
            open.append(try begin(try create(job, #""command":["sh","-c","until [ -e /tmp/end ]; do sleep 0.05; done"]"#).body))
            #expect(try refused())
            // Other users have their own.
            let other = try daemon.submit(["--no-cwd", "--", "sleep", "600"], as: .first)
            defer { _ = try? daemon.berth(["cancel", "--now", other]) }
            try daemon.await(other, "running")
            #expect(try daemon.berth(["exec", other, "--", "true"], as: .first).status == 0)
            try daemon.berth(["signal", "USR1", job])
            let nowhere = try eventually("its program has ended", #""command":["/bin/nowhere"]"#)
            #expect(try refused())
            open.append(try begin(nowhere))
            // What it started beside itself holds its output open.
            let lost = try begin(try eventually("it cannot be started", #""command":["sh","-c","sleep 600 & sleep 600"]"#))
            #expect(try refused())
            lost.socket.close()
            _ = try eventually("its client is gone", sleeping)
            #expect(try refused())
            _ = try eventually("its client never came", sleeping)
            for connection in open { connection.socket.close() }
        }
    }
}
