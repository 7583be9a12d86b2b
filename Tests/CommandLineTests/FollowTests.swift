import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// `berth logs -f` follows across restarts of berthd.
    @Suite struct FollowTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private let counting = "n=0; while [ $n -lt 40 ]; do n=$((n+1)); echo line $n; sleep 0.1; done"
        private var expected: String { (1...40).map { "line \($0)\n" }.joined() }

        @Test func logsGoOnAcrossARestart() throws {
            let id = try daemon.submit(script: counting)
            try daemon.awaitLog(id, "line 3")
            let following = try daemon.command(["logs", "-f", id]).start()
            eventually("it follows") { following.output.contains("line 5") }
            try daemon.kill()
            sleepBlocking(nanoseconds: 500_000_000)
            try daemon.start()
            let result = try following.finish(seconds: 60)
            #expect(result.status == 0 && result.output == expected, "\(result)")
        }

        @Test func eventsGoOnAcrossARestart() throws {
            let following = try daemon.command(["events", "--json", "--kind", "submitted,finished"]).start()
            sleepBlocking(nanoseconds: 700_000_000)
            let first = try daemon.submit(["--no-cwd", "--", "true"])
            _ = try daemon.berth(["wait", first])
            try daemon.restart()
            let second = try daemon.submit(["--no-cwd", "--", "true"])
            _ = try daemon.berth(["wait", second])
            func found() -> [Int] {
                following.output.split(separator: "\n").compactMap { line in
                    let event = JSONValue(String(line))?["event"]
                    return event?["sequence"].number
                }
            }
            eventually("all four are seen") { found().count >= 4 }
            following.signal(15)
            _ = try following.finish()
            #expect(found() == found().sorted() && Set(found()).count == found().count)
        }

        /// `run` goes on too: a client whose daemon restarts still returns the job's own status.
        @Test func runGoesOnAcrossARestart() throws {
            let running = try daemon.command(["run", "--no-cwd", "--wrap", counting + "; exit 6"]).start()
            eventually("it streams") { running.output.contains("line 3") }
            try daemon.restart()
            let result = try running.finish(seconds: 60)
            #expect(result.status == 6, "\(result)")
            #expect(result.output == expected, "\(result)")
        }

        /// A task that waits for its next try has a log all the same; its attempts are told apart.
        @Test func logsOfATaskThatIsTriedAgain() throws {
            let id = try daemon.submit(script: "echo try $BERTH_ATTEMPT; exit 5", ["--retries", "count=1,backoff=1h"])
            try daemon.awaitLog(id, "try 1")
            try eventually("it waits for its next try") { try daemon.show(id)["job"]["groups"][0]["reasons"][0]["kind"].text == "backoff" }
            #expect(try daemon.berth(["logs", id]).output == "try 1\n")
            #expect(try daemon.berth(["logs", "-f", "\(id)#1"], seconds: 20).output == "try 1\n", "an ended attempt is not waited for")
            let none = try daemon.berth(["logs", "\(id)#2"])
            #expect(none.status == 1 && none.errors.contains("no attempt \(id)#2"), "\(none)")
            #expect(try daemon.berth(["cancel", id]).status == 0)
        }

        /// A reader that takes its place up again after a loss goes on with later attempts, one that named an attempt does not.
        @Test func aReaderThatComesBackGoesOnWithLaterAttempts() throws {
            let id = try daemon.submit(script: "echo try $BERTH_ATTEMPT; [ $BERTH_ATTEMPT = 3 ]", ["--retries", "2"])
            #expect(try daemon.berth(["wait", id]).status == 0)
            func log(_ more: String) throws -> String {
                let path = "/v1/jobs/\(id)/log?attempt=1&format=raw&follow=1\(more)"
                let connection = try RawHTTP(daemon)
                try connection.send("GET \(path) HTTP/1.1\r\nHost: berth\r\nConnection: close\r\n\r\n")
                return try connection.socket.readText()
            }
            let (alone, onward) = (try log(""), try log("&onward=1"))
            #expect(alone.contains("try 1") && !alone.contains("try 2"), "\(alone)")
            for number in 1...3 { #expect(onward.contains("try \(number)"), "\(onward)") }
            #expect(try !log("&onward=1&position=6").contains("try 1"))
        }

        /// What is asked for may be a log without line feeds, of any size: the daemon holds none of it.
        @Test func theTailOfAnEndlessLineIsNotHeld() throws {
            let id = try daemon.submit(script: "head -c 100000000 /dev/zero", ["--log-limit", "200M"])
            #expect(try daemon.berth(["wait", id]).status == 0)
            func peak() throws -> Int {
                let line = try readTextFile("/proc/\(daemon.pid)/status").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
                return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
            }
            // The peak from now on (proc_pid_clear_refs(5)).
            try Command(["sh", "-c", "echo 5 > /proc/\(daemon.pid)/clear_refs"]).run()
            let before = try peak()
            let command = "\(Programs.path("berth")) logs --tail 1 \(id) | wc -c"
            let counted = try Command(["sh", "-c", command], environment: ["BERTH_SOCKET": daemon.socket]).run()
            #expect(counted.line == "100000000", "\(counted)")
            let after = try peak()
            // Of memory that is free again some is kept, more under load. A daemon that held the line would hold its 100 MB, and the reply's copies.
            #expect(after - before < 95_000, "kilobytes: \(before), then \(after)")
            let refused = try daemon.berth(["logs", "--tail", "100001", id])
            #expect(refused.status == 1 && refused.errors == "berth: --tail: found '100001', accepted a number from 0 to 100000\n", "\(refused)")
        }

        @Test func tailAndTimestamps() throws {
            let id = try daemon.submit(script: "for n in 1 2 3 4 5; do echo line $n; done; printf 'no end'")
            _ = try daemon.berth(["wait", id])
            #expect(try daemon.berth(["logs", "--tail", "2", id]).output.hasSuffix("line 5\nno end"))
            let stamped = try daemon.berth(["logs", "--timestamps", id]).output
            #expect(stamped.contains("line 1") && stamped.split(separator: "\n")[0] != "line 1")
            #expect(try daemon.berth(["logs", "-f", id]).output.hasSuffix("line 5\nno end"))
        }

        /// A damaged log tells a time that there is not; neither the daemon nor the reader ends with it.
        @Test func aTimeThatThereIsNotIsSurvived() throws {
            let id = try daemon.submit(script: "echo line")
            _ = try daemon.berth(["wait", id])
            let file = try Command(["find", "\(daemon.state)/logs/\(id)", "-type", "f"]).run().line
            // Behind the file's header, the segment's frame, and the first frame's stream (LogFormat).
            let garble = #"printf '\377\377\377\377\377\377\377\377' | dd of="$0" bs=1 seek=58 conv=notrunc"#
            #expect(try Command(["sh", "-c", garble, file]).run().status == 0)
            let pid = daemon.pid
            for words in [["--timestamps"], ["--json"], []] {
                let result = try daemon.berth(["logs"] + words + [id])
                #expect(result.status == 0 && result.output.contains("line"), "\(result)")
                // The end of the boot clock's range, some 292 years after the start.
                if words == ["--json"] { #expect(try #require(JSONValue(result.output)?["at"].number) > 9_000_000_000_000) }
            }
            #expect(daemon.isAlive && daemon.pid == pid)
        }

        /// `timeout 2 berth run …`: a run that waits ends, and its job with it; who is attached leaves.
        @Test(arguments: [1, 3, 15] as [Int32])
        func aSignalEndsARunThatWaits(number: Int32) throws {
            let running = try daemon.command(["run", "--begin", "now+1h", "--no-cwd", "--", "true"]).start()
            eventually("it is submitted") { running.errors.contains("job ") }
            let id = try #require(running.errors.split(separator: "\n").first?.split(separator: " ").last.map(String.init))
            let attached = try daemon.command(["attach", id]).start()
            // Until both are in their sessions.
            sleepBlocking(nanoseconds: 700_000_000)
            attached.signal(number)
            #expect(try attached.finish(seconds: 20).status == 128 + number)
            #expect(try daemon.taskState(id) == "pending")
            running.signal(number)
            let result = try running.finish(seconds: 20)
            #expect(result.status == 143 && result.errors.contains("cancelling \(id)"), "\(result)")
            #expect(try daemon.taskState(id) == "cancelled")
        }

        private func stuck(_ words: [String], input: String? = nil, _ body: (RunningCommand) throws -> Void) throws -> CommandResult {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            let words = ["run", "--no-cwd", "--mounts", "\(stuck.path)/below:/stuck"] + words
            let running = try daemon.command(words, input: input).start()
            try #require(stuck.isWaitedFor(within: 20))
            try body(running)
            stuck.answerFound()
            return try running.finish(seconds: 30)
        }

        /// What comes before the job can read waits for it, however long its start takes.
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"))
        func inputWaitsForALongStart() throws {
            let result = try stuck(["-i", "--", "cat"], input: "first\nlast\n") { _ in sleepBlocking(nanoseconds: 12_000_000_000) }
            #expect(result.status == 0 && result.output == "first\nlast\n", "\(result)")
        }

        /// A signal that comes during the start is for the job, too.
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"))
        func aSignalDuringTheStartGetsToTheJob() throws {
            let result = try stuck(["--", "sleep", "60"]) { running in
                // By then it is told that the attempt is there.
                sleepBlocking(nanoseconds: 2_000_000_000)
                running.signal(15)
                sleepBlocking(nanoseconds: 500_000_000)
            }
            #expect(result.status == 143 && !result.errors.contains("cancel"), "\(result)")
        }

        /// contract §6: a client that is gone for 10 s: the job is cancelled, unless `--detach`.
        @Test func aClientThatIsGoneCancelsItsJob() throws {
            let running = try daemon.command(["run", "--no-cwd", "--name", "lonely", "--", "sleep", "120"]).start()
            eventually("it runs") { running.errors.contains("job ") }
            let id = try #require(running.errors.split(separator: "\n").first?.split(separator: " ").last.map(String.init))
            try daemon.await(id, "running")
            running.signal(9)
            _ = try running.finish()
            let detached = try daemon.berth(["run", "--detach", "--no-cwd", "--", "sleep", "120"]).line
            sleepBlocking(nanoseconds: 5_000_000_000)
            #expect(try daemon.taskState(id) == "running", "not yet")
            _ = try daemon.berth(["wait", "--timeout", "30s", id])
            #expect(try daemon.outcome(id)["kind"].text == "cancelled")
            #expect(try daemon.taskState(detached) == "running")
            try daemon.berth(["cancel", "--now", detached])
        }
    }
}
