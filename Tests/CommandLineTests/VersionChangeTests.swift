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
            // One that is killed between the signal and the note of it has a successor that signals once more.
            let told = try daemon.berth(["logs", stopped]).outputLines
            #expect(told == ["up", "asked"] || !cleanly && told == ["up", "asked", "asked"], "\(told)")
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

        /// A downgrade: jobs that a later version's PID 1 runs, whose record and log this one does not know. They go on and obey; how they ended is not
        /// guessed at, and what a daemon decided stands.
        @Test(.enabled(if: !Programs.isEmulated && OtherVersion.canBuild, "needs the Swift compiler, on a machine that is not emulated"))
        func aRecordOfALaterVersionIsNamed() throws {
            let daemon = try TestDaemon()
            let later = try programs(daemon, "later")
            try OtherVersion.buildInit(["record=2", "log=3"], into: later)
            try daemon.start(programs: later)
            try daemon.prepare()
            let here = daemon.place("work")
            func job(_ name: String, _ words: [String] = []) throws -> String {
                try daemon.submit(
                    script: "echo up; while [ ! -e \(name) ]; do sleep 0.1; done; exit 0", ["--cpu", "0.2", "--grace-period", "1s"] + words, in: here)
            }
            let (running, ended, stopped) = (try job("go"), try job("gone"), try job("never"))
            let again = try job("go", ["--rerun", "on-loss"])
            for id in [running, ended, stopped, again] { try daemon.await(id, "running") }
            try daemon.kill()
            try Command(["touch", "\(here)/gone"]).run()
            try daemon.start(programs: try programs(daemon, "own"))
            for id in [running, stopped, again] { #expect(try daemon.taskState(id) == "running") }
            try daemon.berth(["pause", running])
            try daemon.berth(["resume", running])
            #expect(try daemon.berth(["exec", running, "--", "true"]).status == 0)
            try daemon.berth(["cancel", stopped])
            let logs = try daemon.berth(["logs", running])
            #expect(logs.status != 0 && logs.errorLines.count == 1, "\(logs)")
            #expect(logs.errors.contains("log of \(running)#1 is of format 3, this berthd reads up to 2"), "\(logs)")
            for more in [["--tail", "1"], ["--timestamps"], ["--follow"]] {
                #expect(try daemon.berth(["logs"] + more + [running]).errors.contains("is of format 3"))
            }
            try Command(["touch", "\(here)/go"]).run()
            for id in [running, ended, stopped, again] { _ = try daemon.berth(["wait", "--timeout", "60s", id]) }
            for id in [running, ended] { try isUnknown(id, in: daemon) }
            #expect(try daemon.outcome(stopped)["kind"].text == "cancelled")
            #expect(try daemon.show(stopped)["attempts"][0]["note"].text == nil)
            // Its user said that it may run twice.
            #expect(try daemon.outcome(again)["kind"].text == "succeeded")
            #expect(try daemon.show(again)["attempts"].list.map { $0["outcome"]["kind"].text } == ["monitorLost", "succeeded"])
            #expect(try daemon.berth(["logs", "\(again)#1"]).errors.contains("is of format 3"))
            #expect(try daemon.berth(["logs", again]).output == "up\n")
            #expect(try daemon.berth(["run", "--no-cwd", "--cpu", "0.2", "--", "echo", "new"]).output == "new\n")
            let findings = try daemon.end()
            #expect(findings.isEmpty, "\(findings)")
        }

        /// The verdict says what is not known and why, and what was used all the same.
        private func isUnknown(_ id: String, in daemon: TestDaemon) throws {
            let attempts = try daemon.show(id)["attempts"].list
            #expect(attempts.count == 1 && attempts[0]["outcome"]["kind"].text == "monitorLost", "\(attempts)")
            #expect(attempts[0]["note"].text?.contains("exit record is of format 2, this berthd reads up to 1") == true, "\(attempts)")
            #expect(attempts[0]["usage"]["cpuUserMicroseconds"].number != nil, "\(attempts)")
            #expect(try daemon.berth(["show", id]).output.contains("exit record is of format 2"))
        }

        /// Up, down and up again between two versions whose every format differs; the later one knows the earlier one's, as an upgrade does.
        @Test(.enabled(if: OtherVersion.programs != nil, "needs another version's programs: make torture PARTS=versions"), arguments: [true, false])
        func jobsGoOnThroughUpAndDowngrade(cleanly: Bool) throws {
            let daemon = try TestDaemon()
            let own = try programs(daemon, "own")
            let later = try programs(daemon, "later")
            for name in ["berthd", "berth-init", "berth-helper"] { try copy("\(try #require(OtherVersion.programs))/\(name)", "\(later)/\(name)") }
            func change(to directory: String, meanwhile: [String] = []) throws {
                if cleanly { try daemon.stop() } else { try daemon.kill() }
                for name in meanwhile { try Command(["touch", "\(daemon.place("work"))/\(name)"]).run() }
                try daemon.start(programs: directory)
            }
            func job(_ name: String, code: Int) throws -> String {
                let wait = "while [ ! -e \(name) ]; do sleep 0.1; done"
                let script = "trap 'echo told' USR1; trap 'echo asked' TERM; echo up; \(wait); echo done; exit \(code)"
                let id = try daemon.submit(script: script, ["--cpu", "0.1", "--grace-period", "2s"], in: daemon.place("work"))
                try daemon.awaitLog(id, "up")
                return id
            }
            func finish(_ id: String, _ name: String, code: Int32, log: String = "up\ndone\n") throws {
                try Command(["touch", "\(daemon.place("work"))/\(name)"]).run()
                #expect(try daemon.berth(["wait", "--timeout", "60s", id]).status == code)
                #expect(try daemon.berth(["logs", id]).output == log)
            }
            try daemon.start(programs: own)
            try daemon.prepare()
            let (through, upward, gone) = (try job("through", code: 5), try job("upward", code: 6), try job("gone", code: 7))
            let (paused, stopped) = (try job("paused", code: 8), try job("stopped", code: 9))
            try daemon.berth(["pause", paused])
            // Up: all of it is understood.
            try change(to: later, meanwhile: ["gone"])
            for id in [through, upward, stopped] { #expect(try daemon.taskState(id) == "running") }
            #expect(try daemon.taskState(paused) == "paused")
            #expect(try daemon.berth(["wait", "--timeout", "60s", gone]).status == 7)
            try finish(upward, "upward", code: 6)
            try daemon.berth(["cancel", stopped])
            _ = try daemon.berth(["wait", "--timeout", "60s", stopped])
            #expect(try daemon.outcome(stopped)["kind"].text == "cancelled")
            #expect(try daemon.berth(["logs", stopped]).output == "up\nasked\n")
            let (laterThrough, downward, lost) = (try job("later-through", code: 15), try job("downward", code: 16), try job("lost", code: 17))
            let (laterPaused, laterStopped) = (try job("later-paused", code: 18), try job("later-stopped", code: 19))
            try daemon.berth(["pause", laterPaused])
            // Down: they go on and obey, and their ends are not guessed at.
            try change(to: own, meanwhile: ["lost"])
            for id in [through, laterThrough, downward, laterStopped] { #expect(try daemon.taskState(id) == "running") }
            for id in [paused, laterPaused] { #expect(try daemon.taskState(id) == "paused") }
            try daemon.berth(["signal", "USR1", laterThrough])
            #expect(try daemon.berth(["exec", laterThrough, "--", "true"]).status == 0)
            #expect(try daemon.berth(["run", "--no-cwd", "--cpu", "0.1", "--", "true"]).status == 0)
            try daemon.berth(["cancel", laterStopped])
            try Command(["touch", "\(daemon.place("work"))/downward"]).run()
            for id in [downward, lost, laterStopped] { _ = try daemon.berth(["wait", "--timeout", "60s", id]) }
            for id in [downward, lost] { try isUnknown(id, in: daemon) }
            #expect(try daemon.outcome(laterStopped)["kind"].text == "cancelled")
            #expect(try daemon.berth(["logs", laterThrough]).errors.contains("is of format 3"))
            // And up again.
            try change(to: later)
            for id in [paused, laterPaused] {
                #expect(try daemon.taskState(id) == "paused")
                try daemon.berth(["resume", id])
            }
            try finish(through, "through", code: 5)
            try finish(paused, "paused", code: 8)
            try finish(laterThrough, "later-through", code: 15, log: "up\ntold\ndone\n")
            try finish(laterPaused, "later-paused", code: 18)
            #expect(try daemon.berth(["logs", laterStopped]).output == "up\nasked\n")
            #expect(try daemon.berth(["logs", downward]).output == "up\ndone\n")
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
            if let other = OtherVersion.programs {
                try copy("\(other)/berth-init", "\(directory)/berth-init")
            } else {
                // It says at once that it is ready: one byte of kind, then a version.
                let script = "#!/usr/bin/perl\nopen(F, '+<&=', 3); syswrite(F, \"\\1\\377\\377\"); sysread(F, $_, 1); exit 7\n"
                try Descriptor.open("\(directory)/berth-init", [.writeOnly, .create], mode: 0o755).write(script)
            }
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
