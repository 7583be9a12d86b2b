import JobModel
import Scheduling
import TestSupport
import Testing

@Suite struct HistoryTests {
    /// Every history is small: what breaks can be read. `BERTH_SEED` repeats one, `BERTH_ROUNDS=1` alone.
    @Test func randomHistoriesKeepAllInvariants() async {
        let rounds = Seed.rounds(10_000)
        let seed = Seed.value
        await withTaskGroup(of: String?.self) { group in
            for part in 0..<4 as Range<UInt64> {
                group.addTask {
                    for round in stride(from: part, to: rounds, by: 4) {
                        var history = History(seed: seed &+ round)
                        history.run(steps: 6 + Int((seed &+ round) % 8))
                        if let fault = history.faults.first { return "BERTH_SEED=\(seed &+ round): \(fault)" }
                    }
                    return nil
                }
            }
            for await fault in group { if let fault { Issue.record("\(fault)") } }
        }
    }
}
