import Database
import JobModel
import JobStore
import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// `berthd.yaml`: what is kept how long. The database is given jobs, attempts and events of long ago before the daemon starts again.
    @Suite(
        .daemon(
            whole: { daemon in
                daemon.places + """
                    reserved: {cores: 1}
                    defaults: {memory_per_core: 32M, scratch: 16M}
                    retention: {logs: 1d, events: 2d, event_count: 1000, jobs: 3d, ledger: 4d, ledger_count: 1000}
                    """
            }))
    struct RetentionKeyTests {
        @Test(arguments: Self.effects) func has(_ effect: Effect) async throws { try await effect.check(try .required()) }

        static let effects: [Effect] = [
            Effect("reserved.cores") { daemon in
                let shown = try #require(JSONValue(try daemon.berth("node --json").output))
                #expect(shown["reservedCpus"].text == "0", "\(shown["reservedCpus"])")
            },
            Effect("retention.logs") { daemon in
                let kept = try await aged(daemon, hours: 20).log
                let gone = try await aged(daemon, hours: 30).log
                #expect(kept && !gone)
            },
            Effect("retention.jobs") { daemon in
                let kept = try await aged(daemon, hours: 70).job
                let gone = try await aged(daemon, hours: 80).job
                #expect(kept && !gone)
            },
            Effect("retention.ledger") { daemon in
                let kept = try await aged(daemon, hours: 90).ledger
                let gone = try await aged(daemon, hours: 100).ledger
                #expect(kept && !gone)
            },
            Effect("retention.ledger_count") { daemon in
                // A thousand later ones take its place, itself being of an hour ago.
                let id = try daemon.submit(script: "true")
                #expect(try daemon.berth(["wait", id]).status == 0)
                try await changed(daemon) { store in
                    let number = try #require(UInt64(id))
                    let real = try #require(try await store.ledgerAttempts(of: JobID(number), after: nil, limit: 1).first)
                    var later: [LedgerEntry] = []
                    for number in UInt64(900_001)...901_000 {
                        var attempt = real
                        attempt.id = AttemptID(TaskID(JobID(number)), 1)
                        attempt.endedAt = real.endedAt + TimeSpan(milliseconds: Int64(number % 1000) + 1)
                        later.append(.attempt(attempt))
                    }
                    _ = try await store.commit(StoreTransaction(ledger: later))
                }
                func runs(_ id: String) throws -> Int {
                    JSONValue(try daemon.berth(["report", "--json", id]).output)?["attempts"].list.count ?? -1
                }
                _ = try TestSupport.poll(seconds: 3) { try runs(id) == 0 ? true : nil }
                let (old, new) = (try runs(id), try runs("900500"))
                #expect(old == 0 && new == 1, "\(old) \(new)")
                // The others need the room.
                try await changed(daemon) { store in
                    var all = PurgeSelection()
                    (all.jobs, all.forgotten) = ([], Set((UInt64(900_001)...901_000).map { JobID($0) }))
                    _ = try await store.purge(all)
                }
            },
            Effect("retention.events") { daemon in
                let kept = try await events(daemon, count: 10, hours: 40)
                let gone = try await events(daemon, count: 10, hours: 50)
                #expect(kept == 10 && gone == 0)
            },
            Effect("retention.event_count") { daemon in
                let kept = try await events(daemon, count: 1500, hours: 1)
                #expect((900...1000).contains(kept), "\(kept)")
            },
        ]

        private static func ago(_ hours: Int64) -> WallTime { SQLiteStore.wallClock() - .hours(hours) }

        /// Stops the daemon, changes its database, and starts it.
        private static func changed(_ daemon: TestDaemon, _ body: @Sendable @escaping (SQLiteStore) async throws -> Void) async throws {
            #expect(try daemon.stop() == 0)
            let store = try SQLiteStore.open(directory: daemon.state)
            try await body(store)
            store.close()
            try daemon.start()
        }

        /// Runs a job, makes it so old, and tells what is left of it after the next start.
        private static func aged(_ daemon: TestDaemon, hours: Int64) async throws -> (log: Bool, job: Bool, ledger: Bool) {
            let id = try daemon.submit(script: "echo words")
            #expect(try daemon.berth(["wait", id]).status == 0)
            let number = try #require(UInt64(id))
            let end = ago(hours)
            try await changed(daemon) { store in
                var job = try #require(try await store.ledgerJob(JobID(number)))
                var attempt = try #require(try await store.ledgerAttempts(of: JobID(number), after: nil, limit: 1).first)
                var all = PurgeSelection()
                all.jobs = [JobID(number)]
                _ = try await store.purge(all)
                (job.endedAt, attempt.endedAt) = (end, end)
                _ = try await store.commit(StoreTransaction(ledger: [.attempt(attempt), .job(job)]))
            }
            // The start's upkeep is in the background.
            func look() throws -> (log: Bool, job: Bool, ledger: Bool) {
                let report = JSONValue(try daemon.berth(["report", "--json", id]).output)
                return (
                    Programs.exists("\(daemon.state)/logs/\(id)/\(id)-1.log"), try daemon.berth(["show", id]).status == 0,
                    !(report?["attempts"].list ?? []).isEmpty
                )
            }
            _ = try TestSupport.poll(seconds: 1.5) { try look() == (false, false, false) ? true : nil }
            return try look()
        }

        /// Adds events of so long ago; how many of them are left after the next start.
        private static func events(_ daemon: TestDaemon, count: Int, hours: Int64) async throws -> Int {
            let word = "aged-\(UInt32.random(in: .min ... .max))"
            let time = ago(hours)
            try await changed(daemon) { store in
                // They come first: events are forgotten from the front.
                _ = try await store.pruneEvents(keeping: 0, since: WallTime(milliseconds: 0))
                for _ in 0..<count / 10 {
                    let some = (0..<10).map { _ in Event(sequence: 0, at: time, kind: .audit, detail: word) }
                    _ = try await store.commit(StoreTransaction(events: some))
                }
            }
            func left() throws -> Int {
                try daemon.berth(["events", "--json", "--no-follow", "--after", "0"]).output
                    .split(separator: "\n").count { $0.contains(word) }
            }
            _ = try TestSupport.poll(seconds: 1.5) { try left() < count ? true : nil }
            return try left()
        }
    }
}
