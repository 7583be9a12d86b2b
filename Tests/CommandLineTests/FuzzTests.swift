import API
import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// Requests of every route, changed at random, against the real daemon; `BERTH_FUZZ_SECONDS` makes it long.
    @Suite(.daemon) struct FuzzTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private static let mutator = Mutator(words: [
            "null", "true", "{}", "[]", "\"", "\\u0000", "\\ud800", ",", ":", "&", "=", "%00", "%ff", "?", "/", "..", "ids", "user", "states",
            "selection",
            "spec", "array", "\"0-4294967295\"", "resources", "\r\n", "Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.0", "DELETE",
        ])
        /// Of a debug build.
        private static let mostMemory = 600 << 20

        @Test func noRequestHarmsTheDaemon() throws {
            let seconds = ProcessContext.variable("BERTH_FUZZ_SECONDS").flatMap { Double($0) } ?? 10
            var random = SeededGenerator()
            let corpus = try requests()
            let pid = daemon.pid
            let end = bootNanoseconds() + UInt64(seconds * 1e9)
            var round = 0
            var statuses: [Int: Int] = [:]
            while bootNanoseconds() < end {
                round += 1
                let route = try #require(Route.allCases.randomElement(using: &random))
                let bytes = change(try #require(corpus[route]), &random)
                let reply = try send(bytes, isStream: Self.streams.contains(route))
                let what = "seed \(random.seed), round \(round), \(route): \(String(decoding: bytes.prefix(3000), as: UTF8.self).debugDescription)"
                try #require(daemon.isAlive && daemon.pid == pid, "\(what)\n\(daemon.log.suffix(2000))")
                switch reply {
                case .status(let status):
                    statuses[status, default: 0] += 1
                    try #require(status != 500, "\(what)\n\(daemon.log.suffix(2000))")
                case .closed: statuses[0, default: 0] += 1
                case .none: try #require(Bool(false), "no answer within 60 s: \(what)")
                }
                guard round % 200 == 0 else { continue }
                let memory = try memory()
                try #require(memory < Self.mostMemory, "\(memory) bytes after \(what)")
            }
            print("fuzz: seed \(random.seed), \(round) requests: \(statuses.sorted { $0.key < $1.key })")
            // Neither are all refused nor all taken.
            #expect(statuses[200, default: 0] > 0 && statuses[400, default: 0] > 0)
            #expect(try memory() < Self.mostMemory)
            // The image that the suite began with may be another by now.
            try daemon.berth(["image", "import", TestImage.busybox(in: daemon.place), "afterwards"])
            let id = try daemon.submit(["--image", "afterwards", "--no-cwd", "--", "true"])
            let waited = try daemon.berth(["wait", "--timeout", "60s", id])
            let (shown, printed) = (try daemon.berth(["show", id]), try daemon.berth(["logs", id]))
            #expect(waited.status == 0, "\(waited)\n\(shown)\n\(printed)")
        }

        /// These go on for as long as they are asked to.
        private static let streams: Set<Route> = [.wait, .events, .logs, .sessionOutput, .sessionInput]

        private struct Parts {
            var method: String
            var path: String
            var body: [UInt8]
        }

        private func change(_ parts: Parts, _ random: inout SeededGenerator) -> [UInt8] {
            var (path, body) = (Array(parts.path.utf8), parts.body)
            let way = Int.random(in: 0..<6, using: &random)
            if way == 0 || body.isEmpty {
                // Behind the first part, so that most are of some route.
                var tail = Array(path.dropFirst(4))
                Self.mutator.mutate(&tail, with: Array("jobs/1?ids=1-9&user=all".utf8), &random)
                path = path.prefix(4) + tail
            }
            if way > 0 { Self.mutator.mutate(&body, with: Array(#"{"selection":{"ids":["1-9"]},"jobs":[]}"#.utf8), &random) }
            let head = "\(parts.method) \(String(decoding: path, as: UTF8.self)) HTTP/1.1\r\nHost: berth\r\nContent-Length: \(body.count)\r\n\r\n"
            var bytes = Array(head.utf8) + body
            if way == 5 { Self.mutator.mutate(&bytes, with: Array("GET /v1/node HTTP/1.1\r\nHost: x\r\n\r\n".utf8), &random) }
            return bytes
        }

        private enum Reply { case status(Int), closed }

        /// Nil when there is none in time.
        private func send(_ bytes: [UInt8], isStream: Bool) throws -> Reply? {
            let socket = try Descriptor.connect(to: daemon.socket)
            // The other side may have closed before all was sent.
            guard (try? socket.send(bytes)) != nil else { return .closed }
            // What is torn ends here for the other side, too.
            try? socket.shutDown(reading: false)
            let deadline = bootNanoseconds() + 60_000_000_000
            var text: [UInt8] = []
            while bootNanoseconds() < deadline {
                guard try !poll(socket, for: .readable, milliseconds: isStream ? 300 : 60_000).isEmpty else { return isStream ? .closed : nil }
                guard let part = try? socket.read(upTo: 1 << 16), !part.isEmpty else { return .closed }
                text += part
                let words = String(decoding: text.prefix(64), as: UTF8.self).split(separator: " ")
                if text.count > 12, words.count > 1, let status = Int(words[1]) { return .status(status) }
            }
            return nil
        }

        private func memory() throws -> Int {
            let line = try readTextFile("/proc/\(daemon.pid)/status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return (Int((line ?? "").filter(\.isNumber)) ?? 0) << 10
        }

        /// A good one of each route.
        private func requests() throws -> [Route: Parts] {
            let hold = ["--hold", "--no-cwd", "--batch", "fuzz", "--", "true"]
            let running = try daemon.submit(script: "sleep 600")
            let (held, ended) = (try daemon.submit(hold), try daemon.submit(hold))
            try daemon.berth(["cancel", ended])
            try daemon.await(running, "running")
            let cell = Cell(
                actor: .root, isOwn: true, held: held, batch: "fuzz", running: running, ended: ended, user: "root", image: "busybox",
                spareImage: "spare",
                newImage: "copy", archive: "", key: "fuzz", session: "0123456789abcdef0123456789abcdef", target: "fuzz")
            let archive = TarBuilder.make { $0.file("x", "y") }
            return try Dictionary(
                uniqueKeysWithValues: Route.allCases.map { route in
                    let parts = try #require(RightsTable.routes[route]).words(cell).split(separator: "\t", omittingEmptySubsequences: false).map(
                        String.init)
                    let body = route == .imageImport ? archive : Array(parts[2].replacing("{session}", with: cell.session).utf8)
                    return (route, Parts(method: parts[0], path: parts[1].replacing("{session}", with: cell.session), body: body))
                })
        }
    }
}
