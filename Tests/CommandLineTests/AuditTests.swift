import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// contract §8: each act of an operator on another's job is audited: one event of the job's, and one line in the daemon's log.
    @Suite(.daemon) struct AuditTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private func events() throws -> [String] {
            try daemon.berth("events --json --no-follow --after 0 --kind audit").output.split(separator: "\n")
                .compactMap { JSONValue(String($0))?["event"]["detail"].text }
        }

        private var lines: Int { daemon.log.split(separator: "\n").count { $0.contains("operator acts on what is another user's") } }

        /// What the acts of an operator left, each with its words.
        private func audited(_ words: String, passes: Int32 = 0, _ expected: String...) throws {
            let (before, logged) = (try events().count, lines)
            let result = try daemon.berth(words, as: .operator_)
            #expect(result.status == passes, "\(result)")
            let by = " by user \(TestUser.operator_.uid) (\(TestUser.operator_.name))"
            #expect(try Array(events().dropFirst(before)) == expected.map { $0 + by }, "\(words)")
            #expect(lines == logged + expected.count, "\(words)")
        }

        @Test func eachActOnAnothersJob() throws {
            let run = try daemon.submit(
                script: "trap '' USR1; echo up; while :; do sleep 60; done", ["--cpu", "0.2", "--batch", "runs"], as: .first)
            try daemon.awaitLog(run, "up")
            try audited("signal USR1 \(run)", "signal of \(run)")
            try audited("pause \(run)", "pause of \(run)")
            try audited("resume \(run)", "resume of \(run)")
            try audited("exec \(run) -- true", "exec of \(run)")
            try audited("update --time-limit 4m \(run)", "update of \(run)")
            try audited("batch pause --user \(TestUser.first.name) runs", "batchPause of \(run)")
            try audited("batch resume --user \(TestUser.first.name) runs", "batchResume of \(run)")
            let held = try daemon.submit(["--hold", "--no-cwd", "--batch", "waits", "--", "true"], as: .first)
            for action in ["hold", "requeue"] { try audited("\(action) \(held)", "\(action) of \(held)") }
            try audited("hold --operator \(held)", "hold of \(held)")
            try audited("release --operator \(held)", "release of \(held)")
            try audited("batch hold --user \(TestUser.first.name) waits", "batchHold of \(held)")
            try audited("batch release --user \(TestUser.first.name) waits", "batchRelease of \(held)")
            try audited("cancel \(held)", "cancel of \(held)")
            // Of an array the tasks that are meant.
            let array = try daemon.submit(["--hold", "--no-cwd", "--array", "1-4", "--", "true"], as: .first)
            try audited("cancel \(array).[2-3]", "cancel of \(array).[2-3]")
            // What has ended is run again, and forgotten.
            try audited("requeue --hold \(held)", "requeue of \(held)", "hold of \(held)")
            try audited("batch cancel --yes --user \(TestUser.first.name) waits", "batchCancel of \(held)")
            try audited("batch hold --user \(TestUser.first.name) waits", "batchHold of batch waits")
            try audited("batch release --user \(TestUser.first.name) waits", "batchRelease of batch waits")
            try audited("purge --yes \(held)", "purge of \(held)")
            try audited("cancel --now \(run)", "cancel of \(run)")
            try daemon.berth(["cancel", array])
        }

        @Test func anImageOfAnothers() throws {
            let tar = try daemon.place.write("audit.tar", String(decoding: TarBuilder.make { $0.file("etc/x", "x") }, as: UTF8.self))
            #expect(try daemon.berth(["image", "import", tar, "mine:1"], as: .first).status == 0)
            let name = "\(TestUser.first.name)/mine:1"
            try audited("image remove \(name)", "remove of image \(name)")
            #expect(try daemon.berth("image list --all").output.contains("mine") == false)
            // The operators' own are theirs together.
            #expect(try daemon.berth(["image", "import", tar, "ours:1"]).status == 0)
            try audited("image remove ours:1")
        }

        /// Neither what is looked at, nor what is tried in vain, nor one's own.
        @Test func nothingElseIs() throws {
            let id = try daemon.submit(["--hold", "--no-cwd", "--", "true"], as: .first)
            for words in ["show \(id)", "list \(id)", "wait --timeout 0s \(id)", "purge --dry-run --user \(TestUser.first.name)"] {
                try audited(words, passes: words.hasPrefix("wait") ? 124 : 0)
            }
            try audited("signal NOSUCH \(id)", passes: 2)
            let own = try daemon.submit(["--hold", "--no-cwd", "--", "true"], as: .operator_)
            try audited("cancel \(own)")
            let before = try events().count
            #expect(try daemon.berth(["cancel", id], as: .first).status == 0)
            #expect(try daemon.berth(["cancel", id], as: .second).status == 1)
            #expect(try events().count == before)
        }
    }
}
