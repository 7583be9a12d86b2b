import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// What jobs do to a machine, by mistake or on purpose: everything else goes on beside it, they end as they must, and nothing is left.
    @Suite struct FaultTests {
        let daemon: TestDaemon
        let here: String
        init() throws {
            daemon = try .required()
            here = try daemon.place.directory("fault-\(UInt32.random(in: .min ... .max))", mode: 0o777)
        }

        /// They wait at a gate until all of them run. In waves of a hundred; `BERTH_WAVES=10` makes it a thousand.
        @Test func aCrowdThatExitsAtOnce() throws {
            let count = Programs.isEmulated ? 20 : 100
            for wave in 0..<Torture.rounds(1, "BERTH_WAVES") {
                let gate = "\(here)/gate-\(wave)"
                try Command(["mkfifo", gate]).run()
                let words = ["--array", "0-\(count - 1)", "--cpu", "0.01", "--memory", "8M", "--scratch", "1M", "--pids", "8"]
                let script = "echo $BERTH_TASK_INDEX >> ran-\(wave); read -r line < gate-\(wave); exit $((BERTH_TASK_INDEX % 3))"
                let id = try daemon.submit(script: script, words, in: here)
                defer { _ = try? daemon.berth(["cancel", "--now", id]) }
                eventually("all of them run", seconds: 120) {
                    ((try? readTextFile("\(here)/ran-\(wave)")) ?? "").split(separator: "\n").count == count
                }
                let waiting = try daemon.command(["wait", "--timeout", "120s", id]).start()
                // The gate opens for all who stand at it, and again for those who were on their way.
                eventually("all of them end", seconds: 150) {
                    try? Descriptor.open(gate, [.writeOnly, .nonBlocking]).close()
                    return !waiting.handle.isAlive
                }
                #expect(try waiting.finish().status == 1, "the lowest that did not succeed ended with 1")
                let counts = try daemon.show(id)["job"]["counts"]
                let good = (count + 2) / 3
                #expect(counts["succeeded"].number == good && counts["failed"].number == count - good, "\(counts)")
                let ran = try readTextFile("\(here)/ran-\(wave)").split(separator: "\n").compactMap { Int($0) }.sorted()
                #expect(ran == Array(0..<count), "each ran once")
            }
            eventually("nothing is left") { Leftovers.ofAttempts(daemon).isEmpty }
        }

        /// A fork bomb, a memory bomb and a log flood, all at the same time.
        @Test func bombsAndFloodsHarmNobody() throws {
            let limits = ["--cpu", "0.3", "--pids", "48", "--memory", "48M", "--log-limit", "64K", "--time-limit", "6s", "--grace-period", "1s"]
            let bombs = try [
                "bomb() { bomb | bomb & }; bomb 2>/dev/null; while :; do :; done",
                "while :; do probe eat 200 stay 2>/dev/null & wait $!; done",
                "yes flood",
            ].map { try daemon.submit(script: $0, limits) }
            for id in bombs { try daemon.await(id, "running") }
            for number in 3...6 {
                let other = try daemon.runToEnd(script: "echo unharmed; exit \(number)", ["--cpu", "0.2"])
                #expect(other.status == Int32(number) && other.output == "unharmed\n", "\(other)")
            }
            _ = try daemon.berth(["wait", "--timeout", "60s"] + bombs)
            let attempts = try bombs.map { try daemon.show($0)["attempts"][-1] }
            let outcomes = attempts.map { $0["outcome"]["kind"].text ?? "none" }
            // The shell that makes a bomb may be chosen to die for it.
            #expect(outcomes[0] == "timedOut" && ["timedOut", "outOfMemory"].contains(outcomes[1]) && outcomes[2] == "timedOut", "\(attempts)")
            #expect((attempts[0]["usage"]["pidsPeak"].number ?? .max) <= 49, "\(attempts[0])")
            #expect((attempts[1]["usage"]["outOfMemoryKills"].number ?? 0) > 0, "\(attempts[1])")
            #expect((attempts[2]["usage"]["logDroppedBytes"].number ?? 0) > 1 << 20, "\(attempts[2])")
            #expect(try daemon.berth(["logs", bombs[2]]).output.utf8.count <= 64 << 10)
            eventually("nothing is left") { Leftovers.ofAttempts(daemon).isEmpty }
        }

        /// One that ignores SIGTERM has its grace period, then it is killed.
        @Test(arguments: [(["--time-limit", "1s"], "timedOut", 124), ([], "cancelled", 143)] as [([String], String, Int32)])
        func whoIgnoresTheStopSignalIsKilled(words: [String], outcome: String, status: Int32) throws {
            let id = try daemon.submit(script: "trap '' TERM; echo up; while :; do sleep 0.1; done", words + ["--grace-period", "1s"])
            try daemon.awaitLog(id, "up")
            if words.isEmpty { try daemon.berth(["cancel", id]) }
            let waited = try daemon.berth(["wait", "--timeout", "60s", id])
            let attempt = try daemon.show(id)["attempts"][-1]
            #expect(attempt["outcome"]["kind"].text == outcome && (outcome == "cancelled" || waited.status == status), "\(waited) \(attempt)")
            eventually("nothing is left") { Leftovers.ofAttempts(daemon).isEmpty }
        }

        /// A process in a wait that SIGKILL does not end (state D): others go on, also across a restart of the daemon, and it ends as decided
        /// once the kernel lets go of it.
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"))
        func whatCannotBeKilledIsWaitedFor() throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            let id = try daemon.submit(["--cpu", "0.2", "--no-cwd", "--mounts", "\(stuck.path):/stuck:ro", "--", "cat", "/stuck/file"], as: .first)
            try #require(stuck.isWaitedFor(within: 30))
            try daemon.berth(["cancel", "--now", id])
            let before = daemon.log.utf8.count
            eventually("that it cannot be killed is told", seconds: 60) {
                daemon.log.utf8.dropFirst(before / 2).split(separator: UInt8(ascii: "\n")).contains { line in
                    String(decoding: line, as: UTF8.self).contains("job could not be killed")
                }
            }
            #expect(try daemon.show(id)["attempts"][-1]["state"].text == "stopping")
            #expect(try daemon.berth(["run", "--no-cwd", "--cpu", "0.2", "--", "true"]).status == 0)
            try daemon.restart()
            #expect(try daemon.berth(["run", "--no-cwd", "--cpu", "0.2", "--", "true"]).status == 0)
            #expect(try daemon.show(id)["attempts"][-1]["state"].text == "stopping")
            stuck.answer()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status != 124)
            #expect(try daemon.outcome(id)["kind"].text == "cancelled")
            eventually("nothing is left") { Leftovers.ofAttempts(daemon).isEmpty }
        }
    }
}
