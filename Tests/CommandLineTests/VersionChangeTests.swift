import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// Berth's programs are replaced while jobs run. Of an earlier PID 1 a daemon knows only its run directory, its groups and signals
    /// (design.md §1), so that an upgrade and a downgrade are alike.
    @Suite struct VersionChangeTests {
        /// The programs in a directory of their own, as a package would put them there.
        private func programs(_ daemon: TestDaemon, _ name: String) throws -> String {
            let directory = try daemon.place.directory(name)
            for program in ["berthd", "berth-init", "berth-helper"] { try copy(Programs.path(program), "\(directory)/\(program)") }
            try daemon.place.directory("\(name)/seccomp")
            try copy(Programs.path("../../../Config/seccomp/default.json"), "\(directory)/seccomp/default.json")
            return directory
        }

        private func copy(_ source: String, _ target: String) throws {
            let result = try Command(["cp", source, target]).run()
            guard result.status == 0 else { throw TestDaemon.Failure(description: "\(result)") }
        }

        /// The earlier programs are gone from the disk; one of the jobs runs, one is paused, one is about to be stopped, and one ends while no
        /// daemon is there.
        @Test(.enabled(if: !Programs.isEmulated, "the programs are too large for the machine"), arguments: [true, false])
        func jobsOfReplacedProgramsAreTakenOver(cleanly: Bool) throws {
            let daemon = try TestDaemon()
            let first = try programs(daemon, "first")
            try daemon.start(programs: first)
            try daemon.prepare()
            let here = daemon.place("work")
            let words = ["--cpu", "0.2", "--grace-period", "2s"]
            func job(_ name: String, _ then: String) throws -> String {
                try daemon.submit(script: "echo up; while [ ! -e \(name) ]; do sleep 0.1; done; \(then)", words, in: here)
            }
            let running = try job("go", "echo went on; exit 5")
            let paused = try job("on", "exit 6")
            let stopped = try daemon.submit(script: "trap 'echo asked' TERM; echo up; while :; do sleep 0.1; done", words)
            let ended = try job("gone", "exit 7")
            for id in [running, paused, stopped, ended] { try daemon.awaitLog(id, "up") }
            try daemon.berth(["pause", paused])
            try daemon.berth(["cancel", stopped])
            if cleanly { try daemon.stop() } else { try daemon.kill() }
            try Command(["touch", "\(here)/gone"]).run()
            try Command(["rm", "-r", first]).run()
            let executed = try daemon.processes(of: running).map { (try? readLink("/proc/\($0)/exe")) ?? "" }
            #expect(executed.contains("\(first)/berth-init (deleted)"), "\(executed)")
            try daemon.start(programs: try programs(daemon, "second"))
            #expect(try daemon.taskState(running) == "running")
            #expect(try daemon.taskState(paused) == "paused")
            #expect(try daemon.berth(["exec", running, "--", "true"]).status == 0)
            #expect(try daemon.berth(["run", "--no-cwd", "--cpu", "0.2", "--", "true"]).status == 0)
            #expect(try daemon.berth(["wait", "--timeout", "60s", ended]).status == 7)
            _ = try daemon.berth(["wait", "--timeout", "60s", stopped])
            #expect(try daemon.outcome(stopped)["kind"].text == "cancelled")
            #expect(try daemon.berth(["logs", stopped]).output == "up\nasked\n")
            try Command(["touch", "\(here)/go", "\(here)/on"]).run()
            #expect(try daemon.berth(["wait", "--timeout", "60s", running]).status == 5)
            #expect(try daemon.berth(["logs", running]).output == "up\nwent on\n")
            #expect(try daemon.taskState(paused) == "paused")
            try daemon.berth(["resume", paused])
            #expect(try daemon.berth(["wait", "--timeout", "60s", paused]).status == 6)
            for id in [running, paused, stopped, ended] {
                let attempts = try daemon.show(id)["attempts"].list
                #expect(attempts.count == 1 && attempts[0]["usage"]["cpuUserMicroseconds"].number != nil, "\(attempts)")
            }
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }

        /// Half of an upgrade: `berth-init` is the next version's, the daemon is not yet. Its launcher dies; what runs is seen to its end, and
        /// what is submitted waits until a launcher of its own version is there.
        @Test(.enabled(if: !Programs.isEmulated, "the programs are too large for the machine"))
        func aLauncherOfAnotherVersionStartsNothing() throws {
            let daemon = try TestDaemon()
            let directory = try programs(daemon, "programs")
            try daemon.start(programs: directory)
            try daemon.prepare()
            let here = daemon.place("work")
            let running = try daemon.submit(script: "echo up; while [ ! -e go ]; do sleep 0.1; done; exit 5", ["--cpu", "0.2"], in: here)
            try daemon.awaitLog(running, "up")
            let children = try Command(["pgrep", "-P", "\(daemon.pid)", "-f", "berth-init launcher"]).run().output
            let launcher = try #require(children.split(separator: "\n").compactMap { Int32($0) }.first)
            try Command(["mv", "\(directory)/berth-init", "\(directory)/own"]).run()
            // It says at once that it is ready: one byte of kind, then a version.
            let script = "#!/usr/bin/perl\nopen(F, '+<&=', 3); syswrite(F, \"\\1\\377\\377\"); sysread(F, $_, 1); exit 7\n"
            try Descriptor.open("\(directory)/berth-init", [.writeOnly, .create], mode: 0o755).write(script)
            try ProcessHandle(pid: launcher).signal(9)
            eventually("it is told") { daemon.log.contains("no launcher: nothing can start") && daemon.log.contains("another version") }
            let waiting = try daemon.submit(script: "exit 3", ["--cpu", "0.2"])
            try Command(["touch", "\(here)/go"]).run()
            #expect(try daemon.berth(["wait", "--timeout", "60s", running]).status == 5)
            #expect(try daemon.show(waiting)["job"]["counts"]["failed"].number == 0)
            try Command(["mv", "\(directory)/own", "\(directory)/berth-init"]).run()
            #expect(try daemon.berth(["wait", "--timeout", "60s", waiting]).status == 3)
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }
    }
}
