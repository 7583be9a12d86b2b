/// Compares a history with what the contract allows. A verdict is a fault of Berth's; none, that nothing contradicts it.
public struct Checker: Sendable {
    let history: History
    /// Orders by the job that came of them.
    let ordered: [Int: Order]
    /// By job and by batch, in the order in which they were made.
    private let acts: [Sighting.Target: [(act: Sighting.Act, sighting: Sighting)]]

    public init(_ history: History) {
        self.history = history
        let byName = Dictionary(history.orders.map { ($0.name, $0) }) { first, _ in first }
        ordered = Dictionary(history.records.compactMap { record in byName[record.name].map { (record.job, $0) } }) { first, _ in first }
        var acts: [Sighting.Target: [(act: Sighting.Act, sighting: Sighting)]] = [:]
        for sighting in history.sightings {
            switch sighting.kind {
            case .act(let act, let target): acts[target, default: []].append((act, sighting))
            case .submit(_, let job?, isHeld: true): acts[.job(job), default: []].append((.hold, sighting))
            default: break
            }
        }
        self.acts = acts.mapValues { $0.sorted { $0.sighting.began < $1.sighting.began } }
    }

    /// Everything that is wrong.
    public func verdicts() -> [Verdict] { submits() + runs() + outcomes() + ends() + holds() + pauses() + cores() + licences() }

    // MARK: What clients did

    func acts(on target: Sighting.Target, _ wanted: Set<Sighting.Act>) -> [(act: Sighting.Act, sighting: Sighting)] {
        acts[target, default: []].filter { wanted.contains($0.act) }
    }

    /// The job itself and its batch.
    func targets(of job: Int) -> [Sighting.Target] { [.job(job)] + (ordered[job]?.batch.map { [.batch($0)] } ?? []) }

    /// Whether somebody may have cancelled it: acknowledged or not.
    func mayBeCancelled(_ job: Int) -> Bool { targets(of: job).contains { !acts(on: $0, [.cancel]).isEmpty } }

    // MARK: Every acknowledged submit is there, and once

    private func submits() -> [Verdict] {
        var verdicts: [Verdict] = []
        let jobs = Dictionary(grouping: history.records, by: \.name).mapValues { $0.map(\.job).sorted() }
        for case (.submit(let order, let told?, _), true) in history.sightings.map({ ($0.kind, $0.isAcknowledged) })
        where !jobs[order, default: []].contains(told) {
            verdicts.append(.lostSubmit(order: order, job: told))
        }
        for order in history.orders {
            guard let found = jobs[order.name], found.count > 1 else { continue }
            verdicts.append(.doubledSubmit(order: order.name, jobs: found))
        }
        for record in history.records {
            guard let order = ordered[record.job] else {
                verdicts.append(.unorderedJob(record.job))
                continue
            }
            for task in order.tasks(of: record.job) {
                switch record.states[task] {
                case nil: verdicts.append(.missingTask(task))
                case let state? where !Self.finalStates.contains(state): verdicts.append(.unfinished(task, state: state))
                default: break
                }
            }
        }
        return verdicts
    }

    static let finalStates: Set = ["succeeded", "failed", "cancelled", "dependencyFailed"]

    // MARK: None runs twice within one attempt

    private func runs() -> [Verdict] {
        var verdicts: [Verdict] = []
        let known = Set(history.records.flatMap { $0.attempts.map(\.name) })
        for (task, journal) in history.journals.sorted(by: { $0.key < $1.key }) {
            let numbers = journal.attempts.sorted()
            for number in numbers {
                let name = AttemptName(task, number)
                if journal.starts(of: number).count > 1 { verdicts.append(.ranTwice(name)) }
                // Also after a power cut: a start is durable before it is made.
                if !known.contains(name) { verdicts.append(.unknownAttempt(name)) }
            }
            for (earlier, later) in zip(numbers, numbers.dropFirst()) {
                guard let last = journal.lines(of: earlier).map(\.at).max(), let first = journal.lines(of: later).map(\.at).min() else { continue }
                if first < last { verdicts.append(.overlappingAttempts(AttemptName(task, earlier), AttemptName(task, later))) }
            }
        }
        for (attempt, times) in history.toldEnds where times > 1 { verdicts.append(.endToldTwice(attempt, times: times)) }
        return verdicts
    }
}
