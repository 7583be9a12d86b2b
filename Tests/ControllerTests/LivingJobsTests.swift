import JobModel
import JobStore
import TestSupport
import Testing

@testable import Controller

@Suite struct LivingJobsTests {
    private func job(_ number: UInt64, queue: String = "default", tasks: TaskIndex = 1) -> LiveJob {
        let spec = JobSpec()
        let record = JobRecord(
            id: JobID(number), owner: Bench.owner.owner, spec: spec, demand: ResourceDemand(cores: 1, memory: .zero), queue: queue, priority: 0,
            timeLimit: .hours(1), submittedAt: WallTime(milliseconds: 0), sequence: number)
        return LiveJob(record: record, table: TaskTable(pending: IntervalSet(0...(tasks - 1))))
    }

    /// A count that is kept is what counting all of them gives, whatever happens to jobs.
    @Test func theWaitingTasksAreCounted() {
        for round in 0..<20 as Range<UInt64> {
            var random = SeededGenerator(round: round)
            var jobs = LivingJobs()
            for step in 1...300 {
                let id = JobID(UInt64.random(in: 1...40, using: &random))
                switch Int.random(in: 0...4, using: &random) {
                case 0: jobs[id] = nil
                case 1:
                    jobs[id] = job(
                        id.value, queue: Bool.random(using: &random) ? "default" : "long", tasks: TaskIndex.random(in: 1...50, using: &random))
                case 2: jobs[id]?.record.queue = Bool.random(using: &random) ? "default" : "long"
                case 3: jobs[id]?.table.pending = IntervalSet()
                default: jobs[id]?.table.pending.insert(TaskIndex.random(in: 0...99, using: &random))
                }
                let seed: Comment = "BERTH_SEED=\(Seed.value &+ round), step \(step)"
                for queue in ["default", "long", "none"] {
                    let naive = jobs.values.filter { $0.record.queue == queue }.reduce(0) { $0 + $1.table.pending.count }
                    #expect(jobs.waiting(.queue(queue)) == naive, seed)
                }
                let owner = Bench.owner.owner
                #expect(jobs.waiting(.user(owner.user, name: owner.name)) == jobs.values.reduce(0) { $0 + $1.table.pending.count }, seed)
            }
        }
    }

    /// Jobs come, end and come again in any order; what is kept in order is what is there.
    @Test func theOrderIsThatOfWhatIsThere() {
        for round in 0..<40 as Range<UInt64> {
            var random = SeededGenerator(round: round)
            var jobs = LivingJobs()
            var naive: Set<UInt64> = []
            for step in 1...600 as ClosedRange<UInt64> {
                let number = Int.random(in: 0...2, using: &random) == 0 ? UInt64.random(in: 1...300, using: &random) : step
                if Int.random(in: 0...4, using: &random) < (step / 200) * 2 {
                    jobs[JobID(naive.randomElement(using: &random) ?? 1)] = nil
                    naive = Set(jobs.keys.map(\.value))
                } else {
                    jobs[JobID(number)] = job(number)
                    naive.insert(number)
                    jobs[JobID(number)]?.record.priority = 3
                }
                guard step % 20 == 0 else { continue }
                let from = UInt64.random(in: 0...400, using: &random)
                let most = Int.random(in: 1...50, using: &random)
                let seed = "BERTH_SEED=\(Seed.value &+ round)"
                #expect(jobs.count == naive.count && Set(jobs.keys.map(\.value)) == naive, "\(seed)")
                #expect(jobs.ids(after: from, most: most).map(\.value) == naive.filter { $0 > from }.sorted().prefix(most).map { $0 }, "\(seed)")
                #expect(jobs.ids(in: from...(from + 99)).map(\.value) == naive.filter { (from...(from + 99)).contains($0) }.sorted(), "\(seed)")
            }
        }
    }
}
