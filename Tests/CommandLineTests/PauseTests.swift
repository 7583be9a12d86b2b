import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// All cases of pause and resume.
    @Suite struct PauseTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        /// User and system time of a process in clock ticks; nil when it is gone.
        private func ticks(_ pid: Int32) -> UInt64? {
            guard let text = try? readTextFile("/proc/\(pid)/stat", limit: 4096), let close = text.lastIndex(of: ")") else { return nil }
            let fields = text[text.index(after: close)...].split(separator: " ")
            guard fields.count > 12, let user = UInt64(fields[11]), let system = UInt64(fields[12]) else { return nil }
            return user + system
        }

        /// Pausing 1,000 processes is atomic to the observer: none runs after the command returned.
        @Test func aThousandProcessesStand() throws {
            let count = Programs.isEmulated ? 100 : 1000
            let id = try daemon.submit(["--pids", "1100", "--memory", "512M", "--no-cwd", "--", "probe", "spinners", "\(count)"])
            try daemon.awaitLog(id, "ready", seconds: 90)
            for _ in 0..<2 {
                let processes = try daemon.processes(of: id)
                #expect(processes.count >= count)
                #expect(try daemon.berth(["pause", id]).status == 0)
                let monitor = Int32(try daemon.show(id)["attempts"][-1]["pid"].number ?? 0)
                let first = processes.filter { $0 != monitor }.map(ticks)
                sleepBlocking(nanoseconds: 500_000_000)
                let second = processes.filter { $0 != monitor }.map(ticks)
                #expect(first == second && !first.contains(nil))
                #expect(try daemon.taskState(id) == "paused")
                #expect(try daemon.berth(["resume", id]).status == 0)
                try daemon.await(id, "running")
                eventually("they go on") { processes.filter { $0 != monitor }.map(ticks) != second }
            }
            #expect(try daemon.berth(["cancel", "--now", id]).status == 0)
            _ = try daemon.berth(["wait", "--timeout", "60s", id])
            #expect(try daemon.outcome(id)["kind"].text == "cancelled")
        }

        @Test func pausedWhileStarting() throws {
            for round in 0..<(Programs.isEmulated ? 3 : 8) {
                let id = try daemon.submit(script: "echo ran; exit 3")
                sleepBlocking(nanoseconds: UInt64(round) * 5_000_000)
                let paused = try daemon.berth(["pause", id])
                // It may have ended before; otherwise it stands still or has not started.
                if paused.status == 0 {
                    let state = try daemon.taskState(id)
                    #expect(["paused", "held", "failed"].contains(state), "\(state)")
                    try daemon.berth(["resume", id])
                }
                #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 3)
                #expect(try daemon.show(id)["attempts"].list.count == 1)
                #expect(try daemon.berth(["logs", id]).output == "ran\n")
            }
        }

        @Test func pausedWhileExiting() throws {
            for round in 0..<(Programs.isEmulated ? 3 : 8) {
                let id = try daemon.submit(script: "sleep 0.2; exit 4")
                try daemon.await(id, "running", "failed")
                sleepBlocking(nanoseconds: 120_000_000 + UInt64(round) * 15_000_000)
                try daemon.berth(["pause", id])
                try daemon.berth(["resume", id])
                #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 4)
            }
        }

        @Test func pausedTwiceIsPausedOnce() throws {
            let id = try daemon.submit(["--no-cwd", "--", "sleep", "60"])
            try daemon.await(id, "running")
            for _ in 0..<2 { #expect(try daemon.berth(["pause", id]).status == 0) }
            #expect(try daemon.taskState(id) == "paused")
            #expect(try daemon.berth(["resume", id]).status == 0)
            try daemon.await(id, "running")
            #expect(try daemon.berth(["resume", id]).status == 0)
            try daemon.berth(["cancel", "--now", id])
            _ = try daemon.berth(["wait", id])
        }

        @Test(arguments: [[], ["--now"]])
        func cancelledWhilePaused(words: [String]) throws {
            let id = try daemon.submit(script: "trap 'echo asked; exit 0' TERM; echo ready; while true; do sleep 0.1; done")
            try daemon.awaitLog(id, "ready")
            try daemon.berth(["pause", id])
            let (pids, group) = (try daemon.processes(of: id), try daemon.group(of: id))
            #expect(pids.count >= 2 && !Leftovers.groups(below: group).isEmpty)
            #expect(try daemon.berth(["cancel"] + words + [id]).status == 0)
            _ = try daemon.berth(["wait", "--timeout", "30s", id])
            let attempt = try daemon.show(id)["attempts"][-1]
            #expect(attempt["outcome"]["kind"].text == "cancelled")
            eventually("its processes are gone") { pids.allSatisfy { !Programs.exists("/proc/\($0)/exe") } }
            eventually("its groups are gone") { Leftovers.groups(below: group).isEmpty }
            // What it used before is kept.
            let (usage, parts) = (attempt["usage"], ["cpuUserMicroseconds", "cpuSystemMicroseconds"])
            #expect(parts.reduce(0) { $0 + (usage[$1].number ?? 0) } > 0 && (usage["memoryPeak"].number ?? 0) > 0, "\(attempt)")
            #expect((attempt["pausedFor"].number ?? 0) > 0, "\(attempt)")
        }

        /// contract §2: time limits stand still while frozen.
        @Test func theTimeLimitStandsStill() throws {
            let id = try daemon.submit(["--time-limit", "5s", "--no-cwd", "--wrap", "echo ready; sleep 4; exit 5"])
            try daemon.awaitLog(id, "ready")
            try daemon.berth(["pause", id])
            sleepBlocking(nanoseconds: 5_500_000_000)
            #expect(try daemon.taskState(id) == "paused")
            try daemon.berth(["resume", id])
            // `sleep` counts its own time, which went on; the limit did not.
            #expect(try daemon.berth(["wait", id]).status == 5)
            let attempt = try daemon.show(id)["attempts"][-1]
            #expect((attempt["pausedFor"].number ?? 0) >= 2000, "\(attempt)")
        }

        @Test func outOfMemoryAfterAPause() throws {
            let id = try daemon.submit(script: "echo ready; while [ ! -e /tmp/go ]; do sleep 0.05; done; probe eat 200", ["--memory", "32M"])
            try daemon.awaitLog(id, "ready")
            try daemon.berth(["pause", id])
            try daemon.berth(["resume", id])
            try daemon.await(id, "running")
            #expect(try daemon.berth(["exec", id, "--", "touch", "/tmp/go"]).status == 0)
            _ = try daemon.berth(["wait", id])
            #expect(try daemon.outcome(id)["kind"].text == "outOfMemory")
        }

        private static let freezesOnV2 = ["unified/cgroup.procs", "cgroup.controllers"].contains { Programs.exists("/sys/fs/cgroup/\($0)") }

        /// A frozen job grows no further, but what else is charged to its group may be what is too much: the kernel ends it as it stands.
        @Test(.enabled(if: Self.freezesOnV2, "v1's freezer lets nothing end before the thaw"))
        func outOfMemoryWhilePaused() throws {
            let id = try daemon.submit(["--memory", "32M", "--no-cwd", "--", "probe", "eat", "20", "stay"])
            try daemon.awaitLog(id, "held 20")
            try daemon.berth(["pause", id])
            let pid = Int32(try #require(try daemon.show(id)["attempts"][-1]["pid"].number))
            let paths = try ProcessPlace.cgroupPaths(of: pid)
            let own = paths.first { $0.key.split(separator: ",").contains("memory") }
            let group = "/sys/fs/cgroup" + (try own.map { "/memory" + $0.value } ?? #require(paths[""]))
            // A line without an end is held whole; the kernel is told to spare who holds it.
            let script = "echo -999 > /proc/self/oom_score_adj; echo $$ > \(group)/cgroup.procs && head -c 24000000 /dev/zero | tail -n 1 | wc -c"
            let eaten = try Command(["sh", "-c", script]).run(seconds: 30)
            #expect(eaten.line == "24000000", "\(eaten)")
            #expect(try daemon.berth(["wait", "--timeout", "30s", id]).status == 137)
            let attempt = try daemon.show(id)["attempts"][-1]
            #expect(attempt["outcome"]["kind"].text == "outOfMemory", "\(attempt)")
            #expect((attempt["usage"]["outOfMemoryKills"].number ?? 0) > 0 && (attempt["pausedFor"].number ?? 0) > 0, "\(attempt)")
        }

        /// contract §2: `--keep-cores`; otherwise a resumed task waits for cores first in line, shown as `waiting for cores`.
        @Test func coresAreKeptOrWaitedFor() throws {
            // All that this machine has.
            let cores = try Command(["nproc"]).run().line
            let kept = try daemon.submit(["--cores", cores, "--no-cwd", "--", "sleep", "60"])
            try daemon.await(kept, "running")
            try daemon.berth(["pause", "--keep-cores", kept])
            let waiting = try daemon.submit(["--cores", "1", "--no-cwd", "--", "sleep", "60"])
            #expect(try daemon.taskState(waiting) == "pending")
            try daemon.berth(["resume", kept])
            try daemon.await(kept, "running")
            try daemon.berth(["pause", kept])
            try daemon.await(waiting, "running")
            try daemon.berth(["resume", kept])
            #expect(try daemon.show(kept)["attempts"][-1]["waitingForCores"].flag == true)
            #expect(try daemon.berth(["show", kept]).output.contains("waiting for cores"))
            try daemon.berth(["cancel", "--now", waiting])
            try daemon.await(kept, "running")
            try daemon.berth(["cancel", "--now", kept])
            _ = try daemon.berth(["wait", kept, waiting])
        }

        /// A process that cannot be frozen: thawed again after 10 s, with the pid and where it waits.
        @Test(.enabled(if: StuckFileSystem.canRun, "needs FUSE and python3"))
        func whatCannotBeFrozenRunsOn() throws {
            let stuck = try StuckFileSystem()
            defer { stuck.remove() }
            let id = try daemon.submitWaiting(for: stuck, as: .first)
            let begun = bootNanoseconds()
            let paused = try daemon.berth(["pause", id], as: .first)
            #expect(paused.status == 1 && paused.errors.contains("pid ") && paused.errors.contains("waits in "), "\(paused)")
            #expect((9...25).contains((bootNanoseconds() - begun) / 1_000_000_000))
            let before = try daemon.berth(["logs", id]).output.count
            eventually("the others go on") { (try? daemon.berth(["logs", id]).output.count) ?? 0 > before + 5 }
            #expect(try daemon.berth(["cancel", "--now", id]).status == 0)
            // Not even SIGKILL reaches it before the file system answers; then the job ends as decided.
            stuck.answer()
            #expect(try daemon.berth(["wait", "--timeout", "30s", id]).status != 124)
            #expect(try daemon.outcome(id)["kind"].text == "cancelled")
        }

        @Test func execIntoAPausedJobDoesNotHangForEver() throws {
            let id = try daemon.submit(["--no-cwd", "--", "sleep", "60"])
            try daemon.await(id, "running")
            try daemon.berth(["pause", id])
            let result = try daemon.berth(["exec", id, "--", "true"], seconds: 20)
            #expect(result.status == 125, "refused, with a line: \(result)")
            try daemon.berth(["cancel", "--now", id])
            _ = try daemon.berth(["wait", id])
        }
    }
}
