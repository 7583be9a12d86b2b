import HistoryChecker
import Testing

/// The checker is only worth what it catches: each test doctors a sound history in one way.
@Suite struct CheckerTests {
    private static let second: UInt64 = 1_000_000_000
    private var history = History()

    /// Two exclusive tasks one after the other on cpu 0, the second with a retry; one held job, released; one that runs into its limit.
    init() {
        var first = Order(name: "first")
        first.isExclusive = true
        var second = Order(name: "second", indices: [3], endings: [.code(4), .code(0)])
        second.retries = 1
        second.isExclusive = true
        var held = Order(name: "held")
        held.batch = "nightly"
        var limited = Order(name: "limited", endings: [.never])
        limited.licences = 2
        history.orders = [first, second, held, limited]
        history.licences = 2
        for (job, order) in history.orders.enumerated() { see(.submit(order: order.name, job: job + 1, isHeld: order.name == "held"), 1) }
        add(TaskName(job: 1), 1, at: 10, outcome: "succeeded", code: 0)
        add(TaskName(job: 2, index: 3), 1, at: 20, outcome: "failed", code: 4)
        add(TaskName(job: 2, index: 3), 2, at: 30, outcome: "succeeded", code: 0)
        see(.look(job: 3, holds: [HoldSeen(.user)], paused: [], ended: [:]), 5)
        see(.act(.release, .job(3)), 35)
        add(TaskName(job: 3), 1, at: 40, outcome: "succeeded", code: 0)
        add(TaskName(job: 4), 1, at: 50, outcome: "timedOut", code: nil)
        history.records = [
            record(1, "first", "succeeded"), record(2, "second", "succeeded", index: 3), record(3, "held", "succeeded"),
            record(4, "limited", "failed"),
        ]
    }

    private mutating func see(_ kind: Sighting.Kind, _ at: UInt64, isAcknowledged: Bool = true) {
        history.sightings.append(
            Sighting(kind, began: at * Self.second, ended: at * Self.second + 1_000, isAcknowledged: isAcknowledged))
    }

    private var attempts: [AttemptRecord] = []

    /// An attempt of five seconds on cpu 0 with its journal.
    private mutating func add(_ task: TaskName, _ number: Int, at: UInt64, outcome: String, code: Int?) {
        var lines = (0..<5).map { Journal.Line($0 == 0 ? .start : .tick, attempt: number, at: (at + $0) * Self.second, cpus: [0]) }
        if let code { lines.append(.init(.end, attempt: number, at: (at + 5) * Self.second, cpus: [0], cpuMicroseconds: 200_000, code: code)) }
        history.journals[task, default: Journal()].lines += lines
        let name = AttemptName(task, number)
        history.assignments[name] = at * Self.second - 1
        history.toldEnds[name] = 1
        attempts.append(AttemptRecord(name, outcome: outcome, code: code, cpuMicroseconds: 210_000))
    }

    private func record(_ job: Int, _ name: String, _ state: String, index: Int? = nil) -> JobRecord {
        JobRecord(job: job, name: name, states: [TaskName(job: job, index: index): state], attempts: attempts.filter { $0.name.task.job == job })
    }

    private var verdicts: [Verdict] { Checker(history).verdicts() }
    private static let one = AttemptName(TaskName(job: 1), 1)
    private static let retried = AttemptName(TaskName(job: 2, index: 3), 2)

    @Test func nothingIsWrongWithASoundHistory() { #expect(verdicts.isEmpty, "\(verdicts)") }

    // MARK: Submits

    @Test mutating func aLostSubmit() {
        history.records.removeFirst()
        #expect(verdicts.contains(.lostSubmit(order: "first", job: 1)))
    }

    @Test mutating func aLostTaskOfAnArray() {
        history.orders[1].indices = [3, 4]
        #expect(verdicts == [.missingTask(TaskName(job: 2, index: 4)), .wrongNumberOfAttempts(TaskName(job: 2, index: 4), found: 0, expected: 2)])
    }

    @Test mutating func aSubmitThatHappenedTwice() {
        history.records.append(JobRecord(job: 9, name: "held", states: [TaskName(job: 9): "cancelled"]))
        #expect(verdicts.contains(.doubledSubmit(order: "held", jobs: [3, 9])))
    }

    @Test mutating func aSubmitWithoutAnAnswerMayBeThereOrNot() {
        history.orders.append(Order(name: "unanswered"))
        see(.submit(order: "unanswered", job: nil, isHeld: false), 2, isAcknowledged: false)
        #expect(verdicts.isEmpty)
    }

    @Test mutating func aJobThatNobodyOrdered() {
        history.records.append(JobRecord(job: 9, name: "ghost", states: [TaskName(job: 9): "cancelled"]))
        #expect(verdicts == [.unorderedJob(9)])
    }

    @Test mutating func aTaskThatNeverEnded() {
        history.records[0].states[TaskName(job: 1)] = "running"
        #expect(verdicts.contains(.unfinished(TaskName(job: 1), state: "running")))
    }

    // MARK: Runs

    @Test mutating func aTaskRunTwice() {
        history.journals[TaskName(job: 1)]?.lines.append(.init(.start, attempt: 1, at: 16 * Self.second, cpus: [0]))
        #expect(verdicts.contains(.ranTwice(Self.one)))
    }

    @Test mutating func anAttemptBeyondTheRecord() {
        history.records[1].attempts.removeLast()
        #expect(verdicts.contains(.unknownAttempt(Self.retried)))
        #expect(verdicts.contains(.wrongNumberOfAttempts(Self.retried.task, found: 1, expected: 2)))
    }

    @Test mutating func aRetryBesideItsFirstAttempt() {
        history.journals[Self.retried.task]?.lines.append(.init(.tick, attempt: 1, at: 31 * Self.second, cpus: [1]))
        #expect(verdicts.contains(.overlappingAttempts(AttemptName(Self.retried.task, 1), Self.retried)))
    }

    @Test mutating func anEndToldTwice() {
        history.toldEnds[Self.one] = 2
        #expect(verdicts == [.endToldTwice(Self.one, times: 2)])
    }

    @Test mutating func anEndThatWasNeverTold() {
        history.toldEnds[Self.one] = nil
        #expect(verdicts == [.endNeverTold(Self.one)])
    }

    // MARK: Outcomes

    @Test mutating func aWrongOutcome() {
        history.records[1].attempts[0].code = 5
        #expect(verdicts == [.wrongOutcome(AttemptName(Self.retried.task, 1), found: "failed(5)", expected: "failed(4)")])
    }

    @Test mutating func aSucceededTaskThatNeverRan() {
        history.journals[TaskName(job: 1)] = nil
        #expect(verdicts == [.neverRan(Self.one, outcome: "succeeded")])
    }

    @Test mutating func aTaskStateThatIsNotItsLastAttempts() {
        history.records[1].states[Self.retried.task] = "failed"
        #expect(verdicts == [.wrongState(Self.retried.task, found: "failed", lastOutcome: "succeeded")])
    }

    @Test mutating func aCancelThatNobodyAskedFor() {
        history.records[0].attempts[0].outcome = "cancelled"
        history.records[0].states[TaskName(job: 1)] = "cancelled"
        #expect(verdicts.contains(.wrongOutcome(Self.one, found: "cancelled", expected: "succeeded")))
        see(.act(.cancel, .job(1)), 12, isAcknowledged: false)
        #expect(verdicts.isEmpty)
    }

    @Test mutating func aLimitThatWasNotKept() {
        history.records[3].attempts[0].outcome = "succeeded"
        #expect(verdicts.contains(.wrongOutcome(AttemptName(TaskName(job: 4), 1), found: "succeeded", expected: "timedOut")))
    }

    @Test(arguments: [0, 50_000_000, nil] as [UInt64?]) mutating func wrongUsage(found: UInt64?) {
        history.records[0].attempts[0].cpuMicroseconds = found
        #expect(verdicts == [.wrongUsage(Self.one, found: found, expected: 150_000...1_700_000)])
    }

    @Test mutating func aLossIsTrueOnlyAfterAPowerCut() {
        history.records[0].attempts[0].outcome = "nodeLost"
        history.records[0].states[TaskName(job: 1)] = "failed"
        #expect(verdicts.contains(.wrongOutcome(Self.one, found: "nodeLost", expected: "succeeded")))
        history.lostPower = true
        #expect(verdicts.isEmpty)
        history.orders[0].rerunsOnLoss = true
        #expect(verdicts == [.wrongNumberOfAttempts(TaskName(job: 1), found: 1, expected: 2)])
    }

    @Test mutating func aRunAfterALossThatNobodyAskedFor() {
        history.lostPower = true
        history.records[1].attempts[0].outcome = "nodeLost"
        #expect(verdicts == [.wrongNumberOfAttempts(Self.retried.task, found: 2, expected: 1)])
    }

    @Test mutating func anEndThatChanged() {
        see(.look(job: 1, holds: [], paused: [], ended: [TaskName(job: 1): "failed"]), 16)
        see(.look(job: 1, holds: [], paused: [], ended: [TaskName(job: 1): "failed"]), 17)
        #expect(verdicts == [.changedEnd(TaskName(job: 1), seen: "failed", found: "succeeded")])
    }

    // MARK: Holds and pauses

    @Test mutating func aLostHold() {
        see(.look(job: 3, holds: [], paused: [], ended: [:]), 6)
        #expect(verdicts == [.lostHold(job: 3, HoldSeen(.user))])
    }

    @Test mutating func aHoldMayBeGoneOnceALiftWasTried() {
        see(.act(.release, .job(3)), 6, isAcknowledged: false)
        see(.look(job: 3, holds: [], paused: [], ended: [:]), 7)
        #expect(verdicts.isEmpty)
    }

    @Test mutating func aLostPauseOfABatch() {
        see(.act(.pause, .batch("nightly")), 6)
        see(.look(job: 3, holds: [HoldSeen(.user)], paused: [], ended: [:]), 7)
        see(.act(.resume, .batch("nightly")), 8)
        #expect(verdicts == [.lostHold(job: 3, HoldSeen(.userPause, isOfBatch: true))])
    }

    @Test mutating func aStartUnderAHold() {
        history.assignments[AttemptName(TaskName(job: 3), 1)] = 20 * Self.second
        #expect(verdicts == [.startedWhileHeld(AttemptName(TaskName(job: 3), 1), HoldSeen(.user))])
    }

    @Test mutating func workWhilePaused() {
        see(.act(.pause, .job(4)), 51)
        see(.look(job: 4, holds: [HoldSeen(.userPause)], paused: [TaskName(job: 4)], ended: [:]), 52)
        #expect(verdicts == [.ranWhilePaused(AttemptName(TaskName(job: 4), 1), at: 53 * Self.second)])
    }

    @Test mutating func whoWaitsForCoresAfterAResumeMayGetThem() {
        see(.act(.pause, .job(4)), 51)
        see(.act(.resume, .job(4)), 52)
        see(.look(job: 4, holds: [], paused: [TaskName(job: 4)], ended: [:]), 53)
        #expect(verdicts.isEmpty, "\(verdicts)")
    }

    // MARK: What is told

    @Test func aVerdictComesWithWhatIsKnownOfItsJobs() {
        #expect(Verdict.sharedCore(0, Self.one, Self.retried).jobs == [1, 2])
        let story = Checker(history).story(of: 3)
        let lines = story.split(separator: "\n").map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
        #expect(lines.first == "submit of held: done" && lines.contains("release: done") && lines.last == "3 ends with 0", "\(story)")
        #expect(lines.contains("seen: holds user, paused nothing, ended nothing") && lines.contains("3#1 is assigned"), "\(story)")
    }

    // MARK: Resources

    @Test mutating func overlappingExclusiveCores() {
        history.journals[Self.retried.task]?.lines.insert(.init(.start, attempt: 1, at: 12 * Self.second, cpus: [0]), at: 0)
        history.journals[Self.retried.task]?.lines[1].kind = .tick
        #expect(verdicts == [.sharedCore(0, Self.one, AttemptName(Self.retried.task, 1))])
    }

    @Test mutating func coresOfAPausedJobAreFree() {
        history.journals[Self.retried.task]?.lines.insert(.init(.start, attempt: 1, at: 12 * Self.second + 1, cpus: [0]), at: 0)
        history.journals[Self.retried.task]?.lines[1].kind = .tick
        see(.act(.pause, .job(2)), 12)
        see(.act(.resume, .job(2)), 19)
        #expect(verdicts.isEmpty, "\(verdicts)")
    }

    @Test mutating func tooManyLicences() {
        history.orders[0].licences = 1
        #expect(verdicts.isEmpty)
        history.journals[TaskName(job: 1)]?.lines[5].at = 52 * Self.second
        #expect(verdicts.contains(.tooManyLicences(found: 3, of: 2, at: 50 * Self.second)))
    }
}
