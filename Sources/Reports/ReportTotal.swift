public import JobModel

/// The sum over all attempts of a selection; takes them one by one, all of a job one after the other.
public struct ReportTotal: Sendable {
    private var sum: ReportRow.Builder
    private var advisor = Advisor()
    private var last: JobID?

    public init(label: String = "total") { sum = ReportRow.Builder(label: label) }

    public mutating func add(_ attempt: AttemptFacts) {
        if last != attempt.job { sum.addJob() }
        last = attempt.job
        sum.add(attempt)
        advisor.add(attempt)
    }

    public mutating func add(_ attempt: LedgerAttempt) { add(AttemptFacts(attempt)) }

    public var row: ReportRow { sum.row }
    public var count: Int { sum.attempts }

    /// What to ask for next time, from how the attempts went.
    public func advice(_ demand: ResourceDemand, timeLimit: TimeSpan) -> [ReportAdvice] { advisor.advice(demand, timeLimit: timeLimit) }
}
