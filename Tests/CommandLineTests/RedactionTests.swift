import LinuxSys
import TestSupport
import Testing

extension EndToEnd {
    /// contract §8: of others' jobs everybody sees id, owner, state and resources; byte for byte, so that nothing is added unnoticed.
    @Suite(.daemon) struct RedactionTests {
        let daemon: TestDaemon
        init() throws { daemon = try .required() }

        private static let words = [
            "--no-cwd", "--name", "hush-name", "--batch", "hush-batch", "--environment", "HUSH=hush-value", "--tags", "hush-tag", "--cpu", "0.5",
            "--memory", "64M",
        ]

        /// What differs each time: times, spans, numbers of jobs and events, where the machine put it.
        private func plain(_ text: String, _ id: String) -> String {
            var text = text.replacing(/[0-9]{13}/, with: "T").replacing(/"(queuedFor|ranFor|pausedFor|timeLeft)":[0-9]+/) { "\"\($0.output.1)\":S" }
            text = text.replacing(/"sequence":[0-9]+/, with: "\"sequence\":N").replacing(/"node":"[^"]*"/, with: "\"node\":\"M\"")
            text = text.replacing(/"(cpus|memoryNodes)":"[0-9,-]+"/) { "\"\($0.output.1)\":\"P\"" }
            for (old, new) in [
                ("\"id\":\(id),", "\"id\":J,"), ("\"job\":\(id),", "\"job\":J,"), ("\"\(id)#1\"", "\"A\""), ("\"task\":\"\(id)\"", "\"task\":\"J\""),
            ] {
                text = text.replacing(old, with: new)
            }
            return text
        }

        /// The view of another user and of a member of the owner's group; of JSON the fields in order.
        private func expect(_ view: String, _ id: String, _ expected: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
            for user in [TestUser.second, RightsParties.member] {
                let result = try daemon.berth(view, as: user)
                #expect(result.status == 0 && !result.output.contains("hush"), "\(result)", sourceLocation: sourceLocation)
                let texts = view.hasPrefix("events") ? result.output.split(separator: "\n").map(String.init) : [result.output]
                let lines = texts.map { plain(JSONValue($0)?.description ?? $0, id) }
                #expect(lines == expected, "\(view)", sourceLocation: sourceLocation)
            }
        }

        private func summary(_ counts: String, _ group: String) -> String {
            let zero = ["cancelled", "failed", "held", "paused", "pending", "running", "succeeded"]
            let told = zero.map { "\"\($0)\":\(counts.contains($0) ? 1 : 0)" }.joined(separator: ",")
            let owner = #""owner":\#(TestUser.first.uid),"ownerName":"\#(TestUser.first.name)""#
            let demand = #"{"cores":0,"cpuMillis":500,"memory":67108864,"named":{},"pids":4096,"scratch":33554432,"scratchKind":"disk","swap":0}"#
            return #"{"counts":{\#(told)},"demand":\#(demand),"groups":[\#(group)],"id":J,"isArray":false,\#(owner),"priority":0,"#
                + #""queue":"default","redacted":true,"submittedAt":T,"timeLimit":300000}"#
        }

        private func views(_ id: String, _ counts: String, _ state: String, attempt: String?) throws {
            let told = attempt.map { "\"attempt\":\($0)," } ?? ""
            let job = summary(counts, #"{\#(told)"count":1,"state":"\#(state)"}"#)
            try expect("list --json --all \(id)", id, [#"{"jobs":[\#(job)],"now":T,"version":1}"#])
            try expect("show --json \(id)", id, [#"{"attempts":[\#(attempt ?? "")],"job":\#(job),"now":T,"version":1}"#])
        }

        private func event(_ kind: String, _ ofAttempt: Bool = true) -> String {
            let (attempt, task) = ofAttempt ? (#""attempt":"A","#, #","task":"J""#) : ("", "")
            let owner = TestUser.first.uid
            return #"{"event":{"at":T,\#(attempt)"job":J,"kind":"\#(kind)","owner":\#(owner),"sequence":N\#(task)},"version":1}"#
        }

        private let placed = #""placement":{"cpus":"P","memoryNodes":"P","named":{},"shared":true},"queuedFor":S,"ranFor":S,"startedAt":T"#

        @Test func aJobOnHold() throws {
            let id = try daemon.submit(Self.words + ["--hold", "--wrap", "echo hush"], as: .first)
            try views(id, "held pending", "held", attempt: nil)
            try expect("events --json --no-follow --after 0 --kind submitted,held,audit \(id)", id, [event("submitted", false)])
            let text = try daemon.berth(["show", id], as: .second).output.replacing(/[0-9-]{10} [0-9:]{8}/, with: "T")
            #expect(
                text == """
                    Job         \(id)
                    Owner       \(TestUser.first.name) (\(TestUser.first.uid))
                    State       held
                    Queue       default, priority 0
                    Submitted   T
                    Resources   0.5 cpus shared, 64M memory, 4096 processes, 32M scratch on disk
                    Time limit  5m
                    More        is shown to its owner only

                    """)
            try daemon.berth(["cancel", id])
        }

        @Test func aJobThatRunsAndOneThatFailed() throws {
            let id = try daemon.submit(Self.words + ["--wrap", "echo hush; sleep 60"], as: .first)
            try daemon.await(id, "running")
            try views(
                id, "running", "running",
                attempt: #"{"assignedAt":T,"id":"A","node":"M","pausedFor":S,\#(placed),"state":"running","timeLeft":S}"#)
            let begun = ["assigned", "started", "running"]
            let kinds = "--kind submitted,assigned,started,running,finished,updated"
            try expect("events --json --no-follow --after 0 \(kinds) \(id)", id, [event("submitted", false)] + begun.map { event($0) })
            try daemon.berth(["cancel", "--now", id])
            // How it ended is its owner's to know, beyond whether it did well.
            let failed = try daemon.submit(Self.words + ["--wrap", "echo hush; exit 3"], as: .first)
            _ = try daemon.berth(["wait", failed])
            try views(
                failed, "failed", "failed", attempt: #"{"endedAt":T,"id":"A","node":"M","pausedFor":S,\#(placed),"state":"finished"}"#)
            let all = [event("submitted", false)] + (begun + ["finished"]).map { event($0) }
            try expect("events --json --no-follow --after 0 \(kinds) \(failed)", failed, all)
        }
    }
}
