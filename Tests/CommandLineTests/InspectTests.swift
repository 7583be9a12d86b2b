import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// `berth inspect`: what it shows, what the job notices of it, who may.
    @Suite struct InspectTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private func stand(as user: TestUser? = nil) throws -> (id: String, log: String) {
            let id = try daemon.submit(["--no-cwd", "--memory", "64M", "--", "probe", "stand", "/tmp/file"], as: user)
            return (id, try daemon.awaitLog(id, "ready"))
        }

        private func end(_ id: String) throws {
            try daemon.berth(["cancel", "--now", id])
            _ = try daemon.berth(["wait", "--timeout", "60s", id])
        }

        @Test func itShowsWhatAJobDoes() throws {
            let (id, _) = try stand(as: .first)
            defer { try? end(id) }
            let result = try daemon.berth(["inspect", "--json", id], as: .first)
            let reply = try #require(JSONValue(result.output), "\(result)")
            #expect(reply["frozen"].flag == true && (reply["frozenMicroseconds"].number ?? 0) > 0 && reply["notes"].list.isEmpty, "\(result)")
            #expect(reply["processes"].list.count == 1, "\(result)")
            let process = reply["processes"][0]
            #expect(process["command"].list.map(\.text) == ["probe", "stand", "/tmp/file"] && process["executable"].text == "/bin/probe")
            #expect(process["user"].number == Int(TestUser.first.uid) && process["name"].text == "a\u{1B}[2Jb\nc)")
            let threads = process["threads"].list
            #expect(threads.count == 3, "\(process)")
            let calls = Set(threads.compactMap { $0["call"]["name"].text })
            #expect(calls.contains("pause") && calls.contains("read"), "\(threads)")
            for thread in threads {
                #expect((thread["programCounter"].number ?? 0) > 0 && (thread["stackPointer"].number ?? 0) > 0, "\(thread)")
                // Where it waited before it was frozen, not the freezer.
                #expect(!"\(thread)".contains("refrigerator") && !"\(thread)".contains("get_signal"), "\(thread)")
            }
            let reader = try #require(threads.first { $0["call"]["name"].text == "read" })
            #expect(reader["state"].text == "S" && reader["waitsIn"].text?.contains("pipe") == true, "\(reader)")
            #expect(reader["kernelStack"].list.first?.text?.contains("pipe") == true, "\(reader)")
            #expect(threads.contains { $0["call"]["name"].text == nil && $0["state"].text == "R" }, "\(threads)")
            let files = process["files"].list
            let listener = try #require(files.first { $0["kind"].text == "socket" })
            #expect(listener["socket"]["local"].text == "127.0.0.1:4711" && listener["socket"]["state"].text == "LISTEN", "\(files)")
            let file = try #require(files.first { $0["path"].text == "/tmp/file" })
            #expect(file["position"].number == 5 && (file["flags"].number ?? 0) & 0o2003 == 0o2002, "\(file)")
            #expect(files.contains { $0["kind"].text == "pipe" })
            #expect((process["memory"]["resident"].number ?? 0) > 0 && !process["memory"]["largest"].list.isEmpty)
            let maps = process["memory"]["maps"].list
            #expect(maps.contains { $0["what"].text == "/bin/probe" && $0["rights"].text == "r-xp" && ($0["start"].number ?? 0) > 0 }, "\(maps)")
            #expect(try daemon.taskState(id) == "running")
        }

        /// The job's words are not obeyed by a terminal, and stay on their line.
        @Test func itsTextIsHarmless() throws {
            let (id, _) = try stand()
            defer { try? end(id) }
            let text = try daemon.berth(["inspect", id])
            #expect(text.status == 0 && text.output.contains(#"a\x1b[2Jb\nc)  sleeps, user"#), "\(text)")
            #expect(text.output.contains("command    probe stand /tmp/file\n") && text.output.contains("tcp 127.0.0.1:4711 LISTEN"), "\(text)")
            #expect(text.output.contains("file 6 rw,append  /tmp/file at 5\n") && text.output.contains("kernel stack: "), "\(text)")
            let maps = try daemon.berth(["inspect", "--maps", id])
            #expect(maps.output.contains(" r-xp 0x1000  ") && maps.output.contains("  [stack]\n"), "\(maps)")
            #expect(text.output.contains("waits in ") && !text.output.contains("\u{1B}"), "\(text)")
        }

        /// It is frozen, not stopped; nobody traces it; no call of it fails but those that any freezer and any SIGSTOP cut off (signal(7),
        /// "interruption of system calls by stop signals").
        @Test func theJobDoesNotNotice() throws {
            let id = try daemon.submit(["--no-cwd", "--memory", "64M", "--", "probe", "notice"])
            defer { try? end(id) }
            try daemon.awaitLog(id, "ready")
            for _ in 0..<4 {
                let seen = try daemon.berth(["inspect", "--json", id])
                #expect(JSONValue(seen.output)?["frozen"].flag == true, "\(seen)")
                #expect(try daemon.berth(["inspect", "--core", daemon.place("core"), id]).status == 0)
            }
            let ticks = try daemon.berth(["logs", id]).output.count
            eventually("it goes on") { ((try? daemon.berth(["logs", id]).output.count) ?? 0) > ticks + 10 }
            let log = try daemon.berth(["logs", id]).output
            #expect(Set(log.split(separator: "\n")).subtracting(["epoll_wait EINTR", "recv EINTR"]) == ["ready", "tick"], "\(log)")
            let shown = try daemon.show(id)
            #expect(shown["holds"].list.isEmpty && (shown["attempts"][-1]["pausedFor"].number ?? 0) < 30_000, "\(shown)")
        }

        @Test func itsMemoryIsACoreFile() throws {
            let (id, log) = try stand(as: .first)
            defer { try? end(id) }
            let path = "\(try daemon.place.directory("cores-\(id)", owner: .first))/core"
            let made = try daemon.berth(["inspect", "--core", path, id], as: .first)
            #expect(made.status == 0 && made.output.isEmpty, "\(made)")
            #expect(made.errors.contains("of each thread's registers only program counter and stack pointer are here"), "\(made)")
            #expect(made.errors.contains("bytes are missing: a page of the kernel's"), "\(made)")
            let mode = try Command(["stat", "-c", "%a %U", path]).run()
            #expect(mode.line == "600 \(TestUser.first.name)")
            let piped = try daemon.berth(["inspect", "--core", "-", id], as: .first)
            #expect(piped.status == 0 && piped.output.hasPrefix("\u{7F}ELF") && piped.output.contains("needle in memory and nowhere else"))
            let address = try #require(log.split(separator: "\n").first { $0.hasPrefix("needle ") }?.split(separator: " ").last)
            try expectCore(path, of: id, holds: "needle in memory and nowhere else", at: String(address))
            if Programs.exists("/usr/bin/readelf") {
                let parts = try Command(["readelf", "--wide", "--program-headers", "--notes", path]).run()
                #expect(parts.status == 0 && parts.output.contains("CORE (Core file)"), "\(parts)")
                #expect(parts.output.components(of: "NT_PRSTATUS") == 3 && parts.output.contains("NT_FILE") && parts.output.contains("BERTH"))
            }
            guard Programs.exists("/usr/bin/gdb") else { return }
            let commands = ["info threads", "x/s \(address)", "print $pc != 0 && $sp != 0", "print $rbx"]
            let read = try Command(["gdb", "-nx", "-batch"] + commands.flatMap { ["-ex", $0] } + ["-core", path]).run()
            #expect(read.output.contains("\"needle in memory and nowhere else\""), "\(read)")
            #expect(read.output.components(of: "LWP ") >= 6 && read.output.contains("$1 = 1"), "\(read)")
        }

        /// The bytes of a known address, and of each thread what a look tells of it.
        private func expectCore(_ path: String, of id: String, holds text: String, at address: String) throws {
            let core = try #require(CoreReader(try readFile(path)))
            let place = try #require(UInt64(address.dropFirst(2), radix: 16))
            #expect(core.memory(at: place, count: UInt64(text.utf8.count)).map { String(decoding: $0, as: UTF8.self) } == text)
            let seen = try #require(JSONValue(try daemon.berth(["inspect", "--json", id], as: .first).output))["processes"][0]["threads"].list
            #expect(core.threads.count == 3)
            #expect(core.threads.map(\.id).sorted() == seen.compactMap { $0["id"].number.map(Int32.init) }.sorted())
            #expect(!core.threads.contains { !$0.isBare })
            // Those that wait stand where they stood.
            for thread in seen where thread["state"].text != "R" {
                let found = try #require(core.threads.first { Int($0.id) == thread["id"].number })
                #expect(found.programCounter == UInt64(thread["programCounter"].number ?? 0), "\(thread)")
                #expect(found.stackPointer == UInt64(thread["stackPointer"].number ?? 0), "\(thread)")
            }
            #expect(core.files.contains("/bin/probe") && core.notes.contains("CORE 3") && core.notes.contains("CORE 6"), "\(core.notes)")
        }

        @Test func theProcessOfACoreIsChosen() throws {
            let id = try daemon.submit(script: "probe stand /tmp/file & echo up; wait")
            defer { try? end(id) }
            try daemon.awaitLog(id, "ready")
            let processes = try #require(JSONValue(try daemon.berth(["inspect", "--json", id]).output))["processes"].list
            let shell = try #require(processes.first { $0["executable"].text != "/bin/probe" })
            let probe = try #require(processes.first { $0["executable"].text == "/bin/probe" })
            #expect(probe["parent"].number == shell["id"].number, "\(processes)")
            let number = try #require(probe["id"].number)
            let of = { (words: [String]) in try daemon.berth(["inspect", "--core", "-"] + words + [id]).output.contains("needle in memory and") }
            #expect(try of(["--process", "\(number)"]) && !of([]))
            let nobody = try daemon.berth(["inspect", "--core", daemon.place("never"), "--process", "99999", id])
            #expect(nobody.status == 1 && nobody.errors == "berth: inspect of job \(id): the job has no process 99999\n", "\(nobody)")
            #expect(!Programs.exists(daemon.place("never")))
        }

        @Test func aPausedJobStaysPaused() throws {
            let (id, _) = try stand()
            defer { try? end(id) }
            try daemon.berth(["pause", id])
            let paused = try daemon.berth(["inspect", id])
            #expect(paused.status == 0 && paused.output.contains("#1, paused, 1 process\n"), "\(paused)")
            #expect(try daemon.taskState(id) == "paused")
            #expect(try daemon.berth(["resume", id]).status == 0)
            try daemon.await(id, "running")
            let running = try daemon.berth(["inspect", "--no-freeze", id])
            #expect(running.status == 0 && running.output.contains("#1, as it ran, 1 process\n"), "\(running)")
        }

        /// contract §8: the owner, root; operators where the configuration says so. Each look of another is audited.
        @Test func whoMayLook() throws {
            let (id, _) = try stand(as: .first)
            defer { try? end(id) }
            for words in [["inspect", id], ["inspect", "--core", "-", id]] {
                let other = try daemon.berth(words, as: .second)
                #expect(other.status == 1 && other.output.isEmpty && other.errors.contains("it belongs to another user"), "\(other)")
                let member = try daemon.berth(words, as: .operator_)
                #expect(member.status == 1 && member.output.isEmpty && member.errors.contains("inspect_by_operators is not set"), "\(member)")
                #expect(try daemon.berth(words, as: .first).status == 0)
            }
            let events = { try daemon.berth("events --json --no-follow --after 0 \(id)").output }
            #expect(try !events().contains("audit"))
            #expect(try daemon.berth(["inspect", id]).status == 0 && daemon.berth(["inspect", "--core", "-", id]).status == 0)
            let told = try events()
            #expect(told.contains("inspect of \(id) by user 0 (root)") && told.contains("inspect with core of \(id) by user 0 (root)"), "\(told)")
        }

        @Test func whatCannotBeLookedAt() throws {
            let held = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            let done = try daemon.submit(["--no-cwd", "--", "true"])
            _ = try daemon.berth(["wait", done])
            for (words, text) in [
                ([held], "berth: inspect of job \(held): it has not started\n"), ([done], "berth: inspect of job \(done): it has finished\n"),
                (["99999999"], "berth: no job 99999999\n"), (["--process", "7", held], "berth: --process: accepted with --core\n"),
                (["--core", "x", "--json", held], "berth: --json and --core: found both, accepted is one of them\n"),
                (["--core", "x", "--maps", held], "berth: --maps and --core: found both, accepted is one of them\n"),
            ] {
                let result = try daemon.berth(["inspect"] + words)
                #expect([1, 2].contains(result.status) && result.errors == text, "\(result)")
            }
            try daemon.berth(["cancel", held])
        }

        /// A process that waits for a file system that does not answer: the job does not freeze, and is looked at as it runs.
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"))
        func aStuckFileSystemHoldsNothingUp() throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            let id = try daemon.submitWaiting(for: stuck, as: .first)
            let result = try daemon.berth(["inspect", "--json", id], as: .first, seconds: 60)
            let reply = try #require(JSONValue(result.output), "\(result)")
            #expect(reply["frozen"].flag == false && reply["notes"][0].text?.contains("waits in ") == true, "\(result)")
            let cat = try #require(reply["processes"].list.first { $0["command"][0].text == "cat" })
            #expect(cat["threads"][0]["waitsIn"].text?.contains("request_wait_answer") == true, "\(cat)")
            let before = try daemon.berth(["logs", id]).output.count
            eventually("the others go on") { ((try? daemon.berth(["logs", id]).output.count) ?? 0) > before + 5 }
            stuck.answer()
            try end(id)
        }

        /// A file is mapped whose file system answers no read: nobody waits for its pages, neither when the job leaves them alone nor when a
        /// process of it waits for one of them itself and cannot be frozen.
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"), arguments: [false, true])
        func aMappedFileOfAStuckFileSystemHoldsNothingUp(touched: Bool) throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            let words = ["probe", "map", "/stuck/readable"] + (touched ? ["touch"] : [])
            let id = try daemon.submit(["--no-cwd", "--memory", "64M", "--mounts", "\(stuck.path):/stuck:ro", "--"] + words, as: .first)
            try daemon.awaitLog(id, "tick")
            if touched { try #require(stuck.isWaitedFor(within: 20)) }
            let result = try daemon.berth(["inspect", "--json", id], as: .first, seconds: 60)
            let reply = try #require(JSONValue(result.output), "\(result)")
            #expect(reply["frozen"].flag == !touched && reply["processes"].list.count == (touched ? 2 : 1), "\(result)")
            for process in reply["processes"].list {
                #expect(process["memory"]["largest"].list.contains { $0["what"].text == "/stuck/readable" }, "\(process)")
            }
            let made = try daemon.berth(["inspect", "--core", "-", id], as: .first, seconds: 60)
            #expect(made.status == 0 && made.output.hasPrefix("\u{7F}ELF"), "\(made.errors)")
            #expect(made.errors.contains("65536 bytes are missing: a file of fuse.stuck"), "\(made.errors)")
            #expect(made.errors.contains("the job ran on meanwhile") == touched, "\(made.errors)")
            let before = try daemon.berth(["logs", id]).output.count
            eventually("it goes on") { ((try? daemon.berth(["logs", id]).output.count) ?? 0) > before + 5 }
            stuck.answer()
            try end(id)
        }

        /// The daemon is killed while a job stands still for a core that nobody takes: the next one lets it go on.
        @Test func aKilledDaemonLeavesNoJobStanding() throws {
            let script = "(while true; do echo tick; sleep 0.1; done) & probe eat 40 stay"
            let id = try daemon.submit(script: script, ["--memory", "64M"])
            try daemon.awaitLog(id, "held 40")
            let process = try #require(JSONValue(try daemon.berth(["inspect", "--json", id]).output))["processes"].list
                .first { $0["executable"].text == "/bin/probe" }
            let connection = try RawHTTP(daemon)
            defer { connection.socket.close() }
            let number = try #require(process?["id"].number)
            try connection.send("GET /v1/jobs/\(id)/inspect?core=1&process=\(number) HTTP/1.1\r\nHost: berth\r\n\r\n")
            let log = { (try? daemon.berth(["logs", id]).output.count) ?? 0 }
            var last = log()
            eventually("it stands still") {
                sleepBlocking(nanoseconds: 400_000_000)
                defer { last = log() }
                return log() == last
            }
            #expect(try daemon.taskState(id) == "running")
            try daemon.restart()
            let before = log()
            eventually("it goes on") { log() > before + 10 }
            #expect(try daemon.taskState(id) == "running")
            try end(id)
        }
    }
}

extension String {
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
