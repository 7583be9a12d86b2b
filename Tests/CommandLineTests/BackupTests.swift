import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// `berth backup` while jobs come and go, and a daemon started on what it wrote.
    @Suite struct BackupTests {
        private func replaceDatabase(of daemon: TestDaemon, by file: String) throws {
            let state = try Descriptor.open(daemon.state, [.readOnly, .directory])
            for name in ["berth.db", "berth.db-wal", "berth.db-shm"] { try? state.unlink(name) }
            let result = try Command(["install", "-m", "0600", file, daemon.state + "/berth.db"]).run()
            #expect(result.status == 0, "\(result)")
        }

        @Test func aDaemonStartsOnABackup() throws {
            let daemon = try TestDaemon()
            try daemon.start()
            try daemon.prepare()
            let done = try daemon.submit(["--name", "done", "--no-cwd", "--", "true"], as: .first)
            _ = try daemon.berth(["wait", done])
            let held = try daemon.submit(["--hold", "--name", "held", "--no-cwd", "--", "true"], as: .second)
            // Submits that are under way at that moment are in it or not, each whole.
            let stream = try Command(
                [
                    "sh", "-c",
                    "i=0; while [ $i -lt 20 ]; do \(Programs.path("berth")) submit --quiet --hold --no-cwd -- true || exit 1; i=$((i+1)); done",
                ],
                environment: ["BERTH_SOCKET": daemon.socket]
            ).start()
            let file = daemon.place("backup.db")
            let made = try daemon.berth(["backup", file])
            #expect(made.status == 0 && made.output.isEmpty && made.errors.isEmpty, "\(made)")
            #expect(try stream.finish(seconds: 60).status == 0)
            #expect(try Descriptor.open(file, [.path]).status().permissions == 0o600)
            let later = try daemon.submit(["--name", "later", "--no-cwd", "--", "true"])
            _ = try daemon.berth(["wait", later])
            let known = try daemon.berth(["report", "--json", done], as: .first).output

            try daemon.stop()
            try replaceDatabase(of: daemon, by: file)
            try daemon.start()
            #expect(daemon.log.contains("started on a backup"))
            let rows = try daemon.berth(["list", "--all", "--all-users", "--json"]).output
            #expect(rows.contains(#""done""#) && rows.contains(#""held""#) && !rows.contains(#""later""#), "\(rows)")
            #expect(try daemon.berth(["report", "--json", done], as: .first).output.contains(#""attempts""#) && known.contains(#""attempts""#))
            // The number of a job that has a log is not given out again.
            let next = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            #expect(try #require(Int(next)) > #require(Int(later)))
            _ = try daemon.berth(["release", held], as: .second)
            #expect(try daemon.berth(["wait", "--timeout", "60s", held], as: .second).status == 0, "what waited runs")
            // Taken over once: the next start is an ordinary one.
            try daemon.restart()
            #expect(daemon.log.components(separatedBy: "started on a backup").count == 2)
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }

        /// As docs/operations.md has it: with nothing running the directory may be put elsewhere.
        @Test func theStateDirectoryMoves() throws {
            let daemon = try TestDaemon()
            try daemon.start()
            try daemon.prepare()
            let done = try daemon.submit(["--no-cwd", "--", "echo", "kept"])
            let held = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            _ = try daemon.berth(["wait", done])
            try daemon.stop()
            func move(_ from: String, _ to: String) throws {
                #expect(try Command(["mv", from, to]).run().status == 0)
                let text = try readTextFile(daemon.configurationFile)
                try daemon.place.write("etc/berthd.yaml", text.replacing("\(from)/", with: "\(to)/").replacing("\(from)\n", with: "\(to)\n"))
            }
            try move(daemon.state, daemon.place("elsewhere"))
            try daemon.start()
            #expect(try daemon.berth(["logs", done]).output == "kept\n")
            _ = try daemon.berth(["release", held])
            #expect(try daemon.berth(["wait", "--timeout", "60s", held]).status == 0, "the image and the scratch are found")
            try daemon.stop()
            try move(daemon.place("elsewhere"), daemon.state)
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }

        @Test func whatIsThereIsNotWrittenOver() throws {
            let daemon = try TestDaemon()
            try daemon.start()
            try daemon.prepare()
            let file = daemon.place("precious")
            try daemon.place.write("precious", "mine")
            let taken = try daemon.berth(["backup", file])
            #expect(taken.status != 0 && taken.errorLines.count == 1 && taken.errors.contains(file), "\(taken)")
            #expect(try readTextFile(file) == "mine")
            // What is wrong is said, and no more.
            let nowhere = try daemon.berth(["backup", daemon.place("none/backup.db")])
            #expect(nowhere.errors.contains("ENOENT") && !nowhere.errors.contains("accepted"), "\(nowhere)")
            // Operators alone, and nothing is left of the attempt.
            let other = daemon.place("work/backup.db")
            let denied = try daemon.berth(["backup", other], as: .first)
            #expect(denied.status != 0 && denied.errorLines.count == 1 && denied.errors.contains("is not an operator"), "\(denied)")
            #expect(!Programs.exists(other))
            let piped = try Command(
                ["sh", "-c", "\(Programs.path("berth")) backup - | head -c 15"], environment: ["BERTH_SOCKET": daemon.socket]
            ).run()
            #expect(piped.output == "SQLite format 3", "\(piped)")
            // A copy that a killed daemon left goes with the next start.
            _ = try Descriptor.open(daemon.state + "/berth.db.copy-1", [.writeOnly, .create], mode: 0o600)
            try daemon.restart()
            let names = try Descriptor.open(daemon.state, [.readOnly, .directory]).names()
            #expect(!names.contains { $0.hasPrefix("berth.db.copy-") }, "\(names)")
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }
    }

    /// What a service manager hears.
    @Suite struct ServiceManagerTests {
        @Test func readinessLifeAndEndAreTold() throws {
            let daemon = try TestDaemon()
            // A manager that writes down what it is told, a line a message.
            let code = """
                import socket, sys
                s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1])
                out = open(sys.argv[2], 'a', buffering=1)
                while True: out.write(s.recv(4096).decode())
                """
            let (path, heard) = (daemon.place("notify"), daemon.place("heard"))
            let manager = try Command(["python3", "-c", code, path, heard]).start()
            #expect(poll(seconds: 30) { Programs.exists(path) ? true : nil } == true)
            func lines() -> [String] { ((try? readTextFile(heard)) ?? "").split(separator: "\n").map(String.init) }
            try daemon.start(wrapper: ["/usr/bin/env", "NOTIFY_SOCKET=\(path)", "WATCHDOG_USEC=200000"])
            #expect(poll(seconds: 30) { lines().filter { $0 == "WATCHDOG=1" }.count > 3 ? true : nil } == true, "\(lines())")
            #expect(lines().contains("READY=1"))
            // A daemon that stands still says nothing.
            try daemon.signal(19)
            sleepBlocking(nanoseconds: 300_000_000)
            let before = lines().count
            sleepBlocking(nanoseconds: 1_000_000_000)
            #expect(lines().count == before)
            try daemon.signal(18)
            #expect(poll(seconds: 30) { lines().count > before ? true : nil } == true)
            try daemon.stop()
            #expect(poll(seconds: 30) { lines().last == "STOPPING=1" ? true : nil } == true, "\(lines().suffix(3))")
            manager.signal(9)
            _ = try manager.finish()
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }
    }
}
