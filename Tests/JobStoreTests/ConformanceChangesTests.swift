import JobModel
import JobStore
import Testing

/// Following a store.
@Suite struct ConformanceChangesTests {
    @Test(arguments: StoreUnderTest.allCases) func changesComeInOrderFromAnyKeptRevision(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            for number in UInt64(1)...5 { _ = try await store.commit(.puts(.job(Sample.job(number)))) }
            var seen: [UInt64] = []
            let changes = store.changes(after: Revision(2))
            _ = try await store.commit(StoreTransaction(changes: [.remove(.job(JobID(1)))]))
            for try await batch in changes {
                seen.append(batch.revision.value)
                if batch.revision == Revision(6) {
                    #expect(batch.changes == [.remove(.job(JobID(1)))])
                    break
                }
            }
            #expect(seen == [3, 4, 5, 6])
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func aCounterIsSeenAsItTookEffect(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            _ = try await store.commit(.puts(.counter(.jobs, 7)))
            _ = try await store.commit(.puts(.counter(.jobs, 3)))
            for try await batch in store.changes(after: Revision(1)) {
                #expect(batch.changes == [.put(.counter(.jobs, 7))])
                break
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func aStagedSubmissionComesWhole(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let changes = (1...330).map { StoreChange.put(.job(Sample.job($0))) }
            let receipt = try await store.submit(StoreTransaction(changes: changes), staging: StagingID("s"))
            var state = StoreState()
            for try await batch in store.changes(after: .zero) {
                state.apply(batch)
                if state.revision == receipt.revision { break }
            }
            #expect(state == StoreState(try await store.snapshot()))
        }
    }

    @Test func aFollowerOfWhatIsNoLongerKeptIsTold() async throws {
        let store = InMemoryStore(keptChanges: 3)
        for number in UInt64(1)...6 { _ = try await store.commit(.puts(.job(Sample.job(number)))) }
        await #expect(throws: StoreError.compacted(oldest: Revision(4))) { for try await _ in store.changes(after: Revision(2)) {} }
        var seen: [Revision] = []
        for try await batch in store.changes(after: Revision(3)) {
            seen.append(batch.revision)
            if seen.count == 3 { break }
        }
        #expect(seen == [Revision(4), Revision(5), Revision(6)])
    }

    @Test func aFollowerThatIsTooSlowStartsAgain() async throws {
        let hub = ChangeHub(after: .zero, keptBatches: 100, maximumLag: 4)
        let stream = hub.follow(after: .zero)
        for number in UInt64(1)...10 { hub.publish(ChangeBatch(revision: Revision(number), changes: []), bytes: 10) }
        var seen = 0
        await #expect(throws: StoreError.self) { for try await _ in stream { seen += 1 } }
        #expect(seen == 4)
    }

    @Test func whatIsKeptIsBoundByBytes() async throws {
        let hub = ChangeHub(after: .zero, keptBatches: 5000, keptBytes: 1000, maximumLag: 5000)
        for number in UInt64(1)...3000 { hub.publish(ChangeBatch(revision: Revision(number), changes: []), bytes: 10) }
        await #expect(throws: StoreError.compacted(oldest: Revision(2901))) { for try await _ in hub.follow(after: Revision(2000)) {} }
        hub.close()
    }

    @Test func aViewIgnoresWhatComesAgain() {
        var state = StoreState()
        let put = ChangeBatch(revision: Revision(1), changes: [.put(.job(Sample.job(1)))])
        let first = ChangeBatch(revision: Revision(2), part: 0, isLast: false, changes: [.put(.job(Sample.job(2)))])
        let second = ChangeBatch(revision: Revision(2), part: 1, isLast: true, changes: [.remove(.job(JobID(1)))])
        for batch in [put, put, first, put, first, second, second] { state.apply(batch) }
        #expect(!state.apply(put) && !state.apply(first))
        #expect(state.revision == Revision(2))
        #expect(Set(state.jobs.keys) == [JobID(2)])
    }
}
