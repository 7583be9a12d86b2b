extension Checker {
    // MARK: Holds and pauses are kept

    /// What a client saw of a job's holds against what was acknowledged.
    func holds() -> [Verdict] {
        var verdicts: [Verdict] = []
        for sighting in history.sightings {
            guard case .look(let job, let seen, _, let ended) = sighting.kind, ended.isEmpty else { continue }
            for hold in standing(on: job, at: sighting) where !seen.contains(hold) { verdicts.append(.lostHold(job: job, hold)) }
        }
        for (attempt, assigned) in history.assignments {
            for (hold, window) in windows(of: attempt.task.job) where window.contains(assigned) {
                verdicts.append(.startedWhileHeld(attempt, hold))
            }
        }
        return verdicts
    }

    private static let kinds: [(kind: HoldSeen.Kind, places: Sighting.Act, lifts: Sighting.Act)] = [
        (.user, .hold, .release), (.userPause, .pause, .resume),
    ]

    /// Those that surely stood during the whole of a look: acknowledged before it, and no lift was even tried since until its end.
    private func standing(on job: Int, at look: Sighting) -> Set<HoldSeen> {
        var result: Set<HoldSeen> = []
        for target in targets(of: job) {
            for (kind, places, lifts) in Self.kinds {
                let placed = acts(on: target, [places]).last { $0.sighting.isAcknowledged && $0.sighting.ended <= look.began }
                guard let placed else { continue }
                let mayBeLifted = acts(on: target, [lifts, .cancel]).contains {
                    $0.sighting.ended >= placed.sighting.began && $0.sighting.began <= look.ended
                }
                if !mayBeLifted { result.insert(HoldSeen(kind, isOfBatch: target != .job(job))) }
            }
        }
        return result
    }

    /// The times of the wall clock are milliseconds, read at one moment and committed at a later one.
    private static let slack: UInt64 = 100_000_000

    /// While these surely stood: from the answer to the call that placed one to the call that might have lifted it.
    private func windows(of job: Int) -> [(HoldSeen, Range<UInt64>)] {
        var result: [(HoldSeen, Range<UInt64>)] = []
        for target in targets(of: job) {
            for (kind, places, lifts) in Self.kinds {
                let lifting = acts(on: target, [lifts, .cancel])
                for (_, placed) in acts(on: target, [places]) where placed.isAcknowledged {
                    // A lift that was under way at the same time may have come after it.
                    let end = lifting.filter { $0.sighting.ended >= placed.began }.map(\.sighting.began).min() ?? .max
                    let begin = placed.ended + Self.slack
                    guard end > begin + Self.slack else { continue }
                    result.append((HoldSeen(kind, isOfBatch: target != .job(job)), begin..<(end == .max ? .max : end - Self.slack)))
                }
            }
        }
        return result
    }

    /// A task that a client saw paused under a pause writes nothing until somebody tries to resume or to end it. Without one it only waits for its
    /// cores after a resume.
    func pauses() -> [Verdict] {
        var verdicts: [Verdict] = []
        for sighting in history.sightings {
            guard case .look(let job, let seen, let paused, _) = sighting.kind, seen.contains(where: { $0.kind == .userPause }) else { continue }
            let thaws = targets(of: job).flatMap { acts(on: $0, [.resume, .cancel]) }.filter { $0.sighting.ended >= sighting.began }
            let end = thaws.map(\.sighting.began).min() ?? .max
            for task in paused {
                // A line's time is rounded down to 10 ms.
                let worked = history.journals[task]?.lines.first { $0.at > sighting.ended && $0.at + 20_000_000 < end }
                if let worked { verdicts.append(.ranWhilePaused(AttemptName(task, worked.attempt), at: worked.at)) }
            }
        }
        return verdicts
    }

    /// Whether the attempt may have been frozen, and so without its cores, for some of this time.
    func mayBeFrozen(_ job: Int, during time: ClosedRange<UInt64>) -> Bool {
        targets(of: job).contains { target in
            acts(on: target, [.pause]).contains { _, pause in
                guard pause.began <= time.upperBound else { return false }
                let resumed = acts(on: target, [.resume]).first { $0.sighting.isAcknowledged && $0.sighting.began >= pause.ended }
                return (resumed?.sighting.ended ?? .max) >= time.lowerBound
            }
        }
    }
}
