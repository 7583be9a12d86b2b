import CoreMetrics
import JobModel
import JobStore
import Telemetry

/// What the controller counts.
struct ControllerMetrics: Sendable {
    private let jobsSubmitted = Counter(.jobsSubmitted)
    private let tasksSubmitted = Counter(.tasksSubmitted)
    private let finished = Dictionary(
        uniqueKeysWithValues: AttemptOutcome.Kind.allCases.map { ($0, Counter(.attemptsFinished, [("outcome", $0.rawValue)])) })
    private let wait = Timer(.taskWait)
    private let run = Timer(.taskRun)
    private let start = Timer(.start)
    private let commits = Counter(.commits)
    private let commitFailures = Counter(.commitFailures)
    private let commitDuration = Timer(.commitDuration)

    func submitted(_ records: [JobRecord]) {
        jobsSubmitted.increment(by: Int64(records.count))
        tasksSubmitted.increment(by: records.reduce(0) { $0 + Int64($1.indices.count) })
    }

    /// The first instruction of an attempt.
    func started(_ record: AttemptRecord, at started: Stamp) {
        guard record.assignedAt.bootID == started.bootID else { return }
        start.recordNanoseconds(max(0, (started.boot - record.assignedAt.boot).nanoseconds))
    }

    func ended(_ attempt: LedgerAttempt) {
        finished[attempt.outcome.kind]?.increment()
        guard attempt.startedAt != nil else { return }
        wait.recordNanoseconds(attempt.queuedFor.nanoseconds)
        run.recordNanoseconds(attempt.ranFor.nanoseconds)
    }

    func committed(in duration: TimeSpan) {
        commits.increment()
        commitDuration.recordNanoseconds(max(0, duration.nanoseconds))
    }

    func commitFailed() { commitFailures.increment() }
}
