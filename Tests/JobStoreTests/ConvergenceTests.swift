import JobModel
import JobStore
import Testing

/// Users of a store that does its worst: each increments a shared number by reading, expecting and committing, and asks after unknown ends.
@Suite struct ConvergenceTests {
    /// Adds one to the task table's count of attempts, exactly once.
    private static func increment(_ store: any MachineStore, _ writer: Int, _ round: Int) async throws {
        let key = StoreKey.tasks(JobID(1))
        for attempt in 0... {
            let request = RequestKey("\(writer)-\(round)")
            let current = try await store.entry(key)
            var table = TaskTable(pending: IntervalSet())
            if case .tasks(_, let found) = current?.value { table = found }
            table.attempts[0, default: 0] += 1
            table.started.insert(TaskIndex(writer * 1000 + round))
            var transaction = StoreTransaction.puts(.tasks(JobID(1), table), .job(Sample.job(UInt64(writer * 1000 + round + 2))))
            transaction.expecting = [key: current?.revision ?? .zero]
            transaction.requestKey = request
            transaction.events = [Sample.event(UInt64(attempt))]
            do {
                _ = try await store.commit(transaction)
                return
            } catch {
                switch error {
                case .conflict, .eventConflict: continue
                case .repeated: return
                case .unknown: if try await store.outcome(of: request) != nil { return }
                case .refused: throw error
                }
            }
        }
    }

    /// Follows until the revision, beginning anew from a snapshot when the changes are gone.
    private static func follow(_ store: any MachineStore, until isDone: @escaping @Sendable (StoreState) -> Bool) async throws -> StoreState {
        var state = StoreState()
        while true {
            do {
                for try await batch in store.changes(after: state.revision) {
                    state.apply(batch)
                    if batch.isLast, isDone(state) { return state }
                }
            } catch is StoreError {}
            state = StoreState(try await store.snapshot())
            if isDone(state) { return state }
        }
    }

    private func check(_ store: any MachineStore, writers: Int, rounds: Int, seed: UInt64) async throws {
        let total = UInt32(writers * rounds)
        async let followed = Self.follow(store) { $0.tasks[JobID(1)]?.value.attempts[0] == total }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask { for round in 0..<rounds { try await Self.increment(store, writer, round) } }
            }
            try await group.waitForAll()
        }
        if let memory = store as? InMemoryStore { await memory.deliver() }
        let state = StoreState(try await store.snapshot())
        #expect(state.tasks[JobID(1)]?.value.attempts[0] == total, "seed \(seed)")
        #expect(state.tasks[JobID(1)]?.value.started.count == Int(total), "seed \(seed)")
        #expect(state.jobs.count == Int(total), "seed \(seed)")
        #expect(try await store.events(after: 0, limit: 1).newest == UInt64(total), "seed \(seed)")
        #expect(try await followed == state, "seed \(seed)")
    }

    @Test(arguments: StoreUnderTest.allCases) func nothingIsLostOrDoneTwice(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in try await check(store, writers: 4, rounds: 25, seed: 0) }
    }

    @Test(arguments: 0..<10) func nothingIsLostOrDoneTwiceUnderFaults(_ run: Int) async throws {
        let seed = Generator.freshSeed
        print("seed \(seed)")
        try await check(InMemoryStore(faults: .some(seed: seed)), writers: 4, rounds: 25, seed: seed)
    }

    @Test func faultsAreTheSameForOneSeed() async throws {
        func ends(_ seed: UInt64) async throws -> [String] {
            let store = InMemoryStore(faults: .some(seed: seed))
            var ends: [String] = []
            for number in UInt64(1)...60 {
                do {
                    ends.append(
                        "\(try await store.commit(.puts(.job(Sample.job(number)), expecting: [.job(JobID(number)): .zero])).revision)")
                } catch { ends.append("\(error)") }
            }
            return ends
        }
        let first = try await ends(42)
        #expect(first == (try await ends(42)))
        #expect(first != (try await ends(43)))
        #expect(first.contains { $0.contains("unknown") } && first.contains { $0.contains("conflict") })
    }
}
