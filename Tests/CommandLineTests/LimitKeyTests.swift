import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// `berthd.yaml`: bounds of tasks, requests and images, and what the machine offers.
    @Suite(
        .daemon(
            whole: { daemon in
                daemon.places + """
                    defaults: {memory_per_core: 64M, scratch: 16M}
                    reserved: {memory: 300M}
                    maximum: {cores: 1, huge_pages: 8M, memory: 200M, scratch: 100M, pids: 5000, time_limit: 10m, log_limit: 2M}
                    resources:
                      port:
                        left: {devices: [/dev/fuse:rw, /dev/zero:r], environment: {SIDE: port}, memory_node: 0}
                    devices: [/dev/null:rw, /dev/fuse:rw]
                    host_network_groups: [\(TestUser.networkGroup)]
                    slots: 2013265920-2017460223
                    requests: {size: 64K, connections: 12, connections_per_user: 4, idle: 5s}
                    images: {size: 64M, files: 2000}
                    """
            }))
    struct LimitKeyTests {
        @Test(arguments: Self.effects) func has(_ effect: Effect) async throws { try await effect.check(try .required()) }

        static let effects: [Effect] = [
            Effect("reserved.memory") { try expects(Self.node($0)["reservedMemory"].number == 300 << 20) },
            .refusal("maximum.cores", ["--cores", "2"], "1"), .refusal("maximum.memory", ["--memory", "201M"], "200M"),
            .refusal("maximum.huge_pages", ["--huge-pages", "2M=10M"], "at most 8M, the limit maximum.huge_pages"),
            .refusal("maximum.scratch", ["--scratch", "101M"], "100M"), .refusal("maximum.pids", ["--pids", "5001"], "5000"),
            .refusal("maximum.time_limit", ["--time-limit", "11m"], "10m"), .refusal("maximum.log_limit", ["--log-limit", "3M"], "2M"),
            Effect("resources.devices") { try prints("there", "[ -c /dev/fuse ] && head -c 1 /dev/zero > /dev/null && echo there", $0) },
            Effect("resources.environment") { try prints("port", "echo $SIDE", $0) },
            Effect("resources.memory_node") { try prints("0", "grep Mems_allowed_list /proc/self/status | cut -f 2", $0) },
            Effect("devices") { daemon in
                let words = ["--hold", "--no-cwd", "--device"]
                try expects(daemon.berth(["submit"] + words + ["/dev/fuse:rw", "--", "true"], as: .first, in: "/").status == 0)
                try expects(daemon.berth(["submit"] + words + ["/dev/null:rw", "--", "true"], as: .first, in: "/").errors.contains("every job has"))
                try expects(daemon.berth(["submit"] + words + ["/dev/kvm:rw", "--", "true"], as: .first, in: "/").status == 1)
            },
            Effect("host_network_groups") { daemon in
                let member = TestUser("berth-t3", groups: [TestUser.networkGroup])
                let words = ["submit", "--hold", "--no-cwd", "--network", "host", "--", "true"]
                try expects(daemon.berth(words, as: .first, in: "/").status == 1)
                try expects(daemon.berth(words, as: member, in: "/").status == 0)
            },
            Effect("slots") { daemon in
                // Of a private daemon, from the top: 64 slots of 65536 ids.
                let id = try daemon.submit(["--no-cwd", "--", "cat", "/proc/self/uid_map"], as: .first, in: "/")
                #expect(try daemon.berth(["wait", id]).status == 0)
                let text = try daemon.berth(["logs", id]).output
                let outside = text.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst().first.flatMap { UInt32($0) } }
                #expect(outside.contains { (2_013_265_920...2_017_460_223).contains($0) }, "\(text)")
            },
            Effect("requests.size") { daemon in
                let script = "#!/bin/sh\n" + String(repeating: "# a comment of a script that is too long\n", count: 2000)
                let path = try daemon.place.write("long.sh", script, mode: 0o755)
                let result = try daemon.berth(["submit", "--hold", "--no-cwd", path])
                #expect(result.status == 1 && result.errorLines.count == 1, "\(result)")
            },
            Effect("requests.connections", Self.connectionsAreBounded), Effect("requests.connections_per_user", Self.connectionsOfAUser),
            Effect("requests.idle", Self.anIdleClientIsDropped),
            Effect("images.size") { daemon in
                let tar = try Self.tar("big", "head -c 70000000 /dev/zero > big", daemon)
                let result = try daemon.berth(["image", "import", tar, "big"])
                #expect(result.status == 1 && result.errorLines.count == 1, "\(result)")
            },
            Effect("images.files") { daemon in
                let tar = try Self.tar("many", "for i in $(seq 2100); do : > $i; done", daemon)
                let result = try daemon.berth(["image", "import", tar, "many"])
                #expect(result.status == 1 && result.errorLines.count == 1, "\(result)")
            },
        ]

        private static func node(_ daemon: TestDaemon) throws -> JSONValue {
            try #require(JSONValue(try daemon.berth("node --json").output))
        }

        /// What a job with an instance of the named resource prints.
        private static func prints(_ text: String, _ script: String, _ daemon: TestDaemon) throws {
            let result = try daemon.runToEnd(script: script, ["--resource", "port=1"])
            #expect(result.output == text + "\n", "\(result)")
        }

        private static func tar(_ name: String, _ script: String, _ daemon: TestDaemon) throws -> String {
            let folder = try daemon.place.directory("image-\(name)")
            try Command(["sh", "-c", "cd \(folder) && \(script) && tar -cf ../\(name).tar ."]).run()
            return daemon.place("\(name).tar")
        }

        // MARK: Connections

        /// How many of `count` connections are closed at once by the daemon; all are closed at the end.
        private static func closed(_ count: Int, _ daemon: TestDaemon) throws -> Int {
            let connections = try (0..<count).map { _ in try Descriptor.connect(to: daemon.socket) }
            sleepBlocking(nanoseconds: 500_000_000)
            return try connections.count { connection in
                try connection.setNonBlocking()
                guard let answer = try? connection.read(upTo: 4096), !answer.isEmpty else { return false }
                let text = String(decoding: answer, as: UTF8.self)
                #expect(text.hasPrefix("HTTP/1.1 ") && text.contains("accepted are at most"), "\(text)")
                do throws(SystemError) { return try connection.read(upTo: 1).isEmpty } catch { return !error.wouldBlock }
            }
        }

        private static func connectionsAreBounded(_ daemon: TestDaemon) throws {
            #expect(try closed(16, daemon) >= 4)
            #expect(try daemon.berth("node").status == 0, "others may connect again")
        }

        /// Four clients of one user follow events; there is no room for a fifth, but for others.
        private static func connectionsOfAUser(_ daemon: TestDaemon) throws {
            let followers = try (0..<4).map { _ in try daemon.command(["events"], as: .second, in: "/").start() }
            defer {
                for follower in followers {
                    follower.signal(9)
                    _ = try? follower.finish()
                }
            }
            sleepBlocking(nanoseconds: 1_000_000_000)
            let refused = try daemon.berth("node", as: .second, in: "/")
            #expect(refused.status == 1 && refused.errors.contains("has 4, accepted are at most 4 of one user"), "\(refused)")
            #expect(try daemon.berth("node", as: .first, in: "/").status == 0)
        }

        private static func anIdleClientIsDropped(_ daemon: TestDaemon) throws {
            let silent = try Descriptor.connect(to: daemon.socket)
            let half = try Descriptor.connect(to: daemon.socket)
            try half.write("POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            // One that waits for what is to come is not idle.
            let id = try daemon.submit(["--no-cwd", "--", "sleep", "9"])
            let waiting = try daemon.command(["wait", id]).start()
            let following = try daemon.command(["logs", "-f", id]).start()
            for connection in [silent, half] { #expect(try Self.end(of: connection), "dropped within 15 s") }
            #expect(try waiting.finish().status == 0)
            #expect(try following.finish().status == 0)
        }

        /// Whether the daemon closes a connection within some time; what it says before does not count.
        private static func end(of connection: Descriptor) throws -> Bool {
            try connection.setNonBlocking()
            return TestSupport.poll(seconds: 15) {
                do throws(SystemError) { return try connection.read(upTo: 4096).isEmpty ? true : nil } catch { return error.wouldBlock ? nil : true }
            } ?? false
        }
    }

    /// `berthd.yaml`: what one user may have.
    @Suite(
        .daemon(
            whole: { daemon in
                daemon.places + """
                    defaults: {memory_per_core: 32M, scratch: 16M}
                    per_user: {active_tasks: 1, active_cores: 1, active_memory: 150M, pending_tasks: 4}
                    """
            }))
    struct UserLimitKeyTests {
        @Test(arguments: Self.effects) func has(_ effect: Effect) async throws { try await effect.check(try .required()) }

        static let effects: [Effect] = [
            .wait("per_user.active_tasks", [], "1 task is active, at most 1 may (active_tasks)"),
            .refusal("per_user.active_cores", ["--cores", "2"], "at most 1 is allowed (active_cores)"),
            .refusal("per_user.active_memory", ["--memory", "160M"], "at most 150M is allowed (active_memory)"),
            .refusal("per_user.pending_tasks", ["--array", "1-5"], "at most 4 may (pending_tasks)"),
        ]
    }
}
