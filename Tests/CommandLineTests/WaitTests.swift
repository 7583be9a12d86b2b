import TestSupport
import Testing

extension EndToEnd {
    /// contract §3 and §6: dependencies, `wait`.
    @Suite struct WaitTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        /// contract §6: its own time-out 124; unknown id 1; several: the status of the lowest id that did not succeed.
        @Test func statusesOfWait() throws {
            let good = try daemon.submit(["--no-cwd", "--", "true"])
            let bad = try daemon.submit(["--no-cwd", "--", "sh", "-c", "exit 5"])
            let worse = try daemon.submit(["--no-cwd", "--", "sh", "-c", "exit 7"])
            let held = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            #expect(try daemon.berth(["wait", good, bad, worse]).status == 5)
            #expect(try daemon.berth(["wait", worse, good]).status == 7)
            #expect(try daemon.berth(["wait", "\(good),\(bad)-\(worse)"]).status == 5)
            let late = try daemon.berth(["wait", "--timeout", "300ms", held, good])
            #expect(late.status == 124, "\(late)")
            #expect(try daemon.berth(["wait", "99999999"]).status == 1)
            #expect(try daemon.berth(["wait", "nonsense"]).status == 2)
            #expect(try daemon.berth(["wait"]).status == 2)
            try daemon.berth(["cancel", held])
            #expect(try daemon.berth(["wait", held]).status != 0, "a cancelled job did not succeed")
        }

        /// contract §3: `after` = started or ended; `afterany` = ended; `afterok` = all succeeded; `afternotok` = at least one did not.
        @Test(arguments: [
            ("afterany", "true", "succeeded"), ("afterany", "false", "succeeded"), ("afterok", "true", "succeeded"),
            ("afterok", "false", "dependencyFailed"), ("afternotok", "false", "succeeded"), ("afternotok", "true", "dependencyFailed"),
            ("after", "false", "succeeded"),
        ])
        func kindsOfDependencies(kind: String, command: String, expected: String) throws {
            let first = try daemon.submit(["--hold", "--no-cwd", "--", command])
            let second = try daemon.submit(["--depends", "\(kind):\(first)", "--no-cwd", "--", "true"])
            #expect(try ["held", "pending"].contains(daemon.taskState(second)))
            try daemon.berth(["release", first])
            _ = try daemon.berth(["wait", first, second])
            #expect(try daemon.taskState(second) == expected)
        }

        @Test func afterNeedsOnlyTheStart() throws {
            let first = try daemon.submit(["--cpu", "0.1", "--no-cwd", "--", "sleep", "60"])
            let second = try daemon.submit(["--cpu", "0.1", "--depends", "after:\(first)", "--no-cwd", "--", "true"])
            #expect(try daemon.berth(["wait", "--timeout", "40s", second]).status == 0)
            #expect(try daemon.taskState(first) == "running")
            try daemon.berth(["cancel", "--now", first])
        }

        /// contract §3: `aftercorr` = index by index, refused when the index sets differ.
        @Test func aftercorrGoesIndexByIndex() throws {
            let first = try daemon.submit(script: "exit $((BERTH_TASK_INDEX - 1))", ["--array", "1-2"])
            let second = try daemon.submit(script: "true", ["--array", "1-2", "--depends", "aftercorr:\(first)"])
            _ = try daemon.berth(["wait", second])
            #expect(try daemon.berth(["wait", "\(second).1"]).status == 0)
            #expect(try daemon.berth(["wait", "\(second).2"]).status != 0)
            let refused = try daemon.berth(["submit", "--array", "1-3", "--depends", "aftercorr:\(first)", "--no-cwd", "--", "true"])
            #expect(refused.status == 1 && refused.errorLines.count == 1, "\(refused)")
        }

        @Test func aCancelledJobsDependantsEndToo() throws {
            let first = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            let second = try daemon.submit(["--depends", "afterok:\(first)", "--no-cwd", "--", "true"])
            let third = try daemon.submit(["--depends", "afterok:\(second)", "--no-cwd", "--", "true"])
            try daemon.berth(["cancel", first])
            _ = try daemon.berth(["wait", "--timeout", "30s", third])
            #expect(try daemon.taskState(second) == "dependencyFailed")
            #expect(try daemon.taskState(third) == "dependencyFailed")
        }

        @Test func listsAndRangesOfIds() throws {
            let ids = try (0..<4).map { _ in try daemon.submit(["--hold", "--no-cwd", "--", "true"]) }
            let reply = try daemon.berth(["cancel", "\(ids[0]),\(ids[1])-\(ids[2])"])
            #expect(reply.status == 0 && reply.output.contains("3"), "\(reply)")
            #expect(try daemon.taskState(ids[3]) == "held")
            #expect(try daemon.berth(["cancel", "--state", "held", "--name", "true"]).status == 0)
        }
    }
}
