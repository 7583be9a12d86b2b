import JobModel

/// Whether a task is tried again after an attempt: contract §2.
enum RetryDecision: Equatable {
    case final
    case again(after: TimeSpan)

    private static let retriedByDefault: Set<AttemptOutcome.Kind> = [.failed, .killed, .timedOut, .outOfMemory, .startFailed]

    init(outcome: AttemptOutcome, attempt: UInt32, spec: JobSpec) {
        switch outcome.kind {
        case .succeeded, .cancelled: self = .final
        case .preempted: self = .again(after: .zero)
        case .nodeLost where spec.rerun == .onLoss, .monitorLost where spec.rerun == .onLoss: self = .again(after: .zero)
        default:
            guard let policy = spec.retries, attempt <= policy.count else {
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
            let doubled = policy.backoff.milliseconds << Int64(min(attempt - 1, 20))
            self = .again(after: TimeSpan(milliseconds: max(min(doubled, day), policy.backoff.milliseconds)))
        }
    }
}
