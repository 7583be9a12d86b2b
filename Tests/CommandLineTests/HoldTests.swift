import TestSupport
import Testing

extension EndToEnd {
    /// contract §2: holds, pauses, release, resume, of jobs and batches; requeue, update, retries.
    @Suite struct HoldTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        @Test func aHeldJobDoesNotStartUntilReleased() throws {
            let id = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            #expect(try daemon.taskState(id) == "held")
            let later = try daemon.submit(["--no-cwd", "--", "true"])
            #expect(try daemon.berth(["wait", later]).status == 0)
            #expect(try daemon.taskState(id) == "held")
            #expect(try daemon.berth(["list"]).output.contains(id))
            #expect(try daemon.berth(["release", id]).status == 0)
            #expect(try daemon.berth(["wait", id]).status == 0)
        }

        /// contract §2: `hold`: one that runs goes on; `resume` does not lift a hold.
        @Test func holdingARunningJobLetsItGoOn() throws {
            let id = try daemon.submit(script: "sleep 1; echo went on")
            try daemon.await(id, "running")
            #expect(try daemon.berth(["hold", id]).status == 0)
            #expect(try daemon.berth(["wait", id]).status == 0)
            let held = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            try daemon.berth(["resume", held])
            #expect(try daemon.taskState(held) == "held")
            #expect(try daemon.berth(["cancel", held]).status == 0)
            #expect(try daemon.taskState(held) == "cancelled")
        }

        /// contract §2: holding or pausing a batch is one write: members pending, running and yet to come inherit it; lifting it does not undo
        /// individual ones.
        @Test func membersYetToComeInheritTheHoldOfABatch() throws {
            let first = try daemon.submit(["--hold", "--batch", "inherit", "--no-cwd", "--", "true"])
            #expect(try daemon.berth("batch hold inherit").status == 0)
            let second = try daemon.submit(["--batch", "inherit", "--no-cwd", "--", "true"])
            #expect(try daemon.taskState(second) == "held")
            #expect(try daemon.berth("batch release inherit").status == 0)
            #expect(try daemon.berth(["wait", second]).status == 0)
            #expect(try daemon.taskState(first) == "held", "the job's own hold stands")
            try daemon.berth(["release", first])
            #expect(try daemon.berth(["wait", first]).status == 0)
        }

        @Test func membersYetToComeInheritThePauseOfABatch() throws {
            let running = try daemon.submit(script: "sleep 60", ["--batch", "stand"])
            try daemon.await(running, "running")
            #expect(try daemon.berth("batch pause stand").status == 0)
            #expect(try daemon.taskState(running) == "paused")
            let next = try daemon.submit(["--batch", "stand", "--no-cwd", "--", "true"])
            #expect(try daemon.taskState(next) == "held")
            // contract §2: pause gives the cores to others.
            let other = try daemon.submit(["--cores", "2", "--no-cwd", "--", "true"])
            #expect(try daemon.berth(["wait", "--timeout", "40s", other]).status == 0)
            #expect(try daemon.berth("batch resume stand").status == 0)
            #expect(try daemon.berth(["wait", "--timeout", "40s", next]).status == 0)
            try daemon.await(running, "running")
            try daemon.berth(["cancel", "--now", running])
            #expect(try daemon.berth(["wait", running]).status != 0)
        }

        /// contract §2: with nothing but its name the batch is meant, not its tasks of now.
        @Test func theBatchFlagAloneMeansTheBatch() throws {
            let first = try daemon.submit(["--hold", "--batch", "flagged", "--no-cwd", "--", "true"])
            #expect(try daemon.berth("hold --batch flagged").output.contains("batch flagged"))
            let second = try daemon.submit(["--batch", "flagged", "--no-cwd", "--", "true"])
            #expect(try daemon.taskState(second) == "held", "members yet to come inherit it")
            // The name of who placed it, not the number.
            let text = try daemon.berth(["show", second]).output
            #expect(text.contains("held by root") && text.contains("user by root"), "\(text)")
            #expect(try daemon.berth("release --batch flagged").status == 0)
            #expect(try daemon.berth(["wait", second]).status == 0)
            #expect(try daemon.taskState(first) == "held", "its own hold stands")
            #expect(try daemon.berth(["pause", "--batch", "flagged"]).status == 0)
            #expect(try daemon.show(first)["batchHolds"][0]["kind"].text == "userPause")
            #expect(try daemon.berth(["resume", "--batch", "flagged"]).status == 0)
            #expect(try daemon.berth(["hold", "--batch", "nowhere"]).status == 1)
            #expect(try daemon.berth(["cancel", "--batch", "flagged"]).status == 0)
        }

        /// contract §2: operators place and lift all four; users only their own two.
        @Test func usersCannotLiftTheOperatorsHold() throws {
            let id = try daemon.submit(["--no-cwd", "--hold", "--", "true"], as: .first)
            #expect(try daemon.berth(["hold", "--operator", id], as: .first).status == 1)
            #expect(try daemon.berth(["hold", "--operator", "--reason", "broken", id], as: .operator_).status == 0)
            #expect(try daemon.berth(["release", id], as: .first).status == 0)
            #expect(try daemon.taskState(id) == "held")
            #expect(try daemon.berth(["release", "--operator", id], as: .first).status == 1)
            #expect(try daemon.taskState(id) == "held")
            #expect(try daemon.berth(["release", "--operator", id], as: .operator_).status == 0)
            #expect(try daemon.berth(["wait", id], as: .first).status == 0)
        }

        /// contract §2: `retries` is 0 by default and names the outcomes it applies to.
        @Test func retriesWithBackOff() throws {
            let script = "[ $BERTH_ATTEMPT = 3 ] || exit 6"
            let id = try daemon.submit(script: script, ["--retries", "count=3,on=failed,backoff=300ms"])
            #expect(try daemon.berth(["wait", id]).status == 0)
            let attempts = try daemon.show(id)["attempts"].list
            #expect(attempts.compactMap { $0["outcome"]["kind"].text } == ["failed", "failed", "succeeded"], "\(attempts)")
            let once = try daemon.submit(script: script)
            #expect(try daemon.berth(["wait", once]).status == 6)
            #expect(try daemon.show(once)["attempts"].list.count == 1)
            let other = try daemon.submit(script: script, ["--retries", "count=3,on=timedOut"])
            #expect(try daemon.berth(["wait", other]).status == 6)
            #expect(try daemon.show(other)["attempts"].list.count == 1)
        }

        @Test func requeueOfARunningAndOfAnEndedJob() throws {
            let id = try daemon.submit(script: "[ $BERTH_ATTEMPT != 1 ] || sleep 60; exit $BERTH_ATTEMPT")
            try daemon.await(id, "running")
            #expect(try daemon.berth(["requeue", id]).status == 0)
            #expect(try daemon.berth(["wait", id]).status == 2)
            let again = try daemon.berth(["requeue", id])
            #expect(again.status == 0, "\(again)")
            #expect(try daemon.berth(["wait", id]).status == 3)
        }

        @Test func updateOfPendingAndRunningJobs() throws {
            let id = try daemon.submit(["--hold", "--name", "old", "--no-cwd", "--wrap", "echo $BERTH_MEMORY"])
            #expect(try daemon.berth(["update", "--memory", "50M", "--name", "new", id]).status == 0)
            try daemon.berth(["release", id])
            #expect(try daemon.berth(["wait", id]).status == 0)
            #expect(try daemon.berth(["logs", id]).output == "\(50 << 20)\n")
            #expect(try daemon.show(id)["job"]["name"].text == "new")
            let running = try daemon.submit(["--no-cwd", "--", "sleep", "60"])
            try daemon.await(running, "running")
            #expect(try daemon.berth(["update", "--time-limit", "1s", running]).status == 0)
            #expect(try daemon.berth(["wait", "--timeout", "30s", running]).status == 124)
            #expect(try daemon.outcome(running)["kind"].text == "timedOut")
        }

        @Test func signalsReachTheFirstProcessOrAll() throws {
            let id = try daemon.submit(script: "trap 'echo got it; exit 0' USR1; echo ready; while true; do sleep 0.1; done")
            try daemon.awaitLog(id, "ready")
            #expect(try daemon.berth(["signal", "USR1", id]).status == 0)
            #expect(try daemon.berth(["wait", id]).status == 0)
            #expect(try daemon.berth(["logs", id]).output.contains("got it"))
            #expect(try daemon.berth(["signal", "USR1", id]).status == 1, "an ended job takes no signal")
        }
    }
}
