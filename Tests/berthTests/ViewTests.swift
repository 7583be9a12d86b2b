import API
import JobModel
import LinuxSys
import Reports
import Testing

@testable import berth

@Suite struct ViewTests {
    @Test func aListShowsWhereAndWhy() {
        var counts = TaskCounts()
        (counts.pending, counts.running) = (95, 1)
        let jobs = [
            Fixtures.job(7, name: "fit\u{1B}[2J", groups: [Fixtures.running(TaskID(JobID(7)), cpus: "0-1", ran: .seconds(65))]),
            Fixtures.job(
                12, array: true,
                groups: [
                    Fixtures.running(TaskID(JobID(12), 4), cpus: "2", ran: .seconds(5)),
                    Fixtures.pending(IntervalSet(5...99), ["needs 2 cores, 1 of 2 is free", "held by ada"]),
                ], counts: counts),
        ]
        let text = JobTable(reply: ListReply(now: Fixtures.now, jobs: jobs), style: .plain).render()
        #expect(
            text == """
                JOB        NAME        USER  STATE    TASKS  CORES  MEMORY  TIME     LEFT  WHERE / WHY
                7          fit\\x1b[2J  ada   running             2      1G  1:05    58:55  cpu 0-1
                12.4                   ada   running             2      1G  0:05    59:55  cpu 2
                12.[5-99]              ada   pending     95      2      1G        1:00:00  needs 2 cores, 1 of 2 is free; held by ada

                """)
    }

    @Test func pausedJobsTellOfTheirCores() {
        var group = Fixtures.running(TaskID(JobID(7)), cpus: "0", ran: .seconds(1))
        group.state = .paused
        group.attempt?.coresReleased = true
        #expect(StateText.word(group) == "paused")
        #expect(group.attempt.map(PlacementText.short) == "cores given back")
        group.attempt?.waitingForCores = true
        #expect(StateText.word(group) == "waiting")
        #expect(group.attempt.map(PlacementText.short) == "waiting for cores")
    }

    /// The kernel's whole story of a failed freeze is for `show`.
    @Test(arguments: [
        (
            "freeze /sys/fs/cgroup/unified/berth-1f3a/12.3-2/job: not frozen after 10000 ms, thawed again; pid 4711 in state D waits in request_wait_answer",
            "freeze: not frozen after 10000 ms, thawed again"
        ),
        ("its control groups are gone", "its control groups are gone"), ("thaw /a/b: still frozen after 1000 ms", "thaw: still frozen after 1000 ms"),
        (String(repeating: "long ", count: 30), "long long long long long long long long long …"), ("", ""),
    ])
    func aListTellsOfAFailureInBrief(note: String, text: String) throws {
        var group = Fixtures.running(TaskID(JobID(7)), cpus: "0", ran: .seconds(1))
        group.attempt?.note = note
        let attempt = try #require(group.attempt)
        #expect(PlacementText.short(attempt) == "cpu 0; " + text && text.count <= 50)
        var detail = JobDetail(now: Fixtures.now, job: Fixtures.job(7, groups: [group]))
        detail.attempts = [attempt]
        let shown = JobDetailText(detail: detail, style: .plain, moments: MomentText(now: Fixtures.now)).render()
        #expect(shown.contains(note))
    }

    @Test func arraysHaveABar() {
        var counts = TaskCounts()
        (counts.succeeded, counts.running, counts.pending, counts.held) = (50, 10, 40, 3)
        let line = ArrayProgress.line("12 sweep", counts, width: 80, style: .plain)
        #expect(line.hasPrefix("12 sweep             [█"))
        #expect(line.contains("50/100 done, 10 running, 40 pending (3 held)"))
        #expect(line.filter { $0 == "█" }.count > line.filter { $0 == "▓" }.count)
    }

    @Test func showTellsEverything() {
        var group = Fixtures.pending(nil, ["needs 2 cores, 1 of 2 is free", "begins in 1h"])
        group.estimatedStart = Fixtures.now
        var detail = JobDetail(now: Fixtures.now, job: Fixtures.job(7, name: "fit", groups: [group]))
        var spec = JobSpec()
        (spec.command, spec.image) = (["python3", "fit.py", "a b"], "tools:1")
        detail.spec = spec
        detail.holds = [
            TaskHold(
                hold: Hold(kind: .operator, scope: .task, by: UserID(5), byName: "eve", at: Fixtures.now, reason: "maintenance"),
                tasks: IntervalSet(0...0))
        ]
        detail.dependencies = [DependencyView(Dependency(kind: .afterok, job: JobID(3)), state: .waiting)]
        var moments = MomentText(now: Fixtures.now)
        moments.local = { _ in Self.noon }
        let text = JobDetailText(detail: detail, style: .plain, moments: moments).render()
        #expect(
            text == """
                Job           7 fit
                Owner         ada (1000)
                State         pending
                Queue         default, priority 0
                Submitted     2025-11-24 12:00:05
                Resources     2 cores, 1G memory, 4096 processes
                Time limit    1h
                Image         tools:1
                Command       python3 fit.py 'a b'
                Waits         needs 2 cores, 1 of 2 is free
                              begins in 1h
                Starts about  2025-11-24 12:00:05
                Holds         operator by eve since 2025-11-24 12:00:05: maintenance
                Depends on    afterok 3: waiting

                """)
    }

    @Test func redactedJobsShowNoSpec() {
        var job = Fixtures.job(7, groups: [TaskGroup(state: .running)])
        job.redacted = true
        let text = JobDetailText(detail: JobDetail(now: Fixtures.now, job: job), style: .plain, moments: MomentText(now: Fixtures.now)).render()
        #expect(text.contains("is shown to its owner only"))
    }

    private func report(_ reply: ReportReply) -> String {
        var moments = MomentText(now: Fixtures.now)
        moments.local = { _ in Self.noon }
        return ReportView(reply: reply, style: .plain, moments: moments).render()
    }

    @Test func aReportOfRuns() {
        var second = Fixtures.ledger
        second.id = AttemptID(TaskID(JobID(13)), 1)
        (second.usage.readBytes, second.usage.writtenBytes, second.usage.ioPartial) = (1 << 20, 2 << 20, true)
        #expect(
            report(ReportReply(attempts: [AttemptReport(Fixtures.ledger), AttemptReport(second)])) == """
                ATTEMPT  NAME  USER  OUTCOME    CPUS  QUEUED  RAN  CPU USER  CPU SYS  EFF  MEMORY  READ  WRITTEN
                12#1     fit   ada   succeeded  0-1       3s   4s        3s       1s  50%     64M     -        -
                13#1     fit   ada   succeeded  0-1       3s   4s        3s       1s  50%     64M    1M      ≥2M

                """)
    }

    @Test func aReportOfOneJob() {
        var list = ReportTotal()
        list.add(Fixtures.ledger)
        var reply = ReportReply(attempts: [AttemptReport(Fixtures.ledger)])
        var spec = JobSpec()
        spec.name = "fit"
        spec.batch = "sweep"
        let record = JobRecord(
            id: JobID(12), owner: Owner(user: UserID(1000), group: GroupID(1000), groups: [], name: "ada"), spec: spec,
            demand: Fixtures.ledger.demand, queue: "default", priority: 0, timeLimit: .hours(1), submittedAt: Fixtures.now, sequence: 12)
        var tasks = TaskTable(pending: IntervalSet())
        tasks.succeeded = IntervalSet([0])
        reply.job = JobReport(record: record, tasks: tasks, endedAt: Fixtures.now, total: list)
        #expect(
            report(reply) == """
                Job        12 fit
                Owner      ada
                Batch      sweep
                Submitted  2025-11-24 12:00:05
                Ended      2025-11-24 12:00:05
                Tasks      1 succeeded
                Asked      2 cores, 1G of memory, at most 1h
                Runs       1: 1 succeeded
                Where      here, cpu 0-1, memory node 0
                Times      queued 3s, ran 4s, paused 0ms
                CPU        3s user, 1s system, 50% of 8s given, throttled -
                Memory     peak 64M (6% of the limit)
                Disk       read -, written -
                Next time  memory: 96M instead of 1G (peak 64M, and a fifth to spare)
                           cores: 1 instead of 2 (1.0 of 2 busy on average)
                           time_limit: 1m instead of 1h (the longest run took 4s, and half of it to spare)

                ATTEMPT  OUTCOME    CPUS  QUEUED  RAN  CPU USER  CPU SYS  EFF  MEMORY  READ  WRITTEN
                12#1     succeeded  0-1       3s   4s        3s       1s  50%     64M     -        -

                """)
    }

    @Test func aReportOfSums() {
        var builder = ReportTable.Builder(by: .batch)
        builder.add(Fixtures.ledger)
        var other = Fixtures.ledger
        (other.id, other.batch, other.outcome) = (AttemptID(TaskID(JobID(13)), 1), nil, .timedOut)
        (other.usage, other.queuedFor) = (Usage(), .seconds(9))
        builder.add(other)
        #expect(
            report(ReportReply(table: builder.table())) == """
                BATCH      JOBS  RUNS  OUTCOMES                 WAITED  P50/P90/P99  RAN  P50/P90/P99  CPU USER  CPU SYS  CORE TIME  EFF  MEM EFF  THROTTLED  MEMORY  READ  WRITTEN
                ada/-         1     1  1 timedOut                   9s     9s/9s/9s   4s     4s/4s/4s         -        -         8s    -        -          -       -     -        -
                ada/sweep     1     1  1 succeeded                  3s     3s/3s/3s   4s     4s/4s/4s        3s       1s         8s  50%       6%          -     64M     -        -
                total         2     2  1 succeeded, 1 timedOut     12s     3s/9s/9s   8s     4s/4s/4s       ≥3s      ≥1s        16s  50%       6%          -    ≥64M     -        -

                """)
    }

    @Test func whatWasNotCountedIsADash() {
        #expect(ReportView.percent(nil) == "-")
        #expect(ReportView.percent(1.7) == "100%")
        #expect(UsageText.line(Usage()) == "")
    }

    @Test func actionsAreTold() {
        let both = ActionReply(
            done: [TaskSelector(JobID(12)), TaskSelector(JobID(14))], jobs: 2, tasks: 11,
            refused: [.init(TaskSelector(JobID(13)), APIError(.denied, "job 13 is bob's"))])
        let text = ActionText(verb: "paused", reply: both)
        #expect(text.summary == "paused 2 jobs: 12,14")
        #expect(text.refusals == ["job 13 is bob's"])
        #expect(text.status == 1)
        #expect(ActionText(verb: "paused", reply: ActionReply(done: [TaskSelector(JobID(3))], jobs: 1, tasks: 1)).summary == "paused 3")
        #expect(ActionText(verb: "paused", reply: ActionReply(done: [], jobs: 0, tasks: 0)).summary == nil)
    }

    @Test func eventsAreLines() {
        var moments = MomentText(now: Fixtures.now)
        moments.local = { _ in Self.noon }
        let event = Event(
            sequence: 3, at: Fixtures.now, kind: .finished, job: JobID(12), task: TaskID(JobID(12), 3), batch: "sw\neep", outcome: .failed(code: 3))
        #expect(
            EventText.line(event, moments: moments, style: .plain) == "2025-11-24 12:00:05  12.3        finished          batch sw\\neep  failed(3)")
    }

    /// What is not known is a dash, never a zero; what is printed adds up.
    @Test func theStepsOfAStartAddUp() {
        var times = AttemptTimes()
        let passed: [(TimingStage, Int64)] = [(.placed, 5), (.cloned, 1_005_600), (.executed, 1_006_200), (.ended, 3_600_001_000_005)]
        for (stage, nanoseconds) in passed {
            times[stage] = BootTime(nanoseconds: nanoseconds)
        }
        times.usedSpare = false
        let task = TaskID(JobID(12))
        var (lost, known) = (AttemptView(id: AttemptID(task, 1), state: .finished), AttemptView(id: AttemptID(task, 2), state: .running))
        known.timing = AttemptTiming(times)
        lost.outcome = OutcomeView(AttemptOutcome.failed(code: 3))
        let lines = TimingText(attempts: [lost, known], style: .plain).render().split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines.prefix(8).joined(separator: "\n") == """
                Attempt 12#1: its timing is no longer kept

                Attempt 12#2 running, without a spare container
                STEP          AFTER ms     TOTAL ms  WHAT
                placed           0.000        0.000  it had cores and memory
                cloned           1.005        1.005  PID 1 was cloned with its namespaces, or a spare one taken
                executed         0.001        1.006  the job's first instruction
                ended      3599999.994  3600001.000  the end was on disk
                """)
        #expect(lines.dropFirst(8).first == "accepted             -            -  the submit was checked and taken")
        #expect(lines.count == 8 + TimingStage.allCases.count - 4 + 1)
    }

    @Test func missingThingsFailTheDoctor() {
        let checks = [DoctorCheck("kernel", .ok, "6.12"), DoctorCheck("overlayfs", .missing, "absent", remedy: "modprobe overlay")]
        #expect(
            DoctorText.render(checks, style: .plain) == """
                ok       kernel     6.12
                missing  overlayfs  absent
                         → modprobe overlay

                """)
        #expect(DoctorText.status(checks) == 1)
        #expect(DoctorText.status([checks[0], DoctorCheck("x", .warning, "")]) == 0)
        #expect(DoctorText.status([DoctorCheck("state directory", .broken, "full")]) == 1)
    }

    @Test(arguments: [(0, "0"), (500, "0.5"), (250, "0.25"), (2500, "2.5"), (50, "0.05"), (2000, "2.0")])
    func quotasAreFractions(_ millis: Int, _ expected: String) {
        #expect(JobTable.cores(ResourceDemand(cores: 0, cpuMillis: millis, memory: .zero)) == expected)
    }

    private static var noon: LocalTime {
        var time = LocalTime(secondsSince1970: 0)
        (time.year, time.month, time.day, time.hour, time.minute, time.second) = (2025, 11, 24, 12, 0, 5)
        return time
    }
}
