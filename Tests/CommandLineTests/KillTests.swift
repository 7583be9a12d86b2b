import HistoryChecker
import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// `berthd`, its launcher, or both killed −9 at random moments under a load of everything; what clients saw and what the jobs wrote is checked
    /// against the contract. `BERTH_KILL_ROUNDS` makes it long.
    @Suite(.timeLimit(.minutes(240))) struct KillTests {
        @Test func nothingIsLostOrDoneTwice() throws {
            let rounds = Torture.rounds(Programs.isEmulated ? 3 : 10, "BERTH_KILL_ROUNDS")
            var random = SeededGenerator()
            let daemon = try TestDaemon()
            try daemon.start()
            try daemon.prepare()
            let directory = try daemon.place.directory("work/journals", mode: 0o777)
            let load = MixedLoad(daemon, directory: directory, seed: Seed.value)
            load.begin()
            for _ in 0..<rounds {
                sleepBlocking(nanoseconds: UInt64.random(in: 30_000_000...1_500_000_000, using: &random))
                try kill(daemon, &random)
            }
            load.end()
            let history = try load.settle()
            let findings = Checker(history).findings()
            #expect(findings.isEmpty, "\(findings)")
            // It did something.
            let ended = history.journals.values.count { journal in journal.lines.contains { $0.kind == .end } }
            #expect(ended > 0, "tasks ended by themselves in \(rounds) rounds")
            let (orders, calls) = (history.orders.count, history.sightings.count)
            print("kill -9: \(rounds) rounds, \(orders) orders, \(calls) calls, \(history.assignments.count) attempts")
            let left = try daemon.end()
            #expect(left.isEmpty, "left behind: \(left)")
        }

        private func kill(_ daemon: TestDaemon, _ random: inout SeededGenerator) throws {
            let what = Int.random(in: 0..<4, using: &random)
            if what >= 2 {
                let children = try Command(["pgrep", "-P", "\(daemon.pid)", "-f", "berth-init launcher"]).run().output
                for line in children.split(separator: "\n") { if let pid = Int32(line) { try? ProcessHandle(pid: pid).signal(9) } }
            }
            // Alone, the launcher is missed by its daemon, which makes a new one or ends.
            if what == 2 { sleepBlocking(nanoseconds: UInt64.random(in: 0...400_000_000, using: &random)) }
            if what != 2 || !daemon.isAlive { try daemon.restart() }
        }
    }
}
