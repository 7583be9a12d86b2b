import JobModel

/// Whether a task is tried again after an attempt: contract §2.
enum RetryDecision: Equatable {
    case final
    /// Back in the queue, at no cost: preempted, or lost with `rerun: on-loss`.
    case again
    /// One of its retries.
    case retry(after: TimeSpan)

    private static let retriedByDefault: Set<AttemptOutcome.Kind> = [.failed, .killed, .timedOut, .outOfMemory, .startFailed]

    /// `retried` counts the earlier attempts of the task that ended with a retry.
    init(outcome: AttemptOutcome, retried: UInt32, spec: JobSpec) {
        switch outcome.kind {
        case .succeeded, .cancelled: self = .final
        case .preempted: self = .again
        case .nodeLost where spec.rerun == .onLoss, .monitorLost where spec.rerun == .onLoss: self = .again
        default:
            guard let policy = spec.retries, retried < policy.count else {
                self = .final
                return
            }
            let kinds = policy.outcomes.isEmpty ? Self.retriedByDefault : Set(policy.outcomes)
            guard kinds.contains(outcome.kind) else {
                self = .final
                return
            }
            // Doubled for each further retry, up to a day.
            let day: Int64 = 86_400_000
            let doubled = policy.backoff.milliseconds << Int64(min(retried, 20))
            self = .retry(after: TimeSpan(milliseconds: max(min(doubled, day), policy.backoff.milliseconds)))
        }
    }
}
