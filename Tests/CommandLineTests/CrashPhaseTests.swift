import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// A kill −9 of berthd in each further phase of a job; after each the cores in the kernel are those decided.
    @Suite struct CrashPhaseTests {
        let daemon: TestDaemon
        let here: String
        init() throws {
            daemon = try .required()
            here = try daemon.place.directory("phase-\(UInt32.random(in: .min ... .max))", mode: 0o777)
        }

        private func end(_ ids: String...) throws {
            for id in ids { try daemon.berth(["cancel", "--now", id]) }
            _ = try daemon.berth(["wait", "--timeout", "60s"] + ids)
        }

        private func sleeper(_ words: [String] = []) throws -> String { try daemon.submit(words + ["--no-cwd", "--", "sleep", "600"]) }

        /// What was paused, given away and resumed across a restart has the cores it was given last, and nobody else's.
        @Test func coresAreGivenOnceAcrossAPauseAndARestart() throws {
            let first = try sleeper(["--cores", "1"])
            try daemon.await(first, "running")
            try daemon.berth(["pause", first])
            try daemon.restart()
            let second = try sleeper(["--cores", "1"])
            try daemon.await(second, "running")
            try daemon.berth(["resume", first])
            try daemon.await(first, "running")
            #expect(daemon.kernelCpus(first) != daemon.kernelCpus(second))
            try daemon.expectRightCores()
            try end(first, second)
        }

        @Test func killedWhileResuming() throws {
            for _ in 0..<4 {
                let id = try daemon.submit(["--pids", "400", "--memory", "128M", "--no-cwd", "--", "probe", "sleepers", "300"])
                try daemon.awaitLog(id, "ready")
                try daemon.berth(["pause", id])
                let resuming = try daemon.command(["resume", id]).start()
                sleepBlocking(nanoseconds: UInt64.random(in: 5_000_000...80_000_000))
                try daemon.restart()
                _ = try resuming.finish()
                let held = try daemon.show(id)["holds"].list.contains { $0["hold"]["kind"].text == "userPause" }
                try daemon.await(id, held ? "paused" : "running")
                try daemon.expectRightCores()
                try end(id)
            }
        }

        @Test func killedWhileWaitingForCores() throws {
            let wide = try sleeper(["--cores", "2"])
            try daemon.await(wide, "running")
            try daemon.berth(["pause", wide])
            let other = try sleeper(["--cores", "1"])
            try daemon.await(other, "running")
            try daemon.berth(["resume", wide])
            #expect(try daemon.show(wide)["attempts"][-1]["waitingForCores"].flag == true)
            try daemon.restart()
            #expect(try daemon.show(wide)["attempts"][-1]["waitingForCores"].flag == true)
            try daemon.expectRightCores()
            try end(other)
            try daemon.await(wide, "running")
            try daemon.expectRightCores()
            #expect(try daemon.show(wide)["attempts"].list.count == 1)
            try end(wide)
        }

        /// The end was seen, or not yet; it is told once and as it was.
        @Test func killedBetweenTheExitAndItsCommit() throws {
            for round in 0..<8 {
                let id = try daemon.submit(script: "echo run >> ran-\(round); sleep 0.2; exit 5", in: here)
                try daemon.await(id, "running", "failed")
                sleepBlocking(nanoseconds: UInt64.random(in: 120_000_000...230_000_000))
                try daemon.restart()
                #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 5)
                #expect(try daemon.show(id)["attempts"].list.count == 1)
                #expect(try readTextFile("\(here)/ran-\(round)") == "run\n")
            }
            // One that surely ended with nobody looking: the daemon stands still.
            let id = try daemon.submit(script: "while [ ! -e go ]; do sleep 0.05; done; exit 6", in: here)
            try daemon.await(id, "running")
            try ProcessHandle(pid: daemon.pid).signal(19)
            try Command(["touch", "\(here)/go"]).run()
            sleepBlocking(nanoseconds: 500_000_000)
            try daemon.restart()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 6)
            try daemon.expectRightCores()
        }

        @Test func killedDuringABackOff() throws {
            let script = "echo $BERTH_ATTEMPT >> tries; [ $BERTH_ATTEMPT = 2 ] || exit 1"
            let id = try daemon.submit(script: script, ["--retries", "count=2,backoff=3s"], in: here)
            eventually("the first try is over") { (try? readTextFile("\(here)/tries")) == "1\n" }
            try daemon.await(id, "pending", "waiting", "held", "backoff")
            try daemon.restart()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 0)
            #expect(try readTextFile("\(here)/tries") == "1\n2\n")
            #expect(try daemon.show(id)["attempts"].list.count == 2)
        }

        @Test func killedAfterARequeue() throws {
            let id = try daemon.submit(script: "echo $BERTH_ATTEMPT >> runs; [ $BERTH_ATTEMPT = 2 ] && exit 0; sleep 600", in: here)
            try daemon.await(id, "running")
            eventually("it runs") { (try? readTextFile("\(here)/runs")) == "1\n" }
            #expect(try daemon.berth(["requeue", id]).status == 0)
            try daemon.restart()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 0)
            #expect(try readTextFile("\(here)/runs") == "1\n2\n")
            try daemon.expectRightCores()
        }

        @Test func killedDuringAnExec() throws {
            let id = try daemon.submit(script: "while [ ! -e go3 ]; do sleep 0.1; done; exit 3", in: here)
            try daemon.await(id, "running")
            let inside = try daemon.command(["exec", id, "--", "sh", "-c", "echo in; sleep 601"]).start()
            eventually("it is inside") { inside.output.contains("in\n") }
            try daemon.restart()
            #expect(try inside.finish(seconds: 30).status != 0)
            #expect(try daemon.taskState(id) == "running")
            #expect(try daemon.berth(["exec", id, "--", "true"]).status == 0)
            try daemon.expectRightCores()
            try Command(["touch", "\(here)/go3"]).run()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 3)
            eventually("what was executed in it ends with it") {
                Leftovers.processes(of: daemon).allSatisfy { !$0.contains("sleep 601") }
            }
        }

        /// The launcher killed under load loses nothing and repeats nothing.
        @Test func theLauncherIsKilledUnderLoad() throws {
            let words = ["--array", "1-150", "--cpu", "0.1", "--memory", "16M", "--scratch", "1M"]
            let id = try daemon.submit(script: "echo run >> load-$BERTH_TASK_INDEX", words, in: here)
            for _ in 0..<6 {
                let children = try Command(["pgrep", "-P", "\(daemon.pid)", "-f", "berth-init launcher"]).run().output
                for line in children.split(separator: "\n") { if let pid = Int32(line) { try? ProcessHandle(pid: pid).signal(9) } }
                sleepBlocking(nanoseconds: 250_000_000)
            }
            #expect(try daemon.berth(["wait", "--timeout", "200s", id], seconds: 220).status == 0)
            #expect(try daemon.show(id)["job"]["counts"]["succeeded"].number == 150)
            let lines = try Command(["sh", "-c", "cat \(here)/load-* | wc -l; ls \(here)/load-* | wc -l"]).run().output
            #expect(lines.split(separator: "\n").map { $0.filter(\.isNumber) } == ["150", "150"], "\(lines)")
        }
    }
}
