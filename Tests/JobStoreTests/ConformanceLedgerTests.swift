import JobModel
import JobStore
import Testing

/// Ledger, events and node state go with the commit that they belong to.
@Suite struct ConformanceLedgerTests {
    @Test(arguments: StoreUnderTest.allCases) func finishingMovesAJobToTheLedger(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let id = Sample.attemptID(1)
            _ = try await store.commit(
                .puts(
                    .job(Sample.job(1)), .tasks(JobID(1), Sample.table()), .attempt(Sample.attempt(1)), .observation(Sample.observation(1)))
            )
            var finish = StoreTransaction(
                changes: [.remove(.job(JobID(1))), .remove(.tasks(JobID(1))), .remove(.attempt(id)), .remove(.observation(id))],
                ledger: [.attempt(Sample.ledgerAttempt(id)), .job(Sample.ledgerJob(1))], events: [Sample.event(1), Sample.event(2)],
                node: [.put(.imageLeases, key: "1", value: [1, 2])])
            let receipt = try await store.commit(finish)
            #expect(receipt.firstEvent == 1)
            #expect(try await store.snapshot().entries.isEmpty)
            #expect(try await store.ledgerJob(JobID(1)) == Sample.ledgerJob(1))
            #expect(try await store.ledgerAttempts(of: JobID(1), after: nil, limit: 9) == [Sample.ledgerAttempt(id)])
            #expect(try await store.nodeEntries(.imageLeases) == ["1": [1, 2]])

            // An attempt that is there stays as it is: after an unknown end the same may come again.
            finish.events = []
            finish.ledger[0] = .attempt(Sample.ledgerAttempt(id, outcome: .nodeLost))
            finish.node = [.remove(.imageLeases, key: "1")]
            _ = try await store.commit(finish)
            #expect(try await store.ledgerAttempts(of: JobID(1), after: nil, limit: 9) == [Sample.ledgerAttempt(id)])
            #expect(try await store.nodeEntry(.imageLeases, key: "1") == nil)
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func aJobThatLivesAgainLeavesTheLedger(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let id = Sample.attemptID(1)
            _ = try await store.commit(
                StoreTransaction(ledger: [.attempt(Sample.ledgerAttempt(id)), .job(Sample.ledgerJob(1)), .job(Sample.ledgerJob(2))]))
            _ = try await store.commit(StoreTransaction(changes: [.put(.job(Sample.job(1)))], ledger: [.livesAgain(JobID(1))]))
            #expect(try await store.ledgerJob(JobID(1)) == nil)
            #expect(try await store.ledgerJob(JobID(2)) == Sample.ledgerJob(2))
            #expect(try await store.ledgerAttempts(of: JobID(1), after: nil, limit: 9).count == 1)
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func theNewestAttemptsByTheirEnds(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let attempts = [(1, 5), (2, 900), (3, 7), (4, 800)].map { index, ended in
                Sample.ledgerAttempt(Sample.attemptID(1, index), endedAt: ended)
            }
            let other = LedgerEntry.attempt(Sample.ledgerAttempt(Sample.attemptID(2), endedAt: 1000))
            _ = try await store.commit(StoreTransaction(ledger: attempts.map { .attempt($0) } + [other]))
            let newest = try await store.newestLedgerAttempts(of: JobID(1), limit: 2)
            #expect(newest.attempts == [attempts[1], attempts[3]] && newest.count == 4)
            #expect(try await store.newestLedgerAttempts(of: JobID(3), limit: 2).count == 0)
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func eventsAreNumberedAndResumable(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let none = EventPage(events: [], oldest: 0, newest: 0)
            #expect(try await store.events(after: 0, limit: 10) == none)
            let revision = try await store.commit(.puts(.job(Sample.job(1)))).revision
            for number in UInt64(0)..<10 {
                let receipt = try await store.commit(StoreTransaction(events: [Sample.event(number * 2), Sample.event(number * 2 + 1)]))
                #expect(receipt == CommitReceipt(revision: revision, firstEvent: number * 2 + 1))
            }
            let page = try await store.events(after: 5, limit: 3)
            #expect(page.events.map(\.sequence) == [6, 7, 8])
            #expect(page.events.map(\.job) == [JobID(5), JobID(6), JobID(7)])
            #expect((page.oldest, page.newest) == (1, 20))
        }
    }

    /// So that a transaction whose reply was lost can be repeated: done once, it is done no more.
    @Test(arguments: StoreUnderTest.allCases) func eventsFollowTheNewestThatIsKnown(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            var transaction = StoreTransaction(changes: [.put(.job(Sample.job(1)))], events: [Sample.event(1), Sample.event(2)])
            transaction.eventsAfter = 0
            let receipt = try await store.commit(transaction)
            #expect(receipt.firstEvent == 1)
            transaction.changes = [.put(.job(Sample.job(2)))]
            transaction.ledger = [.attempt(Sample.ledgerAttempt(Sample.attemptID(1)))]
            await #expect(throws: CommitError.eventConflict(newest: 2)) { try await store.commit(transaction) }
            #expect(try await store.entry(.job(JobID(2))) == nil)
            #expect(try await store.snapshot().revision == receipt.revision)
            #expect(try await store.ledgerAttempts(of: JobID(1), after: nil, limit: 9).isEmpty)
            #expect(try await store.events(after: 0, limit: 9).newest == 2)
            transaction.eventsAfter = 2
            #expect(try await store.commit(transaction).firstEvent == 3)
            // The request key tells more.
            transaction.requestKey = RequestKey("k")
            transaction.eventsAfter = 4
            let done = try await store.commit(transaction)
            await #expect(throws: CommitError.repeated(RequestOutcome(revision: done.revision, jobs: [JobID(2)]))) {
                try await store.commit(transaction)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func filtersAgree(_ kind: StoreUnderTest) async throws {
        let attempts = (UInt64(1)...24).map { number in
            Sample.ledgerAttempt(
                Sample.attemptID(number, TaskIndex(number % 3), UInt32(number % 2 + 1)), owner: UInt32(number % 3),
                batch: number % 2 == 0 ? "b" : nil,
                endedAt: Int64(number * 100), outcome: number % 4 == 0 ? .succeeded : .timedOut)
        }
        var filters = Array(repeating: LedgerFilter(), count: 8)
        filters[1].owner = UserID(1)
        filters[2].batch = "b"
        filters[3].outcomes = [.succeeded, .failed]
        (filters[4].since, filters[4].until) = (WallTime(milliseconds: 500), WallTime(milliseconds: 1000))
        filters[5].jobs = [JobID(3), JobID(4), JobID(99)]
        filters[6].queue = "other"
        filters[7].numbers = 4...UInt64.max
        try await kind.with { store in
            for attempt in attempts.shuffled() { _ = try await store.commit(StoreTransaction(ledger: [.attempt(attempt)])) }
            for number in UInt64(1)...24 {
                _ = try await store.commit(
                    StoreTransaction(ledger: [
                        .job(Sample.ledgerJob(number, endedAt: Int64(number * 100), batch: number % 2 == 0 ? "b" : nil))
                    ]))
            }
            for filter in filters {
                let found = try await store.foldAttempts(matching: filter, into: []) { $0.append($1) }
                #expect(found == attempts.filter(filter.matches))
                let facts = try await store.foldFacts(matching: filter, into: []) { $0.append($1) }
                #expect(facts == found.sorted { $0.id > $1.id }.map { AttemptFacts($0) })
                let newest = try await store.newestAttempts(matching: filter, limit: 3) { $0.id.task.job.value % 2 == 0 }
                #expect(newest == found.filter { $0.id.task.job.value % 2 == 0 }.suffix(3))
            }
            var named = LedgerFilter()
            named.name = "other"
            #expect(try await store.foldFacts(matching: named, into: 0) { count, _ in count += 1 } == 0)
            let unknown = try await store.ledgerJobs(matching: filters[4], unless: { $0.value < 8 })
            #expect(unknown.map(\.record.id) == [JobID(8), JobID(9)])
            #expect(
                try await store.ledgerJobs(matching: filters[4], before: nil, limit: 3).map(\.record.id) == [JobID(9), JobID(8), JobID(7)])
            #expect(try await store.ledgerJobs(matching: filters[4], before: JobID(7), limit: 3).map(\.record.id) == [JobID(6), JobID(5)])
            #expect(try await store.foldJobs(matching: filters[2], into: 0) { count, _ in count += 1 } == 12)
            #expect(try await store.foldJobs(matching: filters[7], into: 0) { count, _ in count += 1 } == 21)
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func attemptsOfAnArrayCanBePaged(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let ids = (TaskIndex(0)..<10).flatMap { [Sample.attemptID(1, $0, 1), Sample.attemptID(1, $0, 2)] }
            for id in ids.shuffled() { _ = try await store.commit(StoreTransaction(ledger: [.attempt(Sample.ledgerAttempt(id))])) }
            var found: [AttemptID] = []
            while true {
                let page = try await store.ledgerAttempts(of: JobID(1), after: found.last, limit: 3)
                if page.isEmpty { break }
                found += page.map(\.id)
            }
            #expect(found == ids)
        }
    }
}
