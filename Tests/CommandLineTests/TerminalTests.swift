import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// contract §6: `run`, `attach`, `exec` with a terminal: window size, signals, detach.
    @Suite struct TerminalTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        /// Plays steps on a terminal of 30 × 90: `expect TEXT`, `send TEXT` (with Python's escapes), `resize ROWS COLUMNS`, `wait SECONDS`.
        /// Prints all that appeared; ends with the command's status.
        private static let player = #"""
            import fcntl, os, pty, select, struct, sys, termios, time
            steps, command = sys.argv[1].split('\n'), sys.argv[2:]
            pid, master = pty.fork()
            if pid == 0:
                os.execv(command[0], command)
            def size(rows, columns):
                fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
            size(30, 90)
            seen, mark = b'', 0
            def read(seconds):
                global seen
                ready, _, _ = select.select([master], [], [], seconds)
                if not ready: return True
                try: data = os.read(master, 65536)
                except OSError: return False
                seen += data
                return bool(data)
            for step in steps:
                verb, _, rest = step.partition(' ')
                if verb == 'expect':
                    end = time.time() + 40
                    while True:
                        at = seen.find(rest.encode(), mark)
                        if at >= 0: mark = at + len(rest); break
                        if time.time() > end or not read(0.2):
                            if seen.find(rest.encode(), mark) >= 0: continue
                            print('MISSING', rest); break
                elif verb == 'send': os.write(master, rest.encode().decode('unicode_escape').encode('latin1'))
                elif verb == 'resize': size(*map(int, rest.split()))
                elif verb == 'wait':
                    end = time.time() + float(rest)
                    while time.time() < end: read(0.1)
            end = time.time() + 40
            while time.time() < end and read(0.2): pass
            sys.stdout.write(seen.decode('utf8', 'replace').replace('\r', ''))
            sys.stdout.flush()
            _, status = os.waitpid(pid, os.WNOHANG)
            for _ in range(100):
                if _ and status == 0: break
                time.sleep(0.02)
            try:
                _, status = os.waitpid(pid, 0) if status == 0 else (0, status)
            except ChildProcessError: pass
            sys.exit(os.waitstatus_to_exitcode(status))
            """#

        private func play(_ steps: [String], _ words: [String]) throws -> CommandResult {
            let command = ["/usr/bin/python3", "-c", Self.player, steps.joined(separator: "\n"), Programs.path("berth")] + words
            return try Command(command, in: daemon.place("work"), environment: ["BERTH_SOCKET": daemon.socket, "TERM": "xterm"]).run(seconds: 90)
        }

        private func id(_ result: CommandResult) throws -> String {
            let line = try #require(result.output.split(separator: "\n").first { $0.contains("job ") })
            return String(line.split(separator: " ").last ?? "")
        }

        @Test func aTerminalHasTheSizeAndFollowsIt() throws {
            let steps = [
                "expect # ", "send stty size; echo t''ty=$(tty)\\n", "expect 30 90", "expect tty=/dev/pts/", "resize 41 101", "wait 0.5",
                "send stty size\\n", "expect 41 101", "send exit 3\\n",
            ]
            let result = try play(steps, ["run", "-it", "--no-cwd", "--", "sh"])
            #expect(result.status == 3 && !result.output.contains("MISSING"), "\(result)")
        }

        @Test func keysAreSignalsInside() throws {
            let steps = [
                "expect # ", "send sleep 50; echo st''atus $?\\n", "wait 0.7", "send \\x03", "expect # ", "send echo st''ill here\\n",
                "expect still here", "send exit 0\\n",
            ]
            let result = try play(steps, ["run", "-it", "--no-cwd", "--", "sh"])
            #expect(result.status == 0 && !result.output.contains("MISSING"), "\(result)")
        }

        /// contract §6: Ctrl-P Ctrl-Q leaves the job alone; then `attach`.
        @Test func detachAndAttach() throws {
            let left = try play(["expect # ", "send V=kept\\n", "wait 0.3", "send \\x10\\x11"], ["run", "-it", "--no-cwd", "--", "sh"])
            let job = try id(left)
            sleepBlocking(nanoseconds: 300_000_000)
            #expect(try daemon.taskState(job) == "running", "\(left)")
            let back = try play(["wait 0.5", "send echo v''alue $V\\n", "expect value kept", "send exit 7\\n"], ["attach", job])
            #expect(back.status == 7 && !back.output.contains("MISSING"), "\(back)")
            #expect(try daemon.berth(["wait", job]).status == 7)
        }

        /// contract §6: the first ^C goes to the job, a second within 2 s cancels.
        @Test func theFirstInterruptGoesToTheJobTheSecondCancels() throws {
            let script = "trap 'echo interrupted' INT; echo ready; while true; do sleep 0.1; done"
            let result = try play(["expect ready", "send \\x03", "expect interrupted", "send \\x03"], ["run", "--no-cwd", "--wrap", script])
            let job = try id(result)
            #expect(result.status != 0 && !result.output.contains("MISSING"), "\(result)")
            _ = try daemon.berth(["wait", "--timeout", "30s", job])
            #expect(try daemon.outcome(job)["kind"].text == "cancelled")
        }

        @Test func execWithAndWithoutATerminal() throws {
            let job = try daemon.submit(script: "echo ready; sleep 120", ["--environment", "OF=job"])
            try daemon.awaitLog(job, "ready")
            let steps = ["expect # ", "send stty size; echo o''f $OF\\n", "expect 30 90", "expect of job", "send exit 9\\n"]
            let result = try play(steps, ["exec", "-it", job, "--", "sh"])
            #expect(result.status == 9 && !result.output.contains("MISSING"), "\(result)")
            #expect(try daemon.berth(["exec", "-i", job, "--", "wc", "-c"], input: "12345").output.contains("5"))
            let plain = try daemon.berth(["exec", "--env", "A=b", "--workdir", "/tmp", job, "--", "sh", "-c", "pwd; echo $A; echo e >&2; exit 5"])
            #expect(plain.status == 5 && plain.output == "/tmp\nb\n" && plain.errors == "e\n", "\(plain)")
            #expect(try daemon.berth(["exec", job, "--", "/bin/nowhere"]).status == 127)
            #expect(try daemon.berth(["exec", job, "--", "/etc/passwd"]).status == 126)
            #expect(try daemon.berth(["exec", job, "--", "probe", "killself", "15"]).status == 143)
            // It is in the job: its pids, its groups, its filter.
            let seen = try daemon.berth([
                "exec", job, "--", "sh", "-c", "ps | grep -c 'sleep 12[0]'; grep -E 'Seccomp:|NoNewPrivs|CapInh' /proc/self/status",
            ]).output
            #expect(
                seen.hasPrefix("1\n") && seen.contains("Seccomp:\t2") && seen.contains("NoNewPrivs:\t1")
                    && seen.contains("CapInh:\t0000000000000000"), "\(seen)")
            try daemon.berth(["cancel", "--now", job])
            _ = try daemon.berth(["wait", job])
            let ended = try daemon.berth(["exec", job, "--", "true"])
            #expect(ended.status == 125 && ended.errorLines.count == 1 && ended.errors.contains("it has finished"), "\(ended)")
            let held = try daemon.submit(["--hold", "--no-cwd", "--", "true"])
            let early = try daemon.berth(["exec", held, "--", "true"])
            #expect(early.status == 125 && early.errors.contains("it has not started"), "\(early)")
            try daemon.berth(["cancel", held])
        }

        /// Nothing of what a program prints is lost, in whatever pieces it comes.
        @Test func execLosesNoOutput() throws {
            let job = try daemon.submit(["--no-cwd", "--", "sleep", "120"])
            try daemon.await(job, "running")
            for _ in 0..<15 {
                let script = "for n in 1 2 3 4 5; do echo out $n; echo err $n >&2; cat /proc/self/status > /dev/null; done; exit 3"
                let result = try daemon.berth(["exec", job, "--", "sh", "-c", script])
                #expect(result.status == 3)
                #expect(result.output == (1...5).map { "out \($0)\n" }.joined() && result.errors == (1...5).map { "err \($0)\n" }.joined())
            }
            try daemon.berth(["cancel", "--now", job])
            _ = try daemon.berth(["wait", job])
        }

        /// Whoever waits at a terminal is told for what; a pipe gets the job's output alone.
        @Test func aRunThatWaitsSaysWhyOnATerminal() throws {
            let blocker = try daemon.submit(script: "sleep 4", ["--resources", "licence=2", "--cpu", "0.1"])
            try daemon.await(blocker, "running")
            let words = ["run", "--resources", "licence=1", "--cpu", "0.1", "--no-cwd", "--", "echo", "went on"]
            let told = try play(["expect is pending: needs 1 licence, 0 of 2 free", "expect went on"], words)
            #expect(told.status == 0 && !told.output.contains("MISSING"), "\(told)")
            _ = try daemon.berth(["wait", blocker])
            let piped = try daemon.berth(words)
            #expect(piped.output == "went on\n" && piped.errorLines.count == 1, "\(piped)")
        }

        @Test func colourAndRemarksAreForTerminals() throws {
            let held = try daemon.submit(["--hold", "--name", "coloured", "--no-cwd", "--", "true"])
            let list = ["list", "--name", "coloured"]
            #expect(try play([], list).output.contains("\u{1B}[33mheld"))
            let plain = try Command(
                ["/usr/bin/python3", "-c", Self.player, "", Programs.path("berth")] + list,
                environment: ["BERTH_SOCKET": daemon.socket, "TERM": "xterm", "NO_COLOR": "1"]
            ).run()
            #expect(plain.output.contains("held") && !plain.output.contains("\u{1B}"), "\(plain)")
            try daemon.berth(["cancel", held])
            #expect(try play([], list).output == "berth: no jobs match\n")
            #expect(try play([], ["list", "--all", "--name", "no-such-name"]).output == "berth: no jobs match\n")
        }

        @Test func cancelAsksBeforeItEndsManyJobs() throws {
            let ids = try (0..<11).map { _ in try daemon.submit(["--hold", "--no-cwd", "--name", "asked", "--", "true"]) }
            let range = "\(ids[0])-\(ids[10])"
            let refused = try play(["expect [y/N]", "send n\\n"], ["cancel", range])
            #expect(refused.status == 1, "\(refused)")
            #expect(try daemon.taskState(ids[0]) == "held")
            let agreed = try play(["expect [y/N]", "send y\\n"], ["cancel", range])
            #expect(agreed.status == 0, "\(agreed)")
            #expect(try daemon.taskState(ids[10]) == "cancelled")
        }
    }
}
