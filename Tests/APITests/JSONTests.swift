import API
import Foundation
import JobModel
import Testing

@Suite struct JSONTests {
    private static let now = WallTime(milliseconds: 1_764_000_000_000)

    static var job: JobSummary {
        var counts = TaskCounts()
        counts.pending = 3
        var waiting = TaskGroup(state: .pending, indices: IntervalSet(5...7), count: 3)
        waiting.reasons = [PendingReason(.cores, "needs 2 cores, 1 of 2 is free")]
        var ended = TaskGroup(state: .failed, indices: IntervalSet(0...0))
        ended.outcome = OutcomeView(AttemptOutcome.startFailed(operation: "mount overlay on /", errno: "ENOENT"))
        return JobSummary(
            id: JobID(12), owner: UserID(1000), ownerName: "ada", redacted: false, queue: "default", priority: 0,
            demand: ResourceDemand(cores: 2, memory: .gibibytes(1)), timeLimit: .hours(1), submittedAt: now, isArray: true, counts: counts,
            groups: [waiting, ended])
    }

    private func roundTrip<T: Codable & Equatable>(_ value: T) throws -> [String: Any] {
        let data = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(T.self, from: data) == value)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func everyReplyCarriesItsVersion() throws {
        let (job, now) = (Self.job, Self.now)
        let batch = BatchView(owner: UserID(1), ownerName: "a", name: "b")
        let image = ImageView(names: ["a:1"], digest: "sha256:00", size: .mebibytes(3), layers: [.init(digest: "sha256:11", size: .zero)])
        let replies: [any Codable & Equatable] = [
            SubmitReply(jobs: [.init(id: JobID(1), tasks: 1, array: false)]), ListReply(now: now, jobs: [job], next: JobID(12)),
            JobDetail(now: now, job: job, attempts: [AttemptView(id: AttemptID(TaskID(JobID(12), 3), 2), state: .running)]),
            ActionReply(done: [TaskSelector(JobID(1))], jobs: 1, tasks: 1, refused: [.init(TaskSelector(JobID(2)), APIError(.conflict, "no"))]),
            WaitReply(
                tasks: 1, remaining: 0, counts: TaskCounts(), lowestUnsuccessful: .init(TaskID(JobID(1)), OutcomeView(TaskOutcome.dependencyFailed))),
            BatchListReply([batch]), BatchReply(batch, tasks: 3),
            EventLine(Event(sequence: 1, at: now, kind: .finished, outcome: .succeeded)), EventLine(lostUpTo: 3), ImageReply(image),
            ImageListReply([image]), ImageRemoveReply(removed: ["a"], freed: .zero), VersionReply(daemon: "0", pid: 1, startedAt: now),
            DoctorReply([DoctorCheck("kernel", .ok, "6.1")]), PurgeReply(jobs: 1, attempts: 2, freed: .zero),
            SessionReply(SessionID("ab"), terminal: true), SessionInputReply(), APIError(.unknown, "no job 3", field: "ids"),
        ]
        for reply in replies { #expect(try roundTrip(reply)["version"] as? Int == APIVersion.current, "\(type(of: reply))") }
    }

    @Test func requestsSurvive() throws {
        var spec = JobSpec()
        spec.command = ["true"]
        var submit = SubmitRequest(
            jobs: [SubmittedSpec(spec), SubmittedSpec(spec, after: [.init(kind: .afterok, position: 0)])], requestKey: RequestKey("00ff"),
            session: RunSession(cancelWhenLost: true))
        submit.dryRun = true
        _ = try roundTrip(submit)
        var action = ActionRequest(Selection([TaskSelector(JobID(1))]))
        (action.grace, action.signal, action.keepCores) = (.zero, "USR1", true)
        _ = try roundTrip(action)
        var changes = SpecChanges()
        (changes.timeLimit, changes.clear) = (.hours(2), [.begin])
        _ = try roundTrip(UpdateRequest(Selection(), changes))
        var session = SessionRequest(.exec, task: TaskID(JobID(1), 2))
        session.exec = ExecRequest(command: ["sh"], interactive: true)
        session.terminal = TerminalSize(rows: 24, columns: 80)
        _ = try roundTrip(session)
        _ = try roundTrip(PurgeRequest(before: Self.now))
        _ = try roundTrip(WaitRequest(Selection(), holdFor: .seconds(30)))
        _ = try roundTrip(BatchActionRequest(name: "b"))
        _ = try roundTrip(ImageTagRequest(name: "a", newName: "b"))
    }

    /// Steps sum up to the whole; what is not known is not there.
    @Test func theTimingOfAnAttemptAddsUp() throws {
        var times = AttemptTimes()
        times.usedSpare = true
        (times[.placed], times[.cloned], times[.executed]) = (
            BootTime(nanoseconds: 1_000), BootTime(nanoseconds: 4_500), BootTime(nanoseconds: 4_000)
        )
        let timing = AttemptTiming(times)
        #expect(timing.stages.map(\.stage) == [.placed, .executed, .cloned] && timing.spare == true)
        #expect(timing.stages.map(\.afterNanoseconds) == [0, 3_000, 500] && timing.stages.map(\.totalNanoseconds) == [0, 3_000, 3_500])
        #expect(timing.absent.count == TimingStage.allCases.count - 3 && !timing.absent.contains(.cloned))
        #expect(try roundTrip(timing)["absent"] as? [String] == timing.absent.map(\.rawValue))
        let nothing = AttemptTiming(AttemptTimes())
        #expect(nothing.stages.isEmpty && nothing.absent == TimingStage.allCases && nothing.spare == nil)
    }

    @Test func fieldsThatALaterVersionAddsAreIgnored() throws {
        let text = #"{"version":1,"jobs":[{"id":3,"tasks":1,"array":false,"colour":"blue"}],"more":{}}"#
        #expect(try JSONDecoder().decode(SubmitReply.self, from: Data(text.utf8)).jobs.map(\.id) == [JobID(3)])
    }

    @Test func outcomesAreFlat() throws {
        let failed = try roundTrip(OutcomeView(AttemptOutcome.failed(code: 3)))
        #expect(failed["kind"] as? String == "failed")
        #expect(failed["code"] as? Int == 3)
        #expect(failed["exitStatus"] as? Int == 3)
        #expect(OutcomeView(TaskOutcome.cancelled).kind == "cancelled")
        #expect(OutcomeView(AttemptOutcome.killed(signal: 9)).signal == "KILL")
        #expect(OutcomeView(AttemptOutcome.killed(signal: 9)).exitStatus == 137)
        #expect(OutcomeView(AttemptOutcome.timedOut).exitStatus == 124)
    }
}
