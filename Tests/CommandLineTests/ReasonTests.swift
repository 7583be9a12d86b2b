import TestSupport
import Testing

extension EndToEnd {
    /// `berth list` and `berth show` give every reason why a job waits.
    @Suite(.daemon("per_user:\n  active_tasks: 1\n")) struct ReasonTests {
        let daemon: TestDaemon
        private static let cores = (try? Command(["nproc"]).run().line).flatMap { Int($0) } ?? 1
        private var cores: Int { Self.cores }

        init() throws { daemon = try .required() }

        /// What misses in the row or rows of a job in `list`, and in its `show`.
        private func missing(_ reasons: [String], of id: String) throws -> [String] {
            let rows = try daemon.berth("list", as: .first).output.split(separator: "\n").filter { row in
                row.hasPrefix("\(id) ") || row.hasPrefix("\(id).")
            }
            let shown = try daemon.berth("show \(id)", as: .first).output
            return reasons.flatMap { reason in
                (rows.contains { $0.contains(reason) } ? [] : ["list: \(reason) in \(rows)"])
                    + (shown.contains(reason) ? [] : ["show: \(reason) in \(shown)"])
            }
        }

        @Test(.enabled(if: Self.cores > 1, "one core is for each of two jobs"))
        func everyReasonIsListedAndShown() throws {
            // All but a little memory is taken, then all cores and licences by the first task of an array whose batch is paused.
            let node = try #require(JSONValue(try daemon.berth("node --json").output))
            let memory = try #require(node["freeMemory"].number) >> 20
            let large = try daemon.submit(["--cores", "1", "--memory", "\(memory - 256)M", "--no-cwd", "--", "sleep", "120"])
            try daemon.await(large, "running")
            let words = ["--batch", "why", "--cores", "\(cores - 1)", "--memory", "64M", "--resources", "licence=2"]
            let array = try daemon.submit(words + ["--array", "0-2%1", "--no-cwd", "--", "sleep", "120"], as: .first)
            try eventually("its first task runs") { try daemon.show(array)["job"]["counts"]["running"].number == 1 }
            #expect(try daemon.berth("batch pause --keep-cores why", as: .first).status == 0)
            let all = ["--batch", "why", "--cores", "\(cores)", "--memory", "512M", "--resources", "licence=1"]
            let last = try daemon.submit(
                all + ["--hold", "--begin", "now+1h", "--depends", "afterok:\(array)", "--no-cwd", "--", "true"], as: .first)

            let common = ["batch why paused by \(TestUser.first.name)", "1 task is active, at most 1 may", ", 0 of \(cores) free"]
            let ofArray = common + ["1 task of the array is active, at most 1 may", "needs \(cores - 1) core", "needs 2 licence, 0 of 2 free"]
            #expect(try missing(ofArray, of: array) == [])
            let ofLast =
                common + [
                    "held by \(TestUser.first.name)", "begins in ", "waits for afterok \(array)", "needs \(cores) cores", "needs 512M of memory, ",
                    "needs 1 licence, 0 of 2 free",
                ]
            #expect(try missing(ofLast, of: last) == [])
            try daemon.berth(["cancel", "--now", "--yes", large, array, last])
            _ = try daemon.berth(["wait", large, array, last])
        }

        /// What goes away is no longer told.
        @Test func aReasonThatIsGoneIsNotShown() throws {
            let first = try daemon.submit(["--hold", "--no-cwd", "--", "true"], as: .first)
            let id = try daemon.submit(["--hold", "--depends", "afterok:\(first)", "--no-cwd", "--", "true"], as: .first)
            #expect(try missing(["held by", "waits for afterok \(first)"], of: id) == [])
            try daemon.berth(["release", id], as: .first)
            #expect(try missing(["held by"], of: id).count == 2)
            #expect(try missing(["waits for afterok \(first)"], of: id) == [])
            try daemon.berth(["cancel", id, first], as: .first)
        }
    }
}
