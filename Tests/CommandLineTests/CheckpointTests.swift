import JobLog
import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// A real job goes through CRIU and back, and the daemon takes it over again: docs/checkpoint.md. The attack on PID 1 runs throughout.
    @Suite(.enabled(if: RoundTrip.canRun, "needs CRIU 4.1 (scripts/criu) and a C compiler"))
    struct CheckpointTests {
        let daemon: TestDaemon
        let here: String
        init() throws {
            daemon = try .required()
            here = try daemon.place.directory("checkpoint-\(UInt32.random(in: .min ... .max))", owner: .first)
            try RoundTrip.makeJob(at: "\(here)/steady")
        }

        private static let ways: [(isKilled: Bool, hasFile: Bool)] = {
            let rounds = min(10, Torture.rounds(0, "BERTH_CHECKPOINT_ROUNDS"))
            // Half a minute each under emulation.
            if rounds == 0 { return Programs.isEmulated ? [(true, true)] : [(true, true), (false, false)] }
            return (0..<rounds).flatMap { _ in [(true, true), (true, false), (false, true), (false, false)] }
        }()

        @Test(arguments: ways) func theDaemonTakesTheRestoredJobOver(isKilled: Bool, hasFile: Bool) throws {
            let words = ["--user", "0", "--memory", "256M", "--log-limit", "100M"] + (hasFile ? ["--output", "out"] : [])
            let id = try daemon.submit(words + ["--", "./steady"] + RoundTrip.jobArguments, as: .first, in: here)
            try goesOn(id, hasFile)
            let before = try daemon.show(id)["attempts"][-1]
            let monitor = Int32(try #require(before["pid"].number))
            let run = try runDirectory(monitor)
            let trip = try roundTrip(of: monitor, run)
            let used = try cpuMicroseconds(of: monitor)
            let script = try trip.start("both", monitor: monitor)
            try #require(trip.isDumped(script), "\(trip.output("both"))")
            if isKilled {
                try daemon.kill()
            } else {
                try eventually("it is shown as suspended") { try daemon.show(id)["attempts"][-1]["state"].text == "suspended" }
            }
            try trip.goOn()
            try trip.finish(script, "both")
            let pid = try trip.restored()
            try stamp(pid, in: run)
            if isKilled { try daemon.start() }
            try eventually("it is taken over") {
                let attempt = try daemon.show(id)["attempts"][-1]
                return attempt["state"].text == "running" && attempt["pid"].number == Int(pid)
            }
            try goesOn(id, hasFile)
            try daemon.berth(["signal", "USR1", id])
            #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == 21)
            let attempts = try daemon.show(id)["attempts"].list
            #expect(attempts.count == 1 && attempts[0]["outcome"]["kind"].text == "failed", "\(attempts)")
            #expect((attempts[0]["pausedFor"].number ?? 0) > 0, "\(attempts)")
            // The groups' counters are whole; of what PID 1 reaped, the switches of what had ended before the dump are not known.
            let usage = attempts[0]["usage"]
            #expect(usage["switchesPartial"].flag == true && (usage["voluntarySwitches"].number ?? 0) > 0, "\(usage)")
            #expect((usage["reapedCpuMicroseconds"].number ?? 0) >= used, "\(used) before the dump: \(usage)")
            let lines = try text(id, hasFile).split(separator: "\n")
            let counted = lines.filter { $0.hasPrefix("count ") }.compactMap { Int($0.split(separator: " ")[1]) }
            #expect(counted == Array(1...max(1, counted.count)))
            #expect(lines.filter { $0.hasPrefix("last ") } == ["last \(counted.count)"])
        }

        private func text(_ id: String, _ hasFile: Bool) throws -> String {
            try hasFile ? readTextFile("\(here)/out") : daemon.berth(["logs", id]).output
        }

        /// The numbers and the attack go on, and the attack has got nowhere.
        private func goesOn(_ id: String, _ hasFile: Bool) throws {
            func last(_ word: String) throws -> Int {
                let line = try? text(id, hasFile).suffix(10_000).split(separator: "\n").dropLast().last { $0.hasPrefix(word + " ") }
                return line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
            }
            let (count, siege) = (try last("count"), try last("siege"))
            let enough = Programs.isEmulated ? 1 : 2
            try eventually("it goes on", seconds: 120) { try last("count") > count + 100 && last("siege") >= siege + enough }
            let found = try text(id, hasFile).split(separator: "\n").filter { $0.hasPrefix("OPEN") || $0.hasPrefix("CANNOT") }
            #expect(found.isEmpty)
        }

        /// Of the job's main process and what it waited for: it is in the dump.
        private func cpuMicroseconds(of monitor: Int32) throws -> Int {
            let children = try readTextFile("/proc/\(monitor)/task/\(monitor)/children").split(separator: " ")
            let line = try readTextFile("/proc/\(children.first ?? "")/stat")
            let fields = line[line.index(after: try #require(line.lastIndex(of: ")")))...].split(separator: " ")
            return fields[11..<15].compactMap { Int($0) }.reduce(0, +) * 10_000
        }

        private func runDirectory(_ monitor: Int32) throws -> String {
            let found = try Command(["find", daemon.runPlace.path, "-name", "cloned"]).run().output.split(separator: "\n")
            let own = try found.first { try ClonedStamp(decoding: readFile(String($0))).pid == monitor }
            return String(try #require(own).dropLast("/cloned".count))
        }

        private func roundTrip(of monitor: Int32, _ run: String) throws -> RoundTrip {
            let paths = try ProcessPlace.cgroupPaths(of: monitor)
            let unified = Programs.exists("/sys/fs/cgroup/unified/cgroup.procs") ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup"
            let group: String
            if let own = paths[""], own != "/" { group = unified + own } else { group = "/sys/fs/cgroup/freezer" + (try #require(paths["freezer"])) }
            let slot = try #require(UInt32(readTextFile("/proc/\(monitor)/uid_map").split(whereSeparator: \.isWhitespace)[1]))
            let place = try daemon.place.directory("trip-\(UInt32.random(in: .min ... .max))", mode: 0o700)
            return try RoundTrip(in: place, group: group, run: run, program: Programs.path("berth-init"), owner: slot)
        }

        /// What a restorer leaves for the daemon: the new PID 1 where the old one stood, then the end of the mark.
        private func stamp(_ pid: Int32, in run: String) throws {
            var stamp = try ClonedStamp(decoding: readFile("\(run)/cloned"))
            stamp.pid = pid
            stamp.startTicks = try ProcessStatus(pid: pid).startTime
            try Descriptor.open("\(run)/cloned.new", [.writeOnly, .create, .exclusive], mode: 0o600).write(stamp.encoded())
            try Command(["mv", "\(run)/cloned.new", "\(run)/cloned"]).run()
            try Command(["mv", "\(run)/dumped", "\(run)/restored"]).run()
        }
    }
}
