import TestSupport
import Testing

extension EndToEnd {
    /// `berth show --timing`: an attempt's steps, in order and adding up, of a job from a spare, of one without, and across a restart.
    @Suite struct TimingTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private static let steps = [
            "accepted", "stored", "chosen", "placed", "committed", "scratch", "groups", "root", "sent", "received", "opened", "cloned", "joined",
            "forked", "mounted", "ready", "released", "executed", "exited", "seen", "recorded", "counted", "ended",
        ]

        /// The first attempt's, after looking at what holds of any.
        private func timing(_ id: String, as user: TestUser? = nil, sourceLocation: SourceLocation = #_sourceLocation) throws -> Timing {
            let result = try daemon.berth(["show", "--timing", "--json", id], as: user)
            let reply = try #require(JSONValue(result.output), "\(result)", sourceLocation: sourceLocation)
            let timing = Timing(reply["attempts"][0]["timing"])
            #expect(timing.after.allSatisfy { $0 >= 0 } && timing.totals == timing.totals.sorted(), "\(timing)", sourceLocation: sourceLocation)
            #expect(timing.totals.first == 0 && timing.after.reduce(0, +) == timing.totals.last, "\(timing)", sourceLocation: sourceLocation)
            // What is told and what is absent are all, and neither is both.
            #expect((timing.steps + timing.absent).sorted() == Self.steps.sorted(), "\(timing)", sourceLocation: sourceLocation)
            // The commits go on beside the start; but for them one follows from the other.
            for line in [["accepted", "stored", "committed", "released"], Self.steps.filter { !["stored", "committed"].contains($0) }] {
                let places = line.compactMap { timing.steps.firstIndex(of: $0) }
                #expect(places == places.sorted(), "\(line) in \(timing)", sourceLocation: sourceLocation)
            }
            // The same moment as the view tells it, which counts in milliseconds.
            let attempt = reply["attempts"][0]
            if let placed = timing.total("placed"), let executed = timing.total("executed"), let started = attempt["startedAt"].number,
                let assigned = attempt["assignedAt"].number
            {
                let span = (executed - placed) / 1_000_000
                #expect(abs(span - (started - assigned)) <= 2, "\(attempt)", sourceLocation: sourceLocation)
            }
            return timing
        }

        /// Of a job that no other is like: none was made ahead for it.
        private func submit(_ size: Int, _ script: String) throws -> String {
            try daemon.submit(script: script, ["--shm-size", "\(size)K"], as: .first)
        }

        @Test func theStepsOfAStartAreToldInOrder() throws {
            let size = 4 * Int.random(in: 300...4000)
            let first = try submit(size, "exit 0")
            #expect(try daemon.berth(["wait", first], as: .first).status == 0)
            let whole = try timing(first, as: .first)
            #expect(whole.absent == [] && whole.spare == false, "\(whole)")
            var spared: (id: String, timing: Timing)?
            for _ in 0..<50 where spared == nil {
                let next = try submit(size, "exit 3")
                #expect(try daemon.berth(["wait", next], as: .first).status == 3)
                let told = try timing(next, as: .operator_)
                if told.spare == true { spared = (next, told) }
            }
            let (id, told) = try #require(spared, "no job came to a spare")
            #expect(told.absent == ["joined"], "\(told)")
            let text = try daemon.berth(["show", "--timing", id], as: .first)
            let lines = text.output.split(separator: "\n").map(String.init)
            #expect(text.status == 0 && lines.first == "Attempt \(id)#1 failed(3), from a spare container", "\(text)")
            #expect(lines.dropFirst(2).compactMap { $0.split(separator: " ").first.map(String.init) } == told.steps + told.absent, "\(text)")
            #expect(lines[2].contains(#/^accepted +0\.000 +0\.000  the submit /#), "\(text)")
            #expect(lines.last?.contains(#/^joined +- +-  PID 1 /#) == true, "\(text)")
            #expect(lines.dropFirst(2).dropLast().allSatisfy { $0.contains(#/^[a-z]+ +[0-9]+\.[0-9]{3} +[0-9]+\.[0-9]{3}  /#) }, "\(text)")
        }

        /// A job that the next daemon took over: what it did not see is absent, not zero; what ended before is no longer kept.
        @Test func aRestartedDaemonTellsWhatItKnows() throws {
            let here = try daemon.place.directory("timing-\(UInt32.random(in: .min ... .max))")
            let done = try daemon.submit(script: "exit 0")
            #expect(try daemon.berth(["wait", done]).status == 0)
            let id = try daemon.submit(script: "while ! [ -e go ]; do sleep 0.05; done", in: here)
            try daemon.await(id, "running")
            let before = try timing(id)
            #expect(before.absent.filter { $0 != "joined" } == ["exited", "seen", "recorded", "counted", "ended"], "\(before)")
            try daemon.restart()
            let adopted = try timing(id)
            #expect(adopted.steps == ["placed", "cloned", "executed"] && adopted.spare == before.spare, "\(adopted)")
            let span = { (timing: Timing) in (timing.total("executed") ?? 0) - (timing.total("placed") ?? 0) }
            #expect(span(adopted) == span(before), "\(before) \(adopted)")
            try daemon.place.write("\(here.split(separator: "/").last!)/go", "")
            #expect(try daemon.berth(["wait", id]).status == 0)
            let ended = try timing(id)
            #expect(ended.steps == ["placed", "cloned", "executed", "exited", "seen", "recorded", "counted", "ended"], "\(ended)")
            for words in [["--timing", done], ["--timing", "--json", done]] {
                let late = try daemon.berth(["show"] + words)
                let why = "its timing is no longer kept; berthd has that of the last 4096 attempts since it started"
                #expect(late.status == 1 && late.output.isEmpty && late.errors == "berth: show --timing \(done): \(why)\n", "\(late)")
            }
        }

        @Test func whatDidNotComeToPassIsAbsent() throws {
            let failed = try daemon.submit(["--no-cwd", "--", "/bin/nowhere"])
            #expect(try daemon.berth(["wait", failed]).status == 127)
            let told = try timing(failed)
            #expect(told.absent.filter { $0 != "joined" } == ["executed", "exited", "seen", "recorded", "counted"], "\(told)")
            let held = try daemon.submit(["--no-cwd", "--hold", "--", "true"])
            for (words, status, text) in [
                (["--timing", held], 1, "show --timing \(held): no attempt of it has begun"),
                (["--timing", "--script", held], 2, "--script and --timing: found both, accepted is one of them"),
                (["--timing", "99999999"], 1, "no job 99999999"),
            ] as [([String], Int32, String)] {
                let result = try daemon.berth(["show"] + words)
                #expect(result.status == status && result.output.isEmpty && result.errors == "berth: \(text)\n", "\(result)")
            }
            try daemon.berth(["cancel", held])
        }
    }
}

/// The timing of an attempt as `--json` has it.
private struct Timing: CustomStringConvertible {
    let description: String
    let spare: Bool?
    let steps: [String]
    let after: [Int]
    let totals: [Int]
    let absent: [String]

    init(_ json: JSONValue) {
        description = json.description
        spare = json["spare"].flag
        steps = json["stages"].list.compactMap { $0["stage"].text }
        after = json["stages"].list.compactMap { $0["afterNanoseconds"].number }
        totals = json["stages"].list.compactMap { $0["totalNanoseconds"].number }
        absent = json["absent"].list.compactMap(\.text)
    }

    func total(_ step: String) -> Int? { steps.firstIndex(of: step).map { totals[$0] } }
}
