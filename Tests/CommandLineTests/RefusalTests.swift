import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// contract §6: other commands: 2 usage, 1 refused. §9: one line that names what, where, what was found and what is accepted; nothing
    /// half-done stays behind.
    @Suite struct RefusalTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        @Test(
            arguments: [
                ("submit", 2), ("submit --memory lots -- true", 2), ("submit --cores 0 -- true", 2), ("submit --bogus 3 -- true", 2),
                ("submit --array 5-1 -- true", 2), ("submit /nowhere/job.yaml", 2), ("submit --image nowhere:9 -- true", 1),
                ("submit --cores 5000 -- true", 1), ("logs --tail x 1", 2), ("list --user no-such-user", 1), ("lst", 2), ("help nosuch", 2),
                ("update --image x 1", 2), ("submit --queue nowhere -- true", 1),
                ("submit --queue short --time-limit 2m -- true", 1), ("submit --huge-pages 2M -- true", 2),
                ("submit --huge-pages 16G=16G -- true", 1),
                ("submit --memory 1G --memory-soft 2G -- true", 2), ("submit --memory-signal USR1 -- true", 2), ("submit --io weight=0 -- true", 2),
                ("submit --resources nothing=1 -- true", 1),
                ("submit --resources licence=3 -- true", 1), ("submit --depends afterok:99999999 -- true", 1), ("submit --api -- true", 2),
                ("submit --sysctls kernel.core_pattern=x -- true", 2), ("submit --capabilities SYS_ADMIN -- true", 2),
                ("submit --user 70000 -- true", 2), ("submit --mounts /tmp:/proc -- true", 2), ("submit --environment BERTH_JOB_ID=1 -- true", 2),
                ("show 99999999", 1), ("logs 99999999", 1), ("cancel 99999999", 1), ("cancel", 2), ("cancel x", 2), ("pause", 2),
                ("wait --timeout soon 1", 2), ("nonsense", 2), ("list --state sleeping", 2), ("batch show nowhere", 1), ("batch pause nowhere", 1),
                ("image remove nowhere", 1), ("image show nowhere", 1), ("image import /nowhere.tar x", 2), ("signal NOPE 1", 2),
                ("update --memory 1G", 2),
                ("report --by moon", 2),
            ] as [(String, Int32)])
        func wrongWordsGetOneLineAndChangeNothing(words: String, status: Int32) throws {
            let before = try daemon.berth("list --all --quiet --user all").output
            let result = try daemon.berth(words)
            #expect(result.status == status, "\(result)")
            #expect(result.output.isEmpty, "\(result)")
            let lines = result.errorLines.filter { !$0.contains("--help") }
            #expect(lines.count == 1 && lines[0].hasPrefix("berth: "), "\(result)")
            #expect(try daemon.berth("list --all --quiet --user all").output == before)
        }

        /// Errors in files name file and line, and the nearest valid name.
        @Test(arguments: [
            ("command: true\nmemry: 4M\n", ["bad.yaml:2", "memry", "memory"]), ("command: true\nmemory: 4Q\n", ["bad.yaml:2", "4Q"]),
            ("command: true\ncores: 1\ncores: 2\n", ["bad.yaml:3", "cores"]), ("command: [true\n", ["bad.yaml"]),
            ("jobs:\n  a: {command: 'true', depends_on: b}\n  b: {command: 'true', depends_on: a}\n", ["bad.yaml", "cycle"]),
        ])
        func errorsInFilesNameTheLine(text: String, words: [String]) throws {
            try daemon.place.write("bad.yaml", text)
            let result = try daemon.berth(["submit", daemon.place("bad.yaml")])
            #expect(result.status == 2 && result.errorLines.count == 1, "\(result)")
            for word in words { #expect(result.errors.contains(word), "\(word): \(result)") }
        }

        /// All jobs of a file or none.
        @Test func aFileWithOneWrongJobSubmitsNothing() throws {
            let before = try daemon.berth("list --all --quiet").output
            try daemon.place.write("half.yaml", "- {command: 'true'}\n- {command: 'true', image: nowhere}\n")
            let result = try daemon.berth(["submit", daemon.place("half.yaml")])
            #expect(result.status == 1 && result.errors.contains("nowhere"), "\(result)")
            #expect(try daemon.berth("list --all --quiet").output == before)
        }

        @Test func dryRunSubmitsNothing() throws {
            let before = try daemon.berth("list --all --quiet").output
            #expect(try daemon.berth("submit --dry-run -- true").status == 0)
            #expect(try daemon.berth("submit --dry-run --image nowhere -- true").status == 1)
            #expect(try daemon.berth("list --all --quiet").output == before)
        }

        /// A clear line when berthd is not running, with how to start it.
        @Test(arguments: ["list", "submit -- true", "cancel 1", "node", "report", "image list", "batch list"])
        func aDaemonThatIsNotThere(words: String) throws {
            let result = try Command(
                [Programs.path("berth")] + words.split(separator: " ").map(String.init), environment: ["BERTH_SOCKET": "/tmp/berth-nowhere.sock"]
            ).run()
            #expect(result.status == 1, "\(result)")
            #expect(result.errorLines.count == 1 && result.errors.contains("not running") && result.errors.contains("berthd --config"), "\(result)")
        }

        @Test func theVersionNeedsNoDaemon() throws {
            let result = try Command([Programs.path("berth"), "--version"]).run()
            #expect(result.status == 0 && result.line.hasPrefix("berth ") && result.errors.isEmpty, "\(result)")
        }

        /// A second daemon on the same state is refused and harms nothing.
        @Test func aSecondDaemonOnTheSameStateIsRefused() throws {
            let result = try Command([Programs.path("berthd"), "--config", daemon.configurationFile]).run(seconds: 30)
            #expect(result.status == 1 && result.errorLines.contains { $0.hasPrefix("berthd: ") }, "\(result)")
            #expect(try daemon.berth(["run", "--no-cwd", "--", "true"]).status == 0)
        }

        @Test func aWrongConfigurationNamesTheLine() throws {
            try daemon.place.write("wrong.yaml", "state_directory: /tmp/x\nstate_dirctory: /tmp/y\n")
            let result = try Command([Programs.path("berthd"), "--config", daemon.place("wrong.yaml"), "--check-config"]).run()
            #expect(result.status == 2 && result.errors.contains("wrong.yaml:2") && result.errorLines.count == 1, "\(result)")
        }
    }

    /// `--json` everywhere, with a version.
    @Suite struct JSONTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        @Test func everyCommandPrintsJSONWithAVersion() throws {
            let id = try daemon.submit(["--batch", "json", "--no-cwd", "--", "echo", "x"])
            _ = try daemon.berth(["wait", id])
            let held = try daemon.submit(["--batch", "json", "--hold", "--no-cwd", "--", "true"])
            let commands = [
                "list --json", "list --all --expand --json", "show --json \(id)", "report --json", "report --json \(id)", "report --by user --json",
                "batch list --json", "batch show --json json", "batch hold --json json", "batch release --json json", "batch pause --json json",
                "batch resume --json json", "image list --json", "image show --json busybox", "node --json", "doctor --json", "version --json",
                "wait --json \(id)", "hold --json \(held)", "release --json \(held)", "submit --json --hold --no-cwd -- true", "pause --json \(held)",
                "resume --json \(held)", "update --json --name y \(held)", "image tag --json busybox other:1", "image remove --json other:1",
                "purge --json --dry-run --older-than 1d", "cancel --json --name true --state held", "run --json --detach --no-cwd -- true",
            ]
            for words in commands {
                let result = try daemon.berth(words)
                let value = JSONValue(result.output)
                #expect(value?["version"].number != nil, "\(result)")
            }
            for words in ["logs --json \(id)", "events --json --no-follow --after 0 \(id)"] {
                let result = try daemon.berth(words)
                let lines = result.output.split(separator: "\n")
                #expect(!lines.isEmpty && lines.allSatisfy { JSONValue(String($0))?["version"].number != nil }, "\(result)")
            }
        }

        @Test func eventsTellAJobsStory() throws {
            let id = try daemon.submit(["--no-cwd", "--", "true"])
            _ = try daemon.berth(["wait", id])
            let lines = try daemon.berth("events --json --no-follow --after 0 \(id)").output.split(separator: "\n")
            let kinds = lines.compactMap { JSONValue(String($0))?["event"]["kind"].text }
            for kind in ["submitted", "assigned", "running", "finished"] { #expect(kinds.contains(kind), "\(kind): \(kinds)") }
            let sequences = lines.compactMap { JSONValue(String($0))?["event"]["sequence"].number }
            #expect(sequences == sequences.sorted() && Set(sequences).count == sequences.count)
        }

        /// Each thing that happens is told once.
        @Test func aStopIsToldOnce() throws {
            let id = try daemon.submit(["--no-cwd", "--", "sleep", "60"])
            try daemon.await(id, "running")
            try daemon.berth(["cancel", id])
            _ = try daemon.berth(["wait", id])
            let lines = try daemon.berth("events --json --no-follow --after 0 --kind stopping \(id)").output.split(separator: "\n")
            #expect(lines.count == 1, "\(lines)")
        }

        @Test func noColoursOffATerminalAndHelpHasExamples() throws {
            for words in ["list", "node", "report"] { #expect(try !daemon.berth(words).output.contains("\u{1B}[")) }
            let nothing = try daemon.berth("list --name nobody-has-this-name")
            #expect(nothing.status == 0 && nothing.output.isEmpty && nothing.errors.isEmpty, "\(nothing)")
            for command in ["submit", "run", "list", "wait", "cancel", "batch", "image", "exec", "pause"] {
                let help = try daemon.berth("\(command) --help")
                #expect(help.status == 0 && help.output.contains("Examples:"), "\(command)")
            }
            #expect(try daemon.berth("completion bash").status == 0)
        }
    }
}
