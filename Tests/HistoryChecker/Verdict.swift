/// Where a history and the model differ.
public enum Verdict: Hashable, Sendable, CustomStringConvertible {
    case lostSubmit(order: String, job: Int)
    case doubledSubmit(order: String, jobs: [Int])
    case unorderedJob(Int)
    case missingTask(TaskName)
    case unfinished(TaskName, state: String)
    case ranTwice(AttemptName)
    case overlappingAttempts(AttemptName, AttemptName)
    /// It wrote a journal, but no attempt of that number is known.
    case unknownAttempt(AttemptName)
    case neverRan(AttemptName, outcome: String)
    case wrongNumberOfAttempts(TaskName, found: Int, expected: Int)
    case wrongOutcome(AttemptName, found: String, expected: String)
    case wrongState(TaskName, found: String, lastOutcome: String)
    case wrongUsage(AttemptName, found: UInt64?, expected: ClosedRange<UInt64>)
    case endToldTwice(AttemptName, times: Int)
    case endNeverTold(AttemptName)
    /// A client saw how it ended, and it ended otherwise.
    case changedEnd(TaskName, seen: String, found: String)
    case lostHold(job: Int, HoldSeen)
    case startedWhileHeld(AttemptName, HoldSeen)
    case ranWhilePaused(AttemptName, at: UInt64)
    case sharedCore(Int, AttemptName, AttemptName)
    case tooManyLicences(found: Int, of: Int, at: UInt64)

    public var description: String {
        switch self {
        case .lostSubmit(let order, let job): "job \(job) of order \(order) was acknowledged and is not there"
        case .doubledSubmit(let order, let jobs): "order \(order) was submitted once and is jobs \(jobs)"
        case .unorderedJob(let job): "nobody ordered job \(job)"
        case .missingTask(let task): "task \(task) was acknowledged and is not there"
        case .unfinished(let task, let state): "task \(task) is \(state) in the end"
        case .ranTwice(let attempt): "attempt \(attempt) started more than once"
        case .overlappingAttempts(let a, let b): "attempts \(a) and \(b) ran at once"
        case .unknownAttempt(let attempt): "attempt \(attempt) wrote a journal, and no record tells of it"
        case .neverRan(let attempt, let outcome): "attempt \(attempt) is said to have \(outcome), and wrote nothing"
        case .wrongNumberOfAttempts(let task, let found, let expected): "task \(task) had \(found) attempts, expected \(expected)"
        case .wrongOutcome(let attempt, let found, let expected): "attempt \(attempt) is said to be \(found), it was \(expected)"
        case .wrongState(let task, let found, let last): "task \(task) is \(found), its last attempt \(last)"
        case .wrongUsage(let attempt, let found, let expected):
            "attempt \(attempt) used \(found.map { "\($0)" } ?? "unknown") µs by the ledger, \(expected.lowerBound) to \(expected.upperBound) by itself"
        case .endToldTwice(let attempt, let times): "the end of attempt \(attempt) was told \(times) times"
        case .endNeverTold(let attempt): "the end of attempt \(attempt) was never told"
        case .changedEnd(let task, let seen, let found): "task \(task) was seen \(seen) at its end and is \(found)"
        case .lostHold(let job, let hold): "job \(job) lost its hold \(hold)"
        case .startedWhileHeld(let attempt, let hold): "attempt \(attempt) was started under the hold \(hold)"
        case .ranWhilePaused(let attempt, let at): "attempt \(attempt) worked at \(at) though it was seen paused"
        case .sharedCore(let cpu, let a, let b): "attempts \(a) and \(b) had cpu \(cpu) at once"
        case .tooManyLicences(let found, let all, let at): "\(found) of \(all) licences were in use at \(at)"
        }
    }
}

extension HoldSeen: CustomStringConvertible {
    public var description: String { "\(kind.rawValue)\(isOfBatch ? " of the batch" : "")" }
}
