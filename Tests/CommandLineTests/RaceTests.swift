import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// Paths of a submitter swapped for links while Berth uses them (CVE-2021-30465, CVE-2024-45310 and Slurm's and Nomad's like): a tree of
    /// root's is unchanged and unread at the end. `BERTH_TORTURE_ROUNDS` is the number of rounds, 10,000 in `make torture`.
    @Suite(.daemon, .enabled(if: Programs.exists("/usr/bin/gcc"), "needs a C compiler")) struct RaceTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        /// A tree of root's, a directory of the submitter's, and who swaps in it.
        private struct Race {
            let daemon: TestDaemon
            let canary: String
            let home: String
            private let before: String
            private let watcher: RunningCommand

            init(_ daemon: TestDaemon, _ name: String) throws {
                self.daemon = daemon
                let mark = "race-\(name)-\(UInt32.random(in: 0 ... .max))"
                canary = try daemon.place.directory("\(mark)-canary", mode: 0o700)
                try daemon.place.directory("\(mark)-canary/folder", mode: 0o755)
                for file in ["secret", "folder/secret"] { try daemon.place.write("\(mark)-canary/\(file)", "canary\n", mode: 0o600) }
                home = try daemon.place.directory(mark, owner: .first)
                try daemon.place.directory("\(mark)/seen", owner: .first)
                before = try Self.state(of: canary)
                let tree = canary
                let paths = ["", "/folder", "/secret", "/folder/secret"].map { tree + $0 }
                let started = try Command([daemon.place("probe"), "watch"] + paths).start()
                watcher = started
                eventually("it watches") { started.output.contains("watching") }
            }

            private static func state(of directory: String) throws -> String {
                try Command(["find", directory, "-printf", "%P %y %i %m %U %G %n %s %T@ %C@\\n"]).run().output
            }

            /// Runs the body while two names in the submitter's directory are exchanged all the time, by the submitter.
            func swapping(_ one: String = "a", _ other: String = "b", _ body: () throws -> Void) throws {
                let swapper = try Command([daemon.place("probe"), "swap", "\(home)/\(one)", "\(home)/\(other)"], as: .first).start()
                defer {
                    swapper.signal(9)
                    _ = try? swapper.finish()
                }
                try body()
                #expect(swapper.handle.isAlive, "\(swapper.errors)")
            }

            func link(_ name: String, to target: String) throws { try Command(["ln", "-s", target, "\(home)/\(name)"], as: .first).run() }

            /// Runs an array whose tasks are the rounds.
            func run(_ rounds: Int, _ words: [String], _ script: String, as user: TestUser? = .first) throws {
                let small = ["--cpu", "0.1", "--memory", "24M", "--scratch", "1M", "--no-cwd", "--array", "1-\(rounds)"]
                let seen = ["--mounts", "\(home)/seen:/seen"]
                let id = try daemon.submit(small + seen + words + ["--wrap", script], as: user)
                _ = try daemon.berth(["wait", id], as: user, seconds: Int32(120 + rounds))
                let counts = try daemon.show(id)["job"]["counts"]
                #expect((counts["succeeded"].number ?? 0) + (counts["failed"].number ?? 0) == rounds, "\(counts)")
            }

            var seen: Set<String> { Set((try? Descriptor.open("\(home)/seen", [.readOnly, .directory]).names()) ?? []) }

            /// The canary lives, and nobody looked.
            func end(sees: Set<String> = []) throws {
                watcher.signal(9)
                let told = try watcher.finish().output
                #expect(told == "watching\n", "somebody touched the canary")
                #expect(try Self.state(of: canary) == before)
                #expect(!seen.contains("leak"), "the canary was read")
                #expect(seen.isSuperset(of: sees), "the race was none: \(seen)")
            }
        }

        /// Says what it saw by a file's name, and does what it can.
        private static let look = """
            grep -qrs canary /mnt && touch /seen/leak
            [ -e /mnt/mine ] && touch /seen/own || touch /seen/other
            echo x > /mnt/secret; mkdir /mnt/made; chmod 777 /mnt /mnt/*; rm -rf /mnt/secret /mnt/folder; true
            """

        @Test(arguments: [[], ["--user", "0"]]) func aMountSource(words: [String]) throws {
            let race = try Race(daemon, "source")
            try Command(["sh", "-c", "mkdir -p a/folder && echo mine > a/mine"], as: .first, in: race.home).run()
            try race.link("b", to: race.canary)
            // The first is behind a directory that the submitter may not enter.
            try race.swapping {
                let rounds = Torture.rounds(120) / 2
                try race.run(rounds, ["--mounts", "\(race.home)/a/folder:/mnt"] + words, "ls /mnt; \(Self.look)")
                try race.run(rounds, ["--mounts", "\(race.home)/a:/mnt"] + words, Self.look)
            }
            // Root inside can leave nothing in a bind, so there the canary itself has to tell.
            try race.end(sees: words.isEmpty ? ["own", "other"] : [])
        }

        /// The directories of Berth's own, for root's jobs too: what was looked at is what is bound.
        @Test func aMountSourceThatBecomesTheStateDirectory() throws {
            let race = try Race(daemon, "state")
            try Command(["sh", "-c", "mkdir a && touch a/mine && chmod 777 seen"], in: race.home).run()
            try race.link("b", to: daemon.state)
            let script = "[ -e /mnt/slots ] && touch /seen/leak; [ -e /mnt/mine ] && touch /seen/own; true"
            try race.swapping { try race.run(Torture.rounds(60), ["--mounts", "\(race.home)/a:/mnt:ro"], script, as: nil) }
            try race.end(sees: ["own"])
        }

        @Test func anOutputFileAndAnInput() throws {
            let race = try Race(daemon, "output")
            try Command(["sh", "-c", "echo mine > a; echo mine > c; mkdir d; echo mine > d/secret"], as: .first, in: race.home).run()
            for name in ["b", "e"] { try race.link(name, to: "\(race.canary)\(name == "b" ? "/secret" : "/folder")") }
            let script = "grep -q canary && touch /seen/leak; touch /seen/own; echo written"
            try race.swapping {
                try race.swapping("d", "e") {
                    let rounds = Torture.rounds(120) / 3
                    try race.run(rounds, ["--output", "\(race.home)/a"], script)
                    try race.run(rounds, ["--output", "\(race.home)/d/secret", "--error", "\(race.home)/a"], script)
                    try race.run(rounds, ["--input", "\(race.home)/a", "--output", "\(race.home)/c"], script)
                }
            }
            try race.end(sees: ["own"])
        }

        /// A directory of a bind, where a working directory, a mount's place and their parents are looked for inside.
        @Test(arguments: ["/", "../../../../../../../..", "/proc/1/root", "/proc/self/cwd/../.."])
        func aWorkingDirectoryAndAMountsPlace(target: String) throws {
            let race = try Race(daemon, "inside")
            try Command(["mkdir", "-p", "a/place", "own"], as: .first, in: race.home).run()
            try race.link("b", to: target)
            let script = """
                [ "$(stat -c %d /)" = "$(stat -c %d /bin)" ] || touch /seen/leak
                case $(/bin/pwd -P) in /*) touch /seen/own;; *) touch /seen/leak;; esac
                ls -d \(race.canary) \(daemon.state) . .. 2>/dev/null | grep -q berth && touch /seen/leak; true
                """
            let mounts = ["--mounts", "\(race.home):/data"]
            try race.swapping {
                let rounds = Torture.rounds(60) / 2
                try race.run(rounds, mounts + ["--working-directory", "/data/a"], script)
                try race.run(rounds, mounts + ["--mounts", "\(race.home)/own:/data/a/place"], script)
            }
            try race.end(sees: ["own"])
        }

        /// The file is read once: what is submitted is the one or the other, and never root's.
        @Test func aSpecFile() throws {
            let race = try Race(daemon, "spec")
            let filling = String(repeating: "# filling\n", count: 20_000)
            for name in ["a", "c"] {
                let text = "name: \(name)\nhold: true\nbatch: race\n\(filling)command: [echo, \(name)]\n"
                try Descriptor.open("\(race.home)/\(name)", [.writeOnly, .create], mode: 0o644).write(text)
            }
            try Command(["chown", "\(TestUser.first.uid)", "\(race.home)/a", "\(race.home)/c"]).run()
            try race.link("b", to: "\(race.canary)/secret")
            let rounds = Torture.rounds(40) / 2
            for other in ["c", "b"] {
                try race.swapping("a", other) {
                    for _ in 0..<rounds {
                        let result = try daemon.berth(["submit", "--no-cwd", "\(race.home)/a"], as: .first)
                        #expect(!"\(result)".contains("canary\n"))
                        #expect(other == "b" || result.status == 0, "\(result)")
                    }
                }
            }
            let jobs = try #require(JSONValue(try daemon.berth("list --json --batch race", as: .first).output))["jobs"].list
            #expect(jobs.count >= rounds)
            for job in jobs { #expect(job["name"].text == job["command"][1].text, "\(job)") }
            try race.end()
            try daemon.berth("cancel --yes --batch race", as: .first)
        }

        @Test func anImageArchive() throws {
            let race = try Race(daemon, "archive")
            let tar = TarBuilder.make { $0.file("etc/mine", "mine") }
            try Descriptor.open("\(race.home)/a", [.writeOnly, .create], mode: 0o644).write(tar)
            try Command(["chown", "\(TestUser.first.uid)", "\(race.home)/a"]).run()
            try race.link("b", to: "\(race.canary)/secret")
            var taken = 0
            var digests: Set<String> = []
            try race.swapping {
                for _ in 0..<Torture.rounds(20) {
                    guard try daemon.berth(["image", "import", "\(race.home)/a", "raced"], as: .first).status == 0 else { continue }
                    taken += 1
                    digests.insert(JSONValue(try daemon.berth("image show --json raced", as: .first).output)?["image"]["digest"].text ?? "?")
                }
            }
            #expect(taken > 0 && digests.count == 1, "\(taken): \(digests)")
            try race.end()
            try daemon.berth("image remove raced", as: .first)
        }
    }
}
