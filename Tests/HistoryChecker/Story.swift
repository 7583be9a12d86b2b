extension Checker {
    /// What is known of a job, in the order of time; seconds of the boot clock.
    public func story(of job: Int) -> String {
        var lines: [(at: UInt64, text: String)] = []
        for sighting in history.sightings {
            guard let text = text(of: sighting, job) else { continue }
            lines.append((sighting.ended, text))
        }
        for (attempt, at) in history.assignments where attempt.task.job == job { lines.append((at, "\(attempt) is assigned")) }
        for (task, journal) in history.journals where task.job == job {
            for line in journal.lines {
                let cpus = line.cpus.sorted().map(String.init).joined(separator: ",")
                let text = line.kind == .end ? "\(task) ends with \(line.code ?? -1)" : "\(task)#\(line.attempt) \(line.kind.rawValue) on \(cpus)"
                lines.append((line.at, text))
            }
        }
        return lines.sorted { $0.at < $1.at }.map { line in
            let hundredths = line.at / 10_000_000
            return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) \(line.text)"
        }.joined(separator: "\n")
    }

    private func text(of sighting: Sighting, _ job: Int) -> String? {
        let answer = sighting.isAcknowledged ? "done" : "no answer"
        switch sighting.kind {
        case .submit(let order, let told, _): return told == job || ordered[job]?.name == order ? "submit of \(order): \(answer)" : nil
        case .act(let act, .job(let target)): return target == job ? "\(act.rawValue): \(answer)" : nil
        case .act(let act, .batch(let name)): return ordered[job]?.batch == name ? "\(act.rawValue) of batch \(name): \(answer)" : nil
        case .look(let target, let holds, let paused, let ended):
            guard target == job else { return nil }
            return "seen: holds \(list(holds)), paused \(list(paused)), ended \(list(ended.map { "\($0.key) \($0.value)" }))"
        }
    }

    private func list(_ things: some Collection<some CustomStringConvertible>) -> String {
        things.isEmpty ? "nothing" : things.map(\.description).sorted().joined(separator: " and ")
    }
}

extension Verdict {
    /// Those it is about.
    public var jobs: [Int] {
        switch self {
        case .lostSubmit(_, let job), .unorderedJob(let job), .lostHold(let job, _): [job]
        case .doubledSubmit(_, let jobs): jobs
        case .missingTask(let task), .unfinished(let task, _), .wrongNumberOfAttempts(let task, _, _), .wrongState(let task, _, _),
            .changedEnd(let task, _, _):
            [task.job]
        case .ranTwice(let attempt), .unknownAttempt(let attempt), .neverRan(let attempt, _), .wrongOutcome(let attempt, _, _),
            .wrongUsage(let attempt, _, _), .endToldTwice(let attempt, _), .endNeverTold(let attempt), .startedWhileHeld(let attempt, _),
            .ranWhilePaused(let attempt, _):
            [attempt.task.job]
        case .overlappingAttempts(let first, let second), .sharedCore(_, let first, let second): [first.task.job, second.task.job]
        case .tooManyLicences: []
        }
    }
}

extension Checker {
    /// Everything that is wrong as text, with the stories of the first few jobs it is about.
    public func findings() -> String {
        let verdicts = verdicts()
        var told: [Int] = []
        for job in verdicts.flatMap(\.jobs) where !told.contains(job) && told.count < 3 { told.append(job) }
        return (verdicts.map(\.description) + told.map { "job \($0):\n\(story(of: $0))" }).joined(separator: "\n")
    }
}
