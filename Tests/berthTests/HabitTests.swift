import API
import Client
import Foundation
import JobModel
import JobSpecs
import TestSupport
import Testing

@testable import berth

/// What people type out of habit, and what they are told.
@Suite struct HabitTests {
    private func serve(_ answer: @escaping @Sendable (FakeRequest) -> (Int, String)? = { _ in nil }) throws -> (FakeDaemon, FakeServer) {
        let daemon = FakeDaemon(other: answer)
        return (daemon, try daemon.serve())
    }

    private static let batch = #"""
        {"version":1,"batch":{"owner":1,"ownerName":"ada","name":"sweep","holds":[],"jobs":2,"cores":0,"memory":0,
        "counts":{"pending":0,"held":0,"running":0,"paused":0,"succeeded":0,"failed":0,"cancelled":0}},"tasks":3}
        """#

    /// contract §2: pausing a batch is one write, members yet to come included.
    @Test(arguments: [("pause", Route.batchPause), ("resume", .batchResume), ("hold", .batchHold), ("release", .batchRelease)])
    func aBatchAloneIsTheObject(_ command: String, _ route: Route) throws {
        let (daemon, server) = try serve { $0.target.hasPrefix("/v1/batches/") ? (200, Self.batch) : nil }
        defer { server.stop() }
        let ended = try Program(server, [command, "--batch", "sweep", "--user", "ada"]).end()
        #expect(ended.status == 0 && ended.output.contains("batch sweep (3 tasks)"), "\(ended)")
        #expect(try daemon.body(BatchActionRequest.self, of: route) == BatchActionRequest(name: "sweep", user: "ada"))
    }

    @Test func aNarrowedBatchIsItsTasks() throws {
        let (daemon, server) = try serve {
            $0.target.hasPrefix("/v1/tasks/") ? (200, #"{"version":1,"done":["12"],"jobs":1,"tasks":1,"refused":[]}"#) : nil
        }
        defer { server.stop() }
        #expect(try Program(server, ["hold", "--batch", "sweep", "--state", "pending"]).end().status == 0)
        let selection = try #require(try daemon.body(ActionRequest.self, of: .hold)?.selection)
        #expect(selection.batch == "sweep" && selection.states == [.pending])
    }

    @Test func everybodysJobs() throws {
        let (daemon, server) = try serve()
        defer { server.stop() }
        #expect(try Program(server, ["cancel", "--all-users", "--state", "pending"]).end().status == 0)
        #expect(try daemon.body(ActionRequest.self, of: .cancel)?.selection.user == "all")
        #expect(try Program(server, ["cancel", "--all-users", "--user", "ada"]).end().status == 2)
    }

    @Test(arguments: [["USR1", "12", "13"], ["12", "13", "USR1"], ["12,13", "SIGUSR1"], ["10", "12,13"]])
    func aSignalStandsBeforeOrBehindTheIds(_ words: [String]) throws {
        let (daemon, server) = try serve {
            $0.target.hasPrefix("/v1/tasks/") ? (200, #"{"version":1,"done":["12"],"jobs":1,"tasks":1,"refused":[]}"#) : nil
        }
        defer { server.stop() }
        #expect(try Program(server, ["signal"] + words).end().status == 0)
        let request = try #require(try daemon.body(ActionRequest.self, of: .signal))
        #expect(request.signal == "USR1" && request.selection.ids?.listText == "12,13")
    }

    /// One line with the nearest that there is, status 2.
    @Test(arguments: [
        (["lst"], "no command 'lst'; the nearest is 'list'"), (["help", "nosuch"], "no command 'nosuch'"),
        (["squeue"], "the nearest is 'list'"), (["ps"], "the nearest is 'list'"), (["unpause", "12"], "the nearest is 'resume'"),
        (["help", "lst"], "the nearest is 'list'"),
        (["batch", "puase", "x"], "no command 'batch puase'; the nearest is 'batch pause'"),
        (["update", "--image", "x", "12"], "--image: cannot change after the submit, accepted are --name, --priority"),
        (["update", "--volume=/a:/b", "12"], "--mounts: cannot change after the submit"),
    ])
    func wrongWordsNameTheRightOnes(_ words: [String], _ text: String) throws {
        let (_, server) = try serve()
        defer { server.stop() }
        let ended = try Program(server, words).end()
        #expect(ended.status == 2 && ended.output.isEmpty && ended.error.contains(text), "\(ended)")
        #expect(ended.error.split(separator: "\n").count == 1)
    }

    @Test(arguments: [["help"], ["help", "list"], ["help", "batch", "pause"], ["batch", "pause", "--help"], ["queue", "--help"]])
    func helpIsASuccess(_ words: [String]) throws {
        let (_, server) = try serve()
        defer { server.stop() }
        let ended = try Program(server, words).end()
        #expect(ended.status == 0 && ended.error.isEmpty && ended.output.contains("USAGE"), "\(ended)")
    }

    @Test func updateKnowsTheAliasesOfFields() throws {
        let (daemon, server) = try serve {
            $0.target.hasPrefix("/v1/tasks/") ? (200, #"{"version":1,"done":["12"],"jobs":1,"tasks":1,"refused":[]}"#) : nil
        }
        defer { server.stop() }
        #expect(try Program(server, ["update", "--mem", "2G", "12"]).end().status == 0)
        #expect(try daemon.body(UpdateRequest.self, of: .update)?.changes.memory == .gibibytes(2))
    }

    /// The time limit of sbatch is a terminal here.
    @Test func aTimeAfterTheTerminalFlagIsNoCommand() throws {
        let (_, server) = try serve()
        defer { server.stop() }
        let ended = try Program(server, ["run", "-t", "10:00", "true"]).end()
        #expect(ended.status == 125 && ended.error.contains("--time-limit"), "\(ended)")
    }

    /// A refusal names the field as it was written.
    @Test func refusalsOfFlagsNameTheFlag() throws {
        let (_, server) = try serve { _ in (422, #"{"version":1,"code":"invalid","message":"found 8, accepted at most 4","field":"resources.cores"}"#)
        }
        defer { server.stop() }
        for words in [["submit", "-c", "8", "--", "x"], ["run", "-c", "8", "x"]] {
            #expect(try Program(server, words).end().error == "berth: --cores: found 8, accepted at most 4\n")
        }
        #expect(try Program(server, ["update", "-c", "8", "12"]).end().error == "berth: --cores: found 8, accepted at most 4\n")
    }

    @Test func refusalsOfFilesNameTheLine() throws {
        let text = "- command: a\n- command: b\n  memory: 4G\n"
        let jobs = try JobFile.read(
            .yaml(text: text, file: "two.yaml"), flags: SpecFlags(),
            context: SpecContext(directory: "/", environment: [:], now: Fixtures.now, secondsFromUTC: { _ in 0 })
        ).jobs
        func field(_ path: String) -> String? { SubmitFile.written(APIError(.invalid, "no", field: path), in: jobs).field }
        #expect(field("jobs[1].resources.memory") == "two.yaml:3: memory")
        #expect(field("jobs[1].spec.resources.memory") == "two.yaml:3: memory")
        #expect(field("jobs[1].resources.cores") == "job 2: cores")
        #expect(field("jobs[0].image") == "job 1: image")
    }

    @Test func aDaemonThatIsNotThereIsNamed() {
        let other = "\(ClientError.notRunning(path: "/tmp/mine.sock"))"
        #expect(other.contains("/tmp/mine.sock") && other.contains("BERTH_SOCKET") && !other.contains("systemctl"))
        let usual = "\(ClientError.notRunning(path: BerthClient.defaultSocket))"
        #expect(usual.contains("systemctl start berthd") && usual.contains(BerthClient.defaultSocket))
    }

    @Test func otherProgramsAreLookedForInTheSamePrefix() {
        #expect(LocalChecks.besides("/opt/berth/bin/berth") == ["/opt/berth/bin", "/opt/berth/libexec/berth", "/opt/berth/sbin"])
        #expect(LocalChecks.besides("/berth") == [""] && LocalChecks.besides(nil).isEmpty)
    }
}

/// Numbers and their nouns.
@Suite struct WordingTests {
    @Test func sizesHaveUnits() {
        #expect(ValueText.size(Bytes(0)) == "0 B" && ValueText.size(Bytes(120)) == "120 B" && ValueText.size(.mebibytes(2)) == "2M")
        var usage = Usage()
        (usage.writtenBytes, usage.ioPartial) = (0, true)
        #expect(UsageText.line(usage) == "written not counted")
        usage.writtenBytes = 4096
        #expect(UsageText.line(usage) == "written at least 4K")
        usage.ioPartial = nil
        #expect(UsageText.line(usage) == "written 4K")
    }

    @Test func purges() {
        func text(_ jobs: Int, _ runs: Int, _ freed: UInt64, dryRun: Bool = false) -> String {
            PurgeCommand.text(PurgeReply(jobs: jobs, attempts: runs, freed: Bytes(freed)), dryRun: dryRun)
        }
        #expect(text(0, 0, 0) == "nothing to purge")
        #expect(text(1, 2, 0) == "purged 1 job, 2 runs")
        #expect(text(2, 1, 2048, dryRun: true) == "would purge 2 jobs, 1 run, 2K of logs")
    }

    @Test func refusalsNameTheJobOnce() {
        func text(_ selector: String, _ message: String) -> [String] {
            let refused = [ActionReply.Refusal(TaskSelector(text: selector)!, APIError(.unknown, message))]
            return ActionText(verb: "x", reply: ActionReply(done: [], jobs: 0, tasks: 0, refused: refused)).refusals
        }
        #expect(text("77", "no job 77") == ["no job 77"])
        #expect(text("77", "it does not run") == ["77: it does not run"])
        #expect(text("7", "no job 77") == ["7: no job 77"])
    }

    @Test func endsOfSessions() {
        let task = TaskID(JobID(12))
        #expect(SessionLoop.text(of: "startFailed(exec nosuch: ENOENT)", task) == "12: could not start: exec nosuch: ENOENT")
        #expect(SessionLoop.text(of: "timedOut", task) == "12 ended as timedOut")
        #expect(SessionLoop.text(of: "failed(3)", task) == nil)
    }

    /// Of a run of milliseconds nearly all is the start.
    @Test func efficiencyIsNeverMoreThanAll() {
        #expect(ReportView.percent(nil) == "-")
        #expect(ReportView.percent(2.5) == "100%")
        #expect(ReportView.percent(0.5) == "50%")
    }
}
