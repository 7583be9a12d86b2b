import TestSupport
import Testing

extension EndToEnd {
    /// `berth top` against what really runs.
    @Suite struct TopTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        @Test("What a job uses now is shown to its owner: cpu, memory and processes")
        func currentUseIsShown() throws {
            let busy = try daemon.submit(["--memory", "128M", "--no-cwd", "--name", "spinner", "--", "sh", "-c", "while :; do :; done"], as: .first)
            try daemon.await(busy, "running")
            defer { try? daemon.end(busy) }
            let rows = TestSupport.poll(seconds: 30) { () -> [String]? in
                guard let result = try? daemon.berth(["top", "--once", "--interval", "500ms"], as: .first, in: "/"), result.status == 0 else {
                    return nil
                }
                let line = result.outputLines.first { $0.contains("spinner") }
                let words = line?.split(separator: " ").map(String.init) ?? []
                // Some of a core at least, on a machine that does other things too.
                return words.count > 6 && Double(words[5]) ?? 0 > 5 ? words : nil
            }
            let words = try #require(rows)
            #expect(words[0] == busy && words[3] == "running", "\(words)")
            let shown = try #require(JSONValue(try daemon.berth(["top", "--json"], as: .first, in: "/").output))
            let row = try #require(shown["attempts"].list.first { $0["name"].text == "spinner" })
            #expect(row["use"]["cpuMicroseconds"].number ?? 0 > 0 && row["use"]["memory"].number ?? 0 > 0)
            #expect(try #require(row["use"]["memory"].number) <= 128 << 20)
            // PID 1, the shell.
            #expect(row["use"]["pids"].number == 2)
            #expect(row["memory"].number == 128 << 20)
        }

        @Test("Of others' jobs owner, state, cores and limit are shown, not name, batch and use")
        func othersAreRedacted() throws {
            let id = try daemon.submit(["--no-cwd", "--name", "s3cret", "--batch", "hidden", "--", "sleep", "60"], as: .first)
            try daemon.await(id, "running")
            defer { try? daemon.end(id) }
            let seen = try daemon.berth(["top", "--json"], as: .second, in: "/").output
            let row = try #require(JSONValue(seen)?["attempts"].list.first { $0["id"].text == "\(id)#1" })
            #expect(row.keys == ["id", "memory", "owner", "ownerName", "placement", "queue", "ranFor", "startedAt", "state", "timeLimit"], "\(row)")
            #expect(!seen.contains("s3cret") && !seen.contains("hidden"))
            let operators = try daemon.berth(["top", "--json"], as: .operator_, in: "/").output
            #expect(operators.contains("s3cret") && operators.contains("\"use\""))
        }
    }
}

extension TestDaemon {
    /// Ends a job at once, and waits for it.
    func end(_ id: String) throws {
        try berth(["cancel", "--now", id])
        _ = try berth(["wait", id])
    }
}
