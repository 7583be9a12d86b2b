import TestSupport
import Testing

extension EndToEnd {
    /// submit → wait → logs → report, and the exit codes of contract §6.
    @Suite struct MainPathTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        @Test func aJobGoesFromSubmitToReport() throws {
            let submitted = try daemon.berth(["submit", "--name", "main", "--", "echo", "hello from inside"])
            #expect(submitted.status == 0, "\(submitted)")
            let id = try daemon.submit(["--name", "main", "--", "sh", "-c", "echo out; echo err >&2"])
            #expect(try daemon.berth(["wait", id]).status == 0)
            let log = try daemon.berth(["logs", id])
            #expect(log.output == "out\nerr\n")
            #expect(try daemon.berth(["logs", "--stderr", id]).output == "err\n")
            #expect(try daemon.berth(["logs", "--stdout", id]).output == "out\n")
            let report = try #require(JSONValue(try daemon.berth(["report", "--json", id]).output))
            let attempt = report["attempts"][0]
            #expect(attempt["outcome"].exists && attempt["usage"]["cpuUserMicroseconds"].number != nil, "\(report)")
            #expect((attempt["usage"]["memoryPeak"].exists), "\(report)")
            #expect(try daemon.berth("list").output.contains(" \(id) ") == false, "a finished job is not in the queue")
            #expect(try daemon.berth(["list", "--all", "--quiet"]).output.split(separator: "\n").contains { $0 == id })
        }

        /// contract §6: `run` prints the id on stderr, streams, and returns the job's own status; 126 and 127 as the shell does, 128+n signal,
        /// 124 time limit.
        @Test(
            arguments: [
                ("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("probe killself 9", 137), ("exec probe killself 15", 143),
                ("exec probe killself 10", 138),
                ("exec /bin/nowhere", 127), ("exec /etc/passwd", 126),
            ] as [(String, Int32)])
        func runReturnsTheJobsStatus(script: String, status: Int32) throws {
            let result = try daemon.berth(["run", "--no-cwd", "--wrap", script])
            #expect(result.status == status, "\(result)")
            #expect(result.errors.contains("job "), "the id is on standard error")
            // contract §6: `wait` of one job: its status.
            let id = try #require(result.errors.split(separator: "\n").first?.split(separator: " ").last.map(String.init))
            #expect(try daemon.berth(["wait", id]).status == status)
        }

        @Test(arguments: [(["/bin/nowhere"], 127), (["/etc/passwd"], 126), (["nowhere"], 127)] as [([String], Int32)])
        func aCommandThatCannotBeStarted(command: [String], status: Int32) throws {
            let result = try daemon.berth(["run", "--no-cwd", "--"] + command)
            #expect(result.status == status, "\(result)")
        }

        @Test func theTimeLimitEndsWith124() throws {
            let result = try daemon.berth(["run", "--no-cwd", "--time-limit", "1s", "--grace-period", "1s", "--", "sleep", "60"])
            #expect(result.status == 124, "\(result)")
        }

        /// contract §6: 125 Berth's own error (also: refused, daemon down).
        @Test func refusalsOfRunEndWith125() throws {
            for words in [["--image", "nowhere", "--", "true"], ["--cores", "4000", "--", "true"], ["--bogus", "--", "true"]] {
                let result = try daemon.berth(["run"] + words)
                #expect(result.status == 125, "\(result)")
                #expect(result.errorLines.first?.hasPrefix("berth: ") == true, "\(result)")
            }
            let down = try daemon.berth(["run", "--socket", "/tmp/berth-no-such.sock", "--", "true"])
            #expect(down.status == 125 && down.errors.contains("not running"), "\(down)")
        }

        @Test func runStreamsBothStreamsSeparately() throws {
            let result = try daemon.berth(["run", "--no-cwd", "--wrap", "echo to-out; echo to-err >&2"])
            #expect(result.output == "to-out\n")
            #expect(result.errors.contains("to-err\n"))
            #expect(!result.output.contains("to-err"))
        }

        /// contract §6: without a terminal `-i` forwards standard input.
        @Test func runForwardsStandardInput() throws {
            let text = (0..<2000).map { "line \($0)\n" }.joined()
            let result = try daemon.berth(["run", "-i", "--no-cwd", "--wrap", "wc -l; echo done"], input: text)
            #expect(result.status == 0, "\(result)")
            #expect(result.output.contains("2000") && result.output.contains("done"), "\(result)")
            let without = try daemon.berth(["run", "--no-cwd", "--", "cat"], input: "unseen")
            #expect(without.status == 0 && without.output.isEmpty, "\(without)")
        }

        /// contract §4: without `mounts`, the directory of the submit is bound read-write at its own path and is the working directory.
        @Test func theDirectoryOfTheSubmitIsThere() throws {
            let here = try daemon.place.directory("here-\(UInt32.random(in: .min ... .max))")
            try daemon.place.write("\(here.split(separator: "/").last!)/input", "data\n")
            let result = try daemon.runToEnd(script: "pwd; cat input; echo result > output", in: here)
            #expect(result.output == "\(here)\ndata\n", "\(result)")
            #expect(try Command(["cat", "\(here)/output"]).run().output == "result\n")
            let without = try daemon.berth(["run", "--no-cwd", "--wrap", "pwd; ls \(here)"], in: here)
            #expect(!without.output.contains("input"), "\(without)")
        }

        /// contract §4: variables; the submitter's environment only with `--export`.
        @Test func theVariablesOfAJob() throws {
            let words = ["run", "--no-cwd", "--batch", "variables", "--memory", "48M", "--wrap", "env"]
            let result = try daemon.berth(words, environment: ["SECRET": "of the submitter"])
            let names = ["BERTH_JOB_ID", "BERTH_ATTEMPT", "BERTH_CPUS", "BERTH_MEMORY", "BERTH_BATCH", "BERTH_SCRATCH", "OMP_NUM_THREADS"]
            for name in names { #expect(result.output.contains("\(name)="), "\(name): \(result)") }
            #expect(result.output.contains("BERTH_BATCH=variables\n") && result.output.contains("OMP_NUM_THREADS=1\n"))
            #expect(result.output.contains("BERTH_ATTEMPT=1\n"))
            #expect(!result.output.contains("SECRET"))
            let exported = try daemon.berth(["run", "--no-cwd", "--export", "SECRET", "--wrap", "echo $SECRET"], environment: ["SECRET": "shown"])
            #expect(exported.output == "shown\n", "\(exported)")
        }

        /// contract §4: `output`, `error`, `input` take `%j %a %A`; opened with the submitter's rights, written by PID 1.
        @Test func filesForTheStreams() throws {
            let here = try daemon.place.directory("streams", owner: .first)
            try daemon.place.write("streams/in", "from a file\n", owner: .first)
            let words = ["--output", "out-%j-%A", "--error", "err-%j", "--input", "in"]
            let id = try daemon.submit(script: "cat; echo problem >&2", words, as: .first, in: here)
            #expect(try daemon.berth(["wait", id], as: .first).status == 0, "\(String(describing: try? daemon.show(id)))")
            #expect(try Command(["cat", "\(here)/out-\(id)-1"]).run().output == "from a file\n")
            #expect(try Command(["cat", "\(here)/err-\(id)"]).run().output == "problem\n")
            #expect(try Command(["stat", "-c", "%U", "\(here)/out-\(id)-1"]).run().line == TestUser.first.name)
        }

        /// contract §4: scripts are stored at submit.
        @Test func scriptsAreStoredAtSubmit() throws {
            try daemon.place.write("stored.sh", "#!/bin/sh\n#BERTH --no-cwd\n#BERTH --hold\necho first\n")
            let id = try daemon.submit([daemon.place("stored.sh")])
            try daemon.place.write("stored.sh", "#!/bin/sh\necho second\n")
            try daemon.berth(["release", id])
            #expect(try daemon.berth(["wait", id]).status == 0)
            #expect(try daemon.berth(["logs", id]).output == "first\n")
            #expect(try daemon.berth(["show", "--script", id]).output.contains("echo first"))
        }
    }
}
