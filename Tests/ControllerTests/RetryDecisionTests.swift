import JobModel
import Testing

@testable import Controller

/// contract §2: a task's outcome is its last attempt's once retries are used up; `preempted` puts it back; `nodeLost` and `monitorLost` do so
/// only with `rerun: on-loss`; `retries` is 0 by default and names the outcomes it applies to.
@Suite struct RetryDecisionTests {
    static let retriable: [AttemptOutcome] = [
        .failed(code: 1), .killed(signal: 9), .timedOut, .outOfMemory, .startFailed(operation: "mount", errno: "ENOENT"),
    ]

    @Test(arguments: retriable)
    func withoutAPolicyNothingIsTriedAgain(outcome: AttemptOutcome) {
        #expect(RetryDecision(outcome: outcome, retried: 0, spec: JobSpec()) == .final)
    }

    @Test(arguments: retriable)
    func aPolicyWithoutOutcomesMeansAllOfThem(outcome: AttemptOutcome) {
        var spec = JobSpec()
        spec.retries = RetryPolicy(count: 2)
        #expect(RetryDecision(outcome: outcome, retried: 0, spec: spec) == .retry(after: .zero))
        #expect(RetryDecision(outcome: outcome, retried: 1, spec: spec) == .retry(after: .zero))
        #expect(RetryDecision(outcome: outcome, retried: 2, spec: spec) == .final)
    }

    @Test(arguments: [AttemptOutcome.succeeded, .cancelled])
    func someEndsAreFinalWhateverThePolicy(outcome: AttemptOutcome) {
        var spec = JobSpec()
        spec.retries = RetryPolicy(count: 100, outcomes: AttemptOutcome.Kind.allCases)
        spec.rerun = .onLoss
        #expect(RetryDecision(outcome: outcome, retried: 0, spec: spec) == .final)
    }

    @Test func onlyTheNamedOutcomesAreTriedAgain() {
        var spec = JobSpec()
        spec.retries = RetryPolicy(count: 3, outcomes: [.timedOut])
        #expect(RetryDecision(outcome: .failed(code: 1), retried: 0, spec: spec) == .final)
        #expect(RetryDecision(outcome: .timedOut, retried: 0, spec: spec) == .retry(after: .zero))
    }

    @Test func preemptionAndLoss() {
        var spec = JobSpec()
        #expect(RetryDecision(outcome: .preempted, retried: 50, spec: spec) == .again)
        for lost in [AttemptOutcome.nodeLost, .monitorLost] {
            spec.rerun = nil
            #expect(RetryDecision(outcome: lost, retried: 0, spec: spec) == .final)
            spec.retries = RetryPolicy(count: 5)
            #expect(RetryDecision(outcome: lost, retried: 0, spec: spec) == .final, "retries do not cover a loss")
            spec.rerun = .onLoss
            #expect(RetryDecision(outcome: lost, retried: 9, spec: spec) == .again)
            spec.retries = nil
        }
    }

    @Test func theBackOffDoublesUpToADay() {
        var spec = JobSpec()
        spec.retries = RetryPolicy(count: 1000, backoff: .seconds(10))
        for (retried, seconds) in [(0, 10), (1, 20), (2, 40), (3, 80), (12, 40_960), (14, 86_400), (899, 86_400)] as [(UInt32, Int64)] {
            #expect(RetryDecision(outcome: .timedOut, retried: retried, spec: spec) == .retry(after: .seconds(seconds)), "after \(retried) retries")
        }
    }
}
