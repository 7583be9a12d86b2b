import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// contract §8: request bodies are bounded; a slow or stuck client cannot hold up others.
    @Suite struct StuckClientTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private func python(_ text: String) throws -> CommandResult {
            try Command([
                "/usr/bin/python3", "-c", "import socket,sys\ns=socket.socket(socket.AF_UNIX);s.settimeout(20);s.connect(sys.argv[1])\n" + text,
                daemon.socket,
            ]).run()
        }

        @Test(
            arguments: [
                ("s.sendall(b'GET /v1/nowhere HTTP/1.1\\r\\nHost: b\\r\\n\\r\\n')", "404"),
                ("s.sendall(b'POST /v1/jobs HTTP/1.1\\r\\nHost: b\\r\\nContent-Length: 5\\r\\n\\r\\n{{{{{')", "400"),
                (
                    "s.sendall(b'POST /v1/jobs HTTP/1.1\\r\\nHost: b\\r\\nContent-Length: 99999999\\r\\n\\r\\n')\ntry: s.sendall(b'x'*9000000)\nexcept OSError: pass",
                    // Answered, or cut off when the client goes on sending.
                    "413|"
                ),
                ("s.sendall(b'POST /v1/jobs HTTP/1.1\\r\\nHost: b\\r\\nContent-Length: 2\\r\\n\\r\\n{}')", "4"),
                (
                    "s.sendall(b'POST /v1/jobs HTTP/1.1\\r\\nHost: b\\r\\nContent-Length: 47\\r\\n\\r\\n{\"jobs\":[{\"spec\":{\"command\":[\"x\"],\"bogus\":1}}]}')",
                    "400|422"
                ),
            ])
        func badRequestsAreRefused(send: String, status: String) throws {
            let result = try python("\(send)\ntry: print(s.recv(65536).decode())\nexcept ConnectionError: pass")
            let accepted = status.split(separator: "|", omittingEmptySubsequences: false)
            #expect(accepted.contains { $0.isEmpty ? result.output.isEmpty : result.output.hasPrefix("HTTP/1.1 \($0)") }, "\(result)")
            #expect(try daemon.berth("version").status == 0)
        }

        @Test func garbageDoesNoHarm() throws {
            _ = try python("import os\ntry:\n s.sendall(os.urandom(100000)); s.recv(100)\nexcept OSError: pass")
            #expect(try daemon.berth("version").status == 0)
        }

        @Test func stuckClientsHoldNobodyUp() throws {
            let script = """
                import socket,sys,time
                all=[]
                for n in range(60):
                    s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'POST /v1/jobs HTTP/1.1\\r\\nHost: b\\r\\nContent-Length: 1000\\r\\n\\r\\n{'); all.append(s)
                for n in range(20):
                    s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'GET /v1/events?follow=1 HTTP/1.1\\r\\nHost: b\\r\\n\\r\\n'); all.append(s)
                print('ready', flush=True)
                time.sleep(60)
                """
            let stuck = try Command(["/usr/bin/python3", "-c", script, daemon.socket], as: .second).start()
            eventually("the clients are there") { stuck.output.contains("ready") }
            #expect(try daemon.berth(["run", "--no-cwd", "--", "true"]).status == 0)
            #expect(try daemon.berth("list", as: .first).status == 0)
            stuck.signal(9)
            _ = try stuck.finish()
        }
    }
}
