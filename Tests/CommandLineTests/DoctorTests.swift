import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// `berth doctor` finds what is wrong, and the command that it prints mends it: each is run here as it is printed.
    @Suite struct DoctorTests {
        private struct Check {
            let state: String
            let detail: String
            let remedy: String?
        }

        /// What it says, by name.
        private func doctor(_ daemon: TestDaemon, _ status: Int32? = nil) throws -> [String: Check] {
            let result = try daemon.berth(["doctor", "--json", "--config", daemon.configurationFile], in: "/")
            if let status { #expect(result.status == status, "\(result)") }
            let checks = try #require(JSONValue(result.output))["checks"].list.map { check in
                (check["name"].text ?? "", Check(state: check["state"].text ?? "", detail: check["detail"].text ?? "", remedy: check["remedy"].text))
            }
            return Dictionary(checks) { first, _ in first }
        }

        /// Runs a remedy as an administrator does who reads it.
        private func mend(_ check: Check?) throws {
            let remedy = try #require(check?.remedy)
            let command = String(remedy.split(separator: "    (").first ?? "").replacing("apt-get install -y sqlite3 && ", with: "")
            let result = try Command(["/bin/sh", "-c", command]).run()
            #expect(result.status == 0, "\(result)")
        }

        @Test("A full disk", .enabled(if: SmallDisk.isThere, "needs root, loop devices and mkfs.ext4")) func full() throws {
            let daemon = try TestDaemon()
            let disk = try SmallDisk(image: daemon.place("disk"), at: daemon.state, mebibytes: 300)
            do {
                try daemon.start()
                try daemon.prepare()
                let healthy = try doctor(daemon)
                for name in ["state directory", "disk", "disk reserve", "database"] { #expect(healthy[name]?.state == "ok", "\(healthy)") }
                for (kind, word) in [("bytes", "free on the disk of \(disk.path)"), ("inodes", "\(disk.path) is full: room for")] {
                    if kind == "bytes" {
                        try Descriptor.workingDirectory.makeDirectory("\(disk.path)/logs/901", mode: 0o700)
                        try disk.fillOnce("logs/901/901-1.log")
                    } else {
                        try disk.fillInodes("logs/902")
                    }
                    let all = try doctor(daemon, 1)
                    #expect(all.filter { $0.value.state == "broken" }.map(\.key) == ["state directory"], "told once: \(all)")
                    let found = all["state directory"]
                    #expect(found?.detail.hasPrefix("nothing starts: ") == true, "\(String(describing: found))")
                    #expect(found?.detail.contains(word) == true && found?.detail.contains("ext4") == true, "\(String(describing: found))")
                    // These are of today, and would stay.
                    try mend(found)
                    #expect(try doctor(daemon, 1)["state directory"]?.state == "broken")
                    let aged = try Command(["find", disk.path + "/logs", "-name", "*.log", "-exec", "touch", "-d", "10 days ago", "{}", "+"]).run()
                    #expect(aged.status == 0, "\(aged)")
                    try mend(found)
                    #expect(try doctor(daemon)["state directory"]?.state == "ok")
                    #expect(try daemon.runToEnd(script: "true", ["--cpu", "0.2"]).status == 0)
                }
            } catch { Issue.record("\(error)\n\(daemon.log.suffix(3000))") }
            for finding in try daemon.end(unmounting: disk) { Issue.record("left behind: \(finding)") }
        }

        @Test("A configuration that is not there is told with its path and errno, and nothing of ours") func noConfiguration() throws {
            let result = try Command([Programs.path("berth"), "doctor", "--config", "/nope"], environment: ["BERTH_SOCKET": "/nope.sock"]).run()
            #expect(result.status == 1 && result.output.contains("/nope: ENOENT") && !result.output.contains("CommandFailure"), "\(result)")
        }

        @Test("A daemon that was killed, one that nobody reaches, and a damaged database") func withoutADaemon() throws {
            let daemon = try TestDaemon()
            do {
                #expect(try doctor(daemon, 1)["state directory"]?.detail.contains("is made by the first start") == true)
                try daemon.start()
                try daemon.prepare()
                let job = try daemon.runToEnd(script: "echo kept", ["--cpu", "0.2"])
                #expect(job.output == "kept\n", "\(job)")

                // Its socket was taken away: another start would only be refused.
                try Descriptor.workingDirectory.unlink(daemon.socket)
                let deaf = try doctor(daemon, 1)["daemon"]
                #expect(deaf?.state == "broken" && deaf?.detail.contains("pid \(daemon.pid)") == true, "\(String(describing: deaf))")
                try mend(deaf)
                eventually("it is gone") { !daemon.isAlive }
                try daemon.restart()

                try daemon.kill()
                let stale = try doctor(daemon, 1)
                #expect(stale["socket"]?.detail == "\(daemon.socket) is stale: nobody listens on it" && stale["socket"]?.remedy != nil, "\(stale)")
                #expect(stale["daemon"]?.state == "missing" && stale["database"]?.state == "ok", "\(stale)")
                try daemon.start()
                _ = try daemon.stop()

                // The first page of the table that nothing is lost with.
                let name = daemon.state + "/berth.db"
                let root = try Command(["sqlite3", name, "SELECT rootpage FROM sqlite_schema WHERE name = 'events'"]).run()
                let page = try #require(Int(root.line), "\(root)")
                try Descriptor.open(name, [.writeOnly]).write([UInt8](repeating: 0x5A, count: 512), at: Int64(4096 * (page - 1)))
                let damaged = try doctor(daemon, 1)["database"]
                #expect(damaged?.state == "broken" && damaged?.detail.contains("\(name): damaged") == true, "\(String(describing: damaged))")
                try mend(damaged)
                #expect(try doctor(daemon)["database"]?.state == "ok")
                try daemon.start()
                #expect(try daemon.berth("list --all --quiet").output.isEmpty == false)
                #expect(try daemon.runToEnd(script: "true", ["--cpu", "0.2"]).status == 0)
            } catch { Issue.record("\(error)\n\(daemon.log.suffix(3000))") }
            for finding in try daemon.end() { Issue.record("left behind: \(finding)") }
        }
    }
}
