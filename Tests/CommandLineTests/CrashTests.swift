import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// `berthd` killed with −9 at any point and started again adopts what runs, learns what ended meanwhile with its true
    /// exit status and usage, and neither loses nor repeats a job.
    @Suite struct CrashTests {
        let daemon: TestDaemon
        let here: String
        init() throws {
            daemon = try .required()
            here = try daemon.place.directory("crash-\(UInt32.random(in: .min ... .max))")
        }

        private func lines(_ name: String) throws -> Int { try Command(["cat", "\(here)/\(name)"]).run().output.split(separator: "\n").count }

        /// The script notes each run; what is noted and what is reported have to agree.
        @Test func killedAtAnyMomentOfAStart() throws {
            var random = SystemRandomNumberGenerator()
            for round in 0..<(Programs.isEmulated ? 3 : 8) {
                let id = try daemon.submit(script: "echo run >> ran-\(round); sleep 0.2; exit 3", in: here)
                sleepBlocking(nanoseconds: UInt64.random(in: 0...60_000_000, using: &random))
                try daemon.restart()
                let waited = try daemon.berth(["wait", "--timeout", "60s", id])
                let attempts = try daemon.show(id)["attempts"].list
                #expect(attempts.count == 1, "\(attempts)")
                // A start that the crash cut off before the job had its go is made anew.
                let ran = try lines("ran-\(round)")
                #expect(waited.status == 3 && ran == 1, "\(waited) \(attempts)")
            }
        }

        /// Under load: while tasks start, run, end and wait, and while the next daemon sweeps, adopts and plans.
        @Test func killedUnderLoad() throws {
            var random = SystemRandomNumberGenerator()
            let last = Programs.isEmulated ? 39 : 149
            let words = ["--array", "0-\(last)", "--cpu", "0.2", "--memory", "32M"]
            let id = try daemon.submit(script: "echo $BERTH_TASK_INDEX >> all; sleep 0.0$((BERTH_TASK_INDEX % 10))", words, in: here)
            for _ in 0..<5 {
                sleepBlocking(nanoseconds: UInt64.random(in: 50_000_000...600_000_000, using: &random))
                try daemon.restart()
            }
            #expect(try daemon.berth(["wait", "--timeout", "300s", id]).status == 0)
            let counts = try daemon.show(id)["job"]["counts"]
            #expect(counts["succeeded"].number == last + 1, "\(counts)")
            let ran = try readTextFile("\(here)/all").split(separator: "\n").compactMap { Int($0) }.sorted()
            #expect(ran == Array(0...last))
        }

        /// A user's server that does not answer keeps a process for ever that no signal ends; no later daemon waits for it.
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"))
        func killedWhileAStartHangs() throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            let hung = try daemon.submit(["--no-cwd", "--mounts", "\(stuck.path)/below:/stuck", "--", "true"])
            try #require(stuck.isWaitedFor(within: 30))
            try daemon.restart()
            #expect(try daemon.runToEnd(script: "exit 3").status == 3)
            try daemon.berth(["cancel", hung])
            #expect(try daemon.berth(["wait", "--timeout", "30s", hung]).status != 124)
            #expect(try daemon.outcome(hung)["kind"].text == "cancelled")
            stuck.answer()
        }

        @Test func heldAndWaitingJobsSurvive() throws {
            let held = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            let array = try daemon.submit(script: "sleep 0.1", ["--array", "1-4", "--depends", "afterok:\(held)"])
            try daemon.restart()
            #expect(try daemon.taskState(held) == "held")
            #expect(try daemon.show(array)["job"]["counts"]["pending"].number == 4)
            try daemon.berth(["release", held])
            #expect(try daemon.berth(["wait", "--timeout", "60s", held, array]).status == 0)
        }

        @Test func aRunningJobIsAdopted() throws {
            let id = try daemon.submit(script: "echo started; while [ ! -e go ]; do sleep 0.1; done; echo went on; exit 6", in: here)
            try daemon.awaitLog(id, "started")
            try daemon.restart()
            #expect(try daemon.taskState(id) == "running")
            #expect(try daemon.berth(["exec", id, "--", "true"]).status == 0, "an adopted job takes an exec")
            try daemon.expectRightCores()
            try Command(["touch", "\(here)/go"]).run()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 6)
            #expect(try daemon.berth(["logs", id]).output == "started\nwent on\n")
            let attempt = try daemon.show(id)["attempts"][-1]
            #expect(attempt["usage"]["cpuUserMicroseconds"].number != nil && attempt["usage"]["memoryPeak"].exists, "\(attempt)")
        }

        @Test func aJobThatEndedMeanwhileHasItsTrueStatus() throws {
            let id = try daemon.submit(script: "touch started; while [ ! -e go ]; do sleep 0.05; done; echo last words; exit 5", in: here)
            let signalled = try daemon.submit(script: "while [ ! -e go ]; do sleep 0.05; done; exec probe killself 10", in: here)
            try daemon.await(id, "running")
            try daemon.await(signalled, "running")
            try daemon.kill()
            try Command(["touch", "\(here)/go"]).run()
            sleepBlocking(nanoseconds: 1_500_000_000)
            try daemon.start()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 5)
            #expect(try daemon.berth(["wait", "--timeout", "60s", signalled]).status == 138)
            #expect(try daemon.berth(["logs", id]).output == "last words\n")
            let attempts = try daemon.show(id)["attempts"].list
            #expect(attempts.count == 1 && attempts[0]["usage"]["cpuUserMicroseconds"].number != nil, "\(attempts)")
        }

        /// contract §2: time limits run on the boot clock, also across restarts of the daemon.
        @Test func theTimeLimitGoesOnWhileTheDaemonIsDown() throws {
            let id = try daemon.submit(["--time-limit", "2s", "--grace-period", "1s", "--no-cwd", "--", "sleep", "60"])
            try daemon.await(id, "running")
            try daemon.kill()
            sleepBlocking(nanoseconds: 2_500_000_000)
            try daemon.start()
            #expect(try daemon.berth(["wait", "--timeout", "30s", id]).status == 124)
        }

        @Test func aPausedJobStaysPaused() throws {
            let id = try daemon.submit(script: "n=0; while [ $n -lt 30 ]; do n=$((n+1)); echo $n >> ticks; sleep 0.1; done", in: here)
            try daemon.await(id, "running")
            try daemon.berth(["pause", id])
            let before = try lines("ticks")
            try daemon.restart()
            #expect(try daemon.taskState(id) == "paused")
            sleepBlocking(nanoseconds: 500_000_000)
            #expect(try lines("ticks") == before)
            #expect(try daemon.berth(["resume", id]).status == 0)
            try daemon.expectRightCores()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 0)
            #expect(try lines("ticks") == 30)
        }

        /// `berthd` killed between the decision and the freeze.
        @Test func killedWhilePausing() throws {
            for _ in 0..<(Programs.isEmulated ? 2 : 4) {
                let id = try daemon.submit(["--pids", "400", "--memory", "128M", "--no-cwd", "--", "probe", "sleepers", "300"])
                try daemon.awaitLog(id, "ready")
                let pausing = try daemon.command(["pause", id]).start()
                sleepBlocking(nanoseconds: UInt64.random(in: 5_000_000...80_000_000))
                try daemon.restart()
                _ = try pausing.finish()
                let held = try daemon.show(id)["holds"].list.contains { $0["hold"]["kind"].text == "userPause" }
                // What was decided is carried out; what was not did not happen.
                try daemon.await(id, held ? "paused" : "running")
                try daemon.expectRightCores()
                try daemon.berth(["cancel", "--now", id])
                _ = try daemon.berth(["wait", "--timeout", "60s", id])
                #expect(try daemon.outcome(id)["kind"].text == "cancelled")
            }
        }

        @Test func killedWhileStopping() throws {
            let id = try daemon.submit(script: "trap 'echo asked' TERM; echo ready; while true; do sleep 0.1; done", ["--grace-period", "2s"])
            try daemon.awaitLog(id, "ready")
            try daemon.berth(["cancel", id])
            try daemon.restart()
            _ = try daemon.berth(["wait", "--timeout", "60s", id])
            #expect(try daemon.outcome(id)["kind"].text == "cancelled")
            #expect(try daemon.berth(["logs", id]).output.contains("asked"))
        }

        /// The same when the launcher is killed.
        @Test func theLauncherIsKilled() throws {
            let id = try daemon.submit(script: "while [ ! -e go2 ]; do sleep 0.1; done; exit 4", in: here)
            try daemon.await(id, "running")
            let monitor = try daemon.show(id)["attempts"][-1]["pid"].number
            let children = try Command(["pgrep", "-P", "\(daemon.pid)", "-f", "berth-init"]).run().output.split(separator: "\n").compactMap {
                Int32($0)
            }
            let launcher = try #require(children.first { $0 != Int32(monitor ?? 0) })
            try ProcessHandle(pid: launcher).signal(9)
            // The daemon makes itself a new one, or ends so that it is started again; either way nothing is lost.
            sleepBlocking(nanoseconds: 500_000_000)
            if !daemon.isAlive { try daemon.restart() }
            #expect(try daemon.berth(["run", "--no-cwd", "--", "true"]).status == 0)
            try daemon.expectRightCores()
            try Command(["touch", "\(here)/go2"]).run()
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 4)
        }

        /// A PID 1 killed by an operator gives `monitorLost`, and the job's processes are gone.
        @Test(arguments: [false, true])
        func theMonitorIsKilled(rerun: Bool) throws {
            let words = rerun ? ["--rerun", "on-loss"] : []
            let script = "[ $BERTH_ATTEMPT = 1 ] || exit 0; sleep 600 & sleep 600 & echo ready; wait"
            let id = try daemon.submit(script: script, words)
            try daemon.awaitLog(id, "ready")
            let processes = try daemon.processes(of: id)
            #expect(processes.count >= 4)
            let monitor = try #require(try daemon.show(id)["attempts"][-1]["pid"].number)
            try ProcessHandle(pid: Int32(monitor)).signal(9)
            let status = try daemon.berth(["wait", "--timeout", "60s", id]).status
            #expect(rerun ? status == 0 : status != 0)
            let attempts = try daemon.show(id)["attempts"].list
            #expect(attempts[0]["outcome"]["kind"].text == "monitorLost", "\(attempts)")
            #expect(attempts.count == (rerun ? 2 : 1))
            eventually("the processes are gone", seconds: 10) { processes.allSatisfy { !Programs.exists("/proc/\($0)/fd/0") } }
        }

        /// A submit whose reply was lost is found by its request key: the command retries and the job exists once.
        @Test func submitsDuringRestartsAreAcceptedOnceOrNotAtAll() throws {
            let before = try daemon.berth("list --all --quiet --name churn").output.split(separator: "\n").count
            let running = try (0..<6).map { _ in
                try daemon.command(["submit", "--quiet", "--hold", "--name", "churn", "--no-cwd", "--", "true"]).start()
            }
            sleepBlocking(nanoseconds: UInt64.random(in: 10_000_000...120_000_000))
            try daemon.restart()
            let results = try running.map { try $0.finish() }
            let after = try daemon.berth("list --all --quiet --name churn").output.split(separator: "\n").map(String.init)
            let told = results.filter { $0.status == 0 }.map(\.line)
            for id in told { #expect(after.contains(id), "an id that was told is there: \(id)") }
            #expect(Set(told).count == told.count)
            #expect(after.count - before <= 6)
            try daemon.berth("cancel --yes --name churn --state held")
        }
    }
}
