import API
import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// The daemon held against its own description by a tool that knows nothing else of it.
    @Suite(.daemon())
    struct SchemathesisTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private static let seed = UInt32.random(in: 1...UInt32.max)

        /// A submit whose key was committed is answered with the jobs of then, whatever it carries now: found by the test below.
        @Test("A repeated request without jobs, or with a session on an array, ends nothing")
        func aRepeatedRequestIsLookedAt() throws {
            func submit(_ body: String) throws -> String {
                let code = """
                    import http.client, socket, sys
                    c = http.client.HTTPConnection('berth'); c.sock = socket.socket(socket.AF_UNIX); c.sock.connect('\(daemon.socket)')
                    c.request('POST', '/v1/jobs', sys.argv[1]); r = c.getresponse(); print(r.status, r.read().decode())
                    """
                let result = try Command(["python3", "-c", code, body]).run()
                return result.output + result.errors
            }
            let session = #""session":{"cancelWhenLost":false}"#
            let spec = #""spec":{"command":["true"],"hold":true"#
            for key in ["aa", "ab"] {
                let array = key == "ab" ? #","array":{"indices":"0-2"}"# : ""
                let answer = try submit("{\"requestKey\":\"\(key)\",\"jobs\":[{\(spec)\(array)}}]}")
                #expect(answer.hasPrefix("201"), "\(answer)")
            }
            #expect(try submit("{\"requestKey\":\"aa\",\"jobs\":[],\(session)}").hasPrefix("422"))
            #expect(try submit("{\"requestKey\":\"\",\"jobs\":[{\(spec)}}]}").contains(#""field":"requestKey""#))
            #expect(try submit("{\"requestKey\":\"ab\",\"jobs\":[{\(spec)}}],\(session)}").contains("is an array"))
            // Refused before anything was committed.
            let before = try daemon.berth("list --all-users --quiet").output
            let array = #","array":{"indices":"0-2"}"#
            #expect(try submit("{\"jobs\":[{\(spec)\(array)}}],\(session)}").contains("a session is one task's"))
            #expect(try submit("{\"jobs\":[{\(spec)}},{\(spec)}}],\(session)}").contains("found 2 jobs"))
            #expect(try daemon.berth("list --all-users --quiet").output == before && daemon.isAlive)
        }

        @Test(
            "Schemathesis finds no reply that differs from the OpenAPI description",
            .enabled(if: Programs.schemathesis != nil, "needs scripts/schemathesis to have run"))
        func schemathesisIsContent() throws {
            let program = try #require(Programs.schemathesis)
            let tree = program.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
            let result = try Command(
                [
                    program, "run", "http://berth\(Route.openAPI.pattern)", "--phases", "coverage,fuzzing", "--checks",
                    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance", "--max-examples", "5",
                    "--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "40", "--generation-database", "none", "--seed",
                    "\(Self.seed)",
                ],
                environment: [
                    "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": tree + "/scripts", "BERTH_SOCKET": daemon.socket,
                    "BERTH_UID": "\(TestUser.first.uid)", "PYTHONDONTWRITEBYTECODE": "1",
                ]
            ).run(seconds: 300)
            #expect(daemon.isAlive, "\(daemon.log.suffix(30000))")
            #expect(result.status == 0, "seed \(Self.seed): \(result.output.suffix(4000))\(result.errors.suffix(500))")
        }
    }
}
