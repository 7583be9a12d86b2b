import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// What is decided has to come to pass, in the order in which it was decided, whatever happens in between.
    @Suite struct DecisionTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private func cpus(_ pid: Int32) throws -> String {
            let text = try readTextFile("/proc/\(pid)/status")
            return text.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }?.split(separator: "\t").last.map(String.init) ?? "?"
        }

        /// contract §5: the pool shrinks and grows before exclusive cores are given or returned, in the kernel too.
        @Test func thePoolGrowsInTheKernel() throws {
            let shared = try daemon.submit(["--cpu", "0.3", "--no-cwd", "--", "sleep", "120"])
            try daemon.await(shared, "running")
            let monitor = Int32(try daemon.show(shared)["attempts"][-1]["pid"].number ?? 0)
            let job = try #require(try daemon.processes(of: shared).first { $0 != monitor })
            let whole = try cpus(job)
            let exclusive = try daemon.submit(["--cores", "1", "--no-cwd", "--", "sleep", "120"])
            try daemon.await(exclusive, "running")
            #expect(try cpus(job) != whole, "shrunk before the core was used")
            try daemon.berth(["cancel", "--now", exclusive])
            _ = try daemon.berth(["wait", exclusive])
            eventually("the pool has the core again: found \((try? cpus(job)) ?? "-"), before \(whole)", seconds: 10) { (try? cpus(job)) == whole }
            try daemon.berth(["cancel", "--now", shared])
            _ = try daemon.berth(["wait", shared])
        }

        // MARK: Cancel

        @Test(arguments: ["requeue", "time limit"])
        func aCancelDuringAnotherStop(stop: String) throws {
            let id = try daemon.submit(
                script: "trap 'echo told' TERM; echo up; while true; do sleep 0.1; done",
                ["--retries", "3", "--grace-period", "3s", "--time-limit", stop == "requeue" ? "5m" : "2s"])
            try daemon.awaitLog(id, "up")
            if stop == "requeue" { try daemon.berth(["requeue", id]) }
            try daemon.awaitLog(id, "told")
            #expect(try daemon.berth(["cancel", id]).status == 0)
            #expect(try daemon.berth(["wait", "--timeout", "30s", id]).status == 143)
            #expect(try daemon.show(id)["attempts"].list.count == 1)
            #expect(try daemon.outcome(id)["kind"].text == "cancelled")
        }

        // MARK: The ledger

        /// A purge fails none that depended on the purged job, also after a restart.
        @Test func aPurgeFailsNoDependents() throws {
            let first = try daemon.submit(["--no-cwd", "--", "true"])
            let second = try daemon.submit(["--hold", "--depends", "afterok:\(first)", "--no-cwd", "--", "true"])
            #expect(try daemon.berth(["wait", first]).status == 0)
            #expect(try daemon.berth(["purge", "--yes", first]).status == 0)
            try daemon.restart()
            #expect(try daemon.taskState(second) == "held")
            try daemon.berth(["release", second])
            #expect(try daemon.berth(["wait", "--timeout", "30s", second]).status == 0)
        }

        /// A job that was put back in the queue lives: a purge by a filter leaves its log and its accounts.
        @Test func aPurgeLeavesARequeuedJob() throws {
            let here = try daemon.place.directory("revived-\(UInt32.random(in: .min ... .max))", mode: 0o777)
            let script = "echo run; if [ -e once ]; then while [ ! -e go ]; do sleep 0.1; done; else touch once; exit 3; fi"
            let id = try daemon.submit(script: script, ["--batch", "revived"], in: here)
            #expect(try daemon.berth(["wait", id]).status == 3)
            #expect(try daemon.berth(["requeue", id]).status == 0)
            try daemon.awaitLog(id, "run")
            #expect(try daemon.berth(["purge", "--yes", "--batch", "revived"]).status == 0)
            #expect(try daemon.taskState(id) == "running")
            #expect(try daemon.berth(["logs", id]).output.contains("run"))
            try Command(["touch", "\(here)/go"]).run()
            #expect(try daemon.berth(["wait", "--timeout", "30s", id]).status == 0)
            #expect(try daemon.show(id)["attempts"].list.count == 2)
        }

        // MARK: Batches

        /// contract §6: several: the status of the lowest id that did not succeed.
        @Test func waitForABatch() throws {
            let bad = try daemon.submit(script: "exit 5", ["--batch", "waited"])
            _ = try daemon.submit(script: "sleep 1", ["--batch", "waited"])
            _ = try daemon.submit(script: "sleep 1; exit 6", ["--batch", "waited"])
            let ended = try daemon.berth(["wait", "--timeout", "60s", "--batch", "waited"])
            #expect(ended.status == 5 && ended.errors.contains(bad), "\(ended)")
            #expect(try daemon.berth(["wait", "--batch", "waited"]).status == 5, "of those that had ended too")
        }

        @Test func aJobLeavesItsPausedBatch() throws {
            let id = try daemon.submit(["--batch", "halted", "--no-cwd", "--", "sleep", "120"])
            try daemon.await(id, "running")
            _ = try daemon.berth(["batch", "pause", "halted"])
            try daemon.await(id, "paused")
            #expect(try daemon.berth(["update", "--batch", "going", id]).status == 0)
            try daemon.await(id, "running")
            try daemon.berth(["cancel", "--now", id])
            _ = try daemon.berth(["wait", id])
            _ = try daemon.berth(["batch", "resume", "halted"])
        }

        // MARK: Clients

        /// contract §6: a client that is gone for 10 s, with the daemon away in the meantime.
        @Test func aClientThatIsGoneAcrossARestart() throws {
            func run(_ words: [String]) throws -> (RunningCommand, String) {
                let running = try daemon.command(["run", "--no-cwd"] + words + ["--", "sleep", "120"]).start()
                eventually("it runs") { running.errors.contains("job ") }
                let id = try #require(running.errors.split(separator: "\n").first?.split(separator: " ").last.map(String.init))
                try daemon.await(id, "running")
                return (running, id)
            }
            let (lost, gone) = try run(["--cpu", "0.2"])
            let (kept, staying) = try run(["--cpu", "0.2"])
            let detached = try daemon.berth(["run", "--detach", "--no-cwd", "--cpu", "0.2", "--", "sleep", "120"]).line
            try daemon.await(detached, "running")
            try daemon.kill()
            lost.signal(9)
            _ = try lost.finish()
            try daemon.start()
            _ = try daemon.berth(["wait", "--timeout", "30s", gone])
            #expect(try daemon.outcome(gone)["kind"].text == "cancelled")
            sleepBlocking(nanoseconds: 2_000_000_000)
            #expect(try daemon.taskState(staying) == "running", "its client came back")
            #expect(try daemon.taskState(detached) == "running")
            try daemon.berth(["cancel", "--now", staying, detached])
            _ = try kept.finish()
            _ = try daemon.berth(["wait", detached])
        }

        /// contract §8: whatever id a process has taken inside, it acts for its job's owner. Each of many such jobs is let in.
        @Test func anAPIJobSubmitsAsItsOwner() throws {
            let body = #"{"jobs":[{"spec":{"command":["true"],"resources":{"cpuMillis":100}}}]}"#
            let script = "id -u; probe http $BERTH_SOCKET POST /v1/jobs '\(body)'"
            for user in [["--user", "image"], []] {
                for _ in 0..<3 {
                    let result = try daemon.runToEnd(script: script, ["--batch", "inside", "--api", "--cpu", "0.2"] + user, as: .first)
                    #expect(result.status == 0 && result.output.contains("\"jobs\":[{"), "\(result)")
                    #expect(user.isEmpty || result.output.hasPrefix("0\n"), "\(result)")
                }
            }
            #expect(try daemon.berth(["wait", "--timeout", "60s", "--batch", "inside"], as: .first).status == 0)
            let made = try #require(JSONValue(try daemon.berth("list --all --json --batch inside", as: .first).output))
            #expect(made["jobs"].list.count == 12 && made["jobs"].list.allSatisfy { $0["owner"].number == Int(TestUser.first.uid) }, "\(made)")
        }

        // MARK: Times

        @Test func aBeginThatComesTrue() throws {
            let id = try daemon.submit(["--begin", "now+2s", "--no-cwd", "--", "true"])
            #expect(try daemon.taskState(id) == "pending")
            #expect(try daemon.berth(["wait", "--timeout", "30s", id]).status == 0)
            let shown = try daemon.show(id)
            let (submitted, started) = (shown["job"]["submittedAt"].number ?? 0, shown["attempts"][0]["startedAt"].number ?? 0)
            #expect(started - submitted >= 1900, "\(shown)")
        }
    }
}
