extension Checker {
    // MARK: Outcomes and usage are true

    func outcomes() -> [Verdict] { history.records.flatMap { record in ordered[record.job].map { outcomes(record, $0) } ?? [] } }

    private func outcomes(_ record: JobRecord, _ order: Order) -> [Verdict] {
        var verdicts: [Verdict] = []
        for task in order.tasks(of: record.job) {
            let attempts = record.attempts(of: task)
            let journal = history.journals[task] ?? Journal()
            for attempt in attempts {
                verdicts += outcome(attempt, order, journal)
                verdicts += usage(attempt, journal)
            }
            verdicts += number(attempts, of: task, order)
            guard let state = record.states[task], let last = attempts.last, state != Self.state(of: last) else { continue }
            if state == "cancelled", mayBeCancelled(task.job) { continue }
            verdicts.append(.wrongState(task, found: state, lastOutcome: last.outcome))
        }
        return verdicts
    }

    private static func state(of attempt: AttemptRecord) -> String {
        ["succeeded", "cancelled"].contains(attempt.outcome) ? attempt.outcome : "failed"
    }

    /// How many attempts there have to be; one that somebody may have cancelled can have had fewer.
    private func number(_ attempts: [AttemptRecord], of task: TaskName, _ order: Order) -> [Verdict] {
        let lost = attempts.count { Self.losses.contains($0.outcome) }
        let stoppedByLoss = lost > 0 && !order.rerunsOnLoss
        let found = attempts.count
        // Without the wish for another, a loss is the last.
        if let lost = attempts.firstIndex(where: { Self.losses.contains($0.outcome) }), !order.rerunsOnLoss, lost + 1 < found {
            return [.wrongNumberOfAttempts(task, found: found, expected: lost + 1)]
        }
        let expected = order.expectedAttempts + (order.rerunsOnLoss ? lost : 0)
        if found == expected || stoppedByLoss && found < expected { return [] }
        if mayBeCancelled(task.job), found < expected { return [] }
        // With losses between them, which ending an attempt has is counted by its number, so that fewer may be needed.
        if lost > 0, found < expected, attempts.last?.outcome == "succeeded" { return [] }
        return [.wrongNumberOfAttempts(task, found: found, expected: expected)]
    }

    /// An end that a client was told is one: nothing changes it, not even a power cut.
    func ends() -> [Verdict] {
        var verdicts: [Verdict] = []
        let states = history.records.reduce(into: [TaskName: String]()) { $0.merge($1.states) { first, _ in first } }
        var told: Set<TaskName> = []
        for sighting in history.sightings {
            guard case .look(_, _, _, let ended) = sighting.kind else { continue }
            for (task, seen) in ended {
                if let found = states[task], found != seen, told.insert(task).inserted {
                    verdicts.append(.changedEnd(task, seen: seen, found: found))
                }
            }
        }
        let attempts = history.records.flatMap(\.attempts).map(\.name)
        verdicts += attempts.filter { history.toldEnds[$0] == nil }.map { .endNeverTold($0) }
        return verdicts
    }

    private static let losses: Set = ["nodeLost", "monitorLost"]

    private func outcome(_ attempt: AttemptRecord, _ order: Order, _ journal: Journal) -> [Verdict] {
        let number = attempt.name.number
        let hasRun = !journal.starts(of: number).isEmpty
        if attempt.outcome == "cancelled", mayBeCancelled(attempt.name.task.job) { return [] }
        // What ran when the power went is lost, whatever it had written; never a guess (contract §9).
        if history.lostPower, attempt.outcome == "nodeLost" { return [] }
        let found = Self.text(attempt)
        if let end = journal.end(of: number), let code = end.code {
            let expected = code == 0 ? "succeeded" : "failed(\(code))"
            return found == expected ? [] : [.wrongOutcome(attempt.name, found: found, expected: expected)]
        }
        guard hasRun else { return [.neverRan(attempt.name, outcome: found)] }
        let expected =
            switch order.ending(ofAttempt: number) {
            case .code: "without an end"
            case .signal(let name): "killed(\(name))"
            case .never: "timedOut"
            }
        return found == expected ? [] : [.wrongOutcome(attempt.name, found: found, expected: expected)]
    }

    private static func text(_ attempt: AttemptRecord) -> String {
        switch attempt.outcome {
        case "failed": "failed(\(attempt.code.map(String.init) ?? "?"))"
        case "killed": "killed(\(attempt.signal ?? "?"))"
        case "startFailed": "startFailed(\(attempt.operation ?? "?"))"
        default: attempt.outcome
        }
    }

    /// By the job's own count of processor time, read just before its end: four values rounded down to 10 ms each.
    private static let usageBelow: UInt64 = 50_000
    /// What entering the container, the monitor and the last lines may take on a busy machine.
    private static let usageAbove: UInt64 = 1_500_000

    private func usage(_ attempt: AttemptRecord, _ journal: Journal) -> [Verdict] {
        guard attempt.outcome != "nodeLost", let own = journal.end(of: attempt.name.number)?.cpuMicroseconds else { return [] }
        let expected = (own > Self.usageBelow ? own - Self.usageBelow : 0)...(own + Self.usageAbove)
        if let found = attempt.cpuMicroseconds, expected.contains(found) { return [] }
        return [.wrongUsage(attempt.name, found: attempt.cpuMicroseconds, expected: expected)]
    }
}
