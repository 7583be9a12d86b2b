import Foundation
import JobModel
import Scheduling
import TestSupport
import Testing

@Suite struct SimulationTests {
    @Test func startsEqualTheNaiveOnes() {
        let seed = Seed.value
        for round in 0..<Seed.rounds(60) as Range<UInt64> {
            var random = SeededGenerator(seed: seed &+ round)
            let cores = Int.random(in: 1...16, using: &random)
            let memory = UInt64.random(in: 8...64, using: &random)
            var submit: Int64 = 0
            let items = (0..<120).map { index in
                submit += Int64.random(in: 0...30, using: &random) / 3
                let limit = Int64.random(in: 1...100, using: &random)
                return Simulation.Item(
                    id: UInt64(index), submit: submit,
                    run: Bool.random(using: &random) ? limit : Int64.random(in: 1...limit, using: &random),
                    limit: limit, cores: Int.random(in: 1...cores, using: &random), memory: UInt64.random(in: 0...memory, using: &random),
                    priority: Int.random(in: 0...4, using: &random) / 4)
            }
            let starts = Simulation.starts(items, cores: cores, memory: memory)
            guard starts == Simulation.naiveStarts(items, cores: cores, memory: memory) else {
                Issue.record("starts differ from the naive ones with BERTH_SEED=\(seed &+ round)")
                return
            }
            #expect(!starts.contains(-1))
        }
    }

    @Test(.enabled(if: Traces.folder != nil, "needs the workload traces beside the repository, and xz"))
    func startsEqualThePublishedReferenceOnKTH() throws {
        let (items, processors) = try Traces.load("KTH-SP2.swf.xz", first: 10_000)
        let starts = Simulation.starts(items, cores: processors)
        let expected = try Traces.lines("expected/refsim-batch/KTH-SP2.easy.txt.xz").map {
            $0.split(separator: " ").compactMap { Int64($0) }
        }
        let byID = Dictionary(uniqueKeysWithValues: expected.filter { $0.count == 3 }.map { ($0[0], $0[1]) })
        #expect(items.count == 10_000 && byID.count == 10_000)
        let wrong = items.indices.filter { byID[Int64(items[$0].id)] != starts[$0] }
        #expect(wrong.count == 0, "\(wrong.count) of \(items.count) starts differ, first job \(wrong.first.map { items[$0].id } ?? 0)")
    }
}
