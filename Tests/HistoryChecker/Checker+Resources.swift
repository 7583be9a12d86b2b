extension Checker {
    // MARK: No resource is given twice

    /// An attempt had a core between two lines of its journal that both name it.
    private struct Claim {
        var attempt: AttemptName
        var begin: UInt64
        var end: UInt64
    }

    /// Exclusive cores: as the jobs themselves saw them.
    func cores() -> [Verdict] {
        var claims: [Int: [Claim]] = [:]
        for (task, journal) in history.journals where ordered[task.job]?.isExclusive ?? false {
            for number in journal.attempts {
                let lines = journal.lines(of: number)
                for (earlier, later) in zip(lines, lines.dropFirst()) where later.at > earlier.at {
                    // Frozen in between, its cores are somebody else's.
                    if mayBeFrozen(task.job, during: earlier.at...later.at) { continue }
                    for cpu in earlier.cpus.intersection(later.cpus) {
                        claims[cpu, default: []].append(Claim(attempt: AttemptName(task, number), begin: earlier.at, end: later.at))
                    }
                }
            }
        }
        return claims.sorted { $0.key < $1.key }.flatMap { cpu, claims in
            overlaps(claims).map { .sharedCore(cpu, $0, $1) }
        }
    }

    /// Claims of different attempts that overlap by more than the journals' clock is rounded; each pair once.
    private func overlaps(_ claims: [Claim]) -> [(AttemptName, AttemptName)] {
        var result: [(AttemptName, AttemptName)] = []
        var open: [Claim] = []
        for claim in claims.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            open.removeAll { $0.end <= claim.begin + 20_000_000 }
            for other in open where other.attempt != claim.attempt && min(other.end, claim.end) > claim.begin + 20_000_000 {
                if !result.contains(where: { Set([$0, $1]) == [other.attempt, claim.attempt] }) { result.append((other.attempt, claim.attempt)) }
            }
            open.append(claim)
        }
        return result
    }

    /// Named resources: from an attempt's first line to its last.
    func licences() -> [Verdict] {
        guard history.licences > 0 else { return [] }
        var changes: [(at: UInt64, by: Int)] = []
        for (task, journal) in history.journals {
            guard let count = ordered[task.job]?.licences, count > 0 else { continue }
            for number in journal.attempts {
                let times = journal.lines(of: number).map(\.at)
                guard let first = times.min(), let last = times.max() else { continue }
                changes += [(first, count), (last, -count)]
            }
        }
        var inUse = 0
        // What ends goes first: the clock is rounded.
        for change in changes.sorted(by: { ($0.at, $0.by) < ($1.at, $1.by) }) {
            inUse += change.by
            if inUse > history.licences { return [.tooManyLicences(found: inUse, of: history.licences, at: change.at)] }
        }
        return []
    }
}
