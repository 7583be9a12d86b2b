import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// From inside, as root with every capability a job can have, and as the submitter: one check for each attack (contract §7 and §8).
    @Suite(.daemon, .enabled(if: Programs.exists("/usr/bin/gcc"), "needs a C compiler")) struct AttackTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        @Test(arguments: AttackSource.names, [true, false])
        func nothingIsLetThrough(name: String, asRoot: Bool) throws {
            // As root inside: it is nobody there, and another user's files stay that one's.
            if name == "binds", !asRoot { return }
            let mark = "attack-\(name)-\(UInt32.random(in: 0 ... .max))"
            let bind = try daemon.place.directory(mark, owner: .first)
            try daemon.place.write("\(mark)/mine", "mine\n", owner: .second)
            try daemon.place.write("\(mark)/private", "private\n", mode: 0o600, owner: .second)
            let before = try state(of: bind)
            var words = ["--mounts", "\(bind):/bind", "--memory", "256M"] + (asRoot ? ["--user", "0"] : [])
            if name == "socket-directory" { words += ["--api", "--batch", "attack"] }
            let id = try daemon.submit(script: "probe attack \(name); echo up; \(name == "group" ? "sleep 2" : "true")", words, as: .first)
            if name == "group" { try nobodyLeaves(id) }
            let waited = try daemon.berth(["wait", id])
            #expect(waited.status == 0, "\(name): \(waited)")
            let log = try daemon.berth(["logs", id]).output
            let lines = log.split(separator: "\n").map(String.init)
            #expect(lines.contains("done \(name)") && lines.last == "up", "\(log)")
            for line in lines where line.hasSuffix(" ok") { Issue.record("\(line)") }
            if name == "prlimit-each-id" { #expect(lines.contains { $0.hasPrefix("became \(asRoot ? 65536 : 1) ids") }, "\(log)") }
            #expect(try daemon.outcome(id)["kind"].text == "succeeded")
            #expect(try state(of: bind) == before)
            #expect(try Command(["stat", "-c", "%a %F", daemon.socket]).run().line == "666 socket")
        }

        private func state(of directory: String) throws -> String {
            try Command(["find", directory, "-printf", "%P %i %m %U %G %n %s %T@ %C@\\n"]).run().output
        }

        /// Wherever its processes went by forks, sessions and process groups, the job's group has them.
        private func nobodyLeaves(_ id: String) throws {
            try daemon.awaitLog(id, "up")
            let inside = Set(try daemon.processes(of: id))
            let attempt = try daemon.show(id)["attempts"][-1]
            let monitor = try #require(attempt["pid"].number)
            let namespace = try readLink("/proc/\(monitor)/ns/pid")
            var seen = 0
            for name in try Descriptor.open("/proc", [.readOnly, .directory]).names() {
                guard let pid = Int32(name), (try? readLink("/proc/\(pid)/ns/pid")) == namespace else { continue }
                seen += 1
                #expect(inside.contains(pid), "process \(pid) left: \((try? readTextFile("/proc/\(pid)/cgroup")) ?? "")")
            }
            #expect(seen >= 5, "PID 1, the shell, its sleep and three that were left behind")
        }
    }
}
