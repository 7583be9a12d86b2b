import HistoryChecker
import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// The power goes at random moments under load: of the disk only what was flushed is sure to be left, everything else is gone, and the next
    /// berthd starts in another boot. `BERTH_CUT_ROUNDS` makes it long.
    @Suite(.enabled(if: UnreliableDisk.canRun, "needs FUSE, loop devices and mkfs.ext4"), .timeLimit(.minutes(240))) struct PowerCutTests {
        @Test func whatWasAcknowledgedIsThere() throws {
            let rounds = Torture.rounds(Programs.isEmulated ? 1 : 3, "BERTH_CUT_ROUNDS")
            var random = SeededGenerator()
            let disk = try UnreliableDisk()
            let daemon = try TestDaemon(state: disk.path)
            try daemon.start(inBoot: 0)
            try daemon.prepare()
            let directory = try daemon.place.directory("work/journals", mode: 0o777)
            let load = MixedLoad(daemon, directory: directory, seed: Seed.value)
            for round in 1...rounds {
                load.begin()
                sleepBlocking(nanoseconds: UInt64.random(in: 500_000_000...3_000_000_000, using: &random))
                let moment = try disk.cutPower(seed: random.next())
                try daemon.losePower()
                load.end()
                // Looks and calls of after the moment are of a past that is none.
                load.change { $0.losePower(at: moment) }
                try forgetJournals(in: directory, after: moment)
                try disk.restore()
                try daemon.start(inBoot: UInt64(round))
                #expect(try integrity(of: daemon.state + "/berth.db") == "ok", "round \(round)")
            }
            let history = try load.settle()
            let findings = Checker(history).findings()
            #expect(findings.isEmpty, "\(findings)")
            let lost = history.records.flatMap(\.attempts).count { $0.outcome == "nodeLost" }
            print("power cut: \(rounds) rounds, \(history.orders.count) orders, \(history.sightings.count) calls, \(lost) attempts lost")
            #expect(lost > 0 || rounds < 10, "something ran when the power went")
            let left = try daemon.end()
            #expect(left.isEmpty, "left behind: \(left)")
            try disk.remove()
        }

        /// What SQLite itself says of a database, beside the daemon that has it open.
        private func integrity(of path: String) throws -> String {
            let script = """
                import sqlite3, sys
                database = sqlite3.connect('file:%s?mode=ro' % sys.argv[1], uri=True)
                print(database.execute('PRAGMA integrity_check').fetchone()[0])
                """
            let result = try Command(["/usr/bin/python3", "-c", script, path]).run()
            return result.status == 0 ? result.line : result.errors
        }

        /// What tasks wrote after the moment did not happen either. Their times are rounded down to 10 ms, so that a start may belong to an
        /// attempt that was decided after it.
        private func forgetJournals(in directory: String, after moment: UInt64) throws {
            for name in try Descriptor.open(directory, [.readOnly, .directory]).names() {
                let lines = try readTextFile("\(directory)/\(name)", limit: 64 << 20).split(separator: "\n")
                let kept = lines.filter { line in
                    guard let seconds = line.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) }) else { return false }
                    return UInt64(seconds * 1e9) + (line.hasPrefix("start") ? 10_000_000 : 0) <= moment
                }
                if kept.count == lines.count { continue }
                let file = try Descriptor.open("\(directory)/\(name)", [.writeOnly, .truncate])
                if !kept.isEmpty { try file.write(kept.joined(separator: "\n") + "\n") }
            }
        }
    }
}
