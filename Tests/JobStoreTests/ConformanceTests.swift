import JobModel
import JobStore
import Testing

/// What every store has to do, whatever holds it.
@Suite struct ConformanceTests {
    @Test(arguments: StoreUnderTest.allCases) func aCommitIsVisibleAtOneRevision(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            #expect(try await store.snapshot().revision == .zero)
            let first = try await store.commit(.puts(.job(Sample.job(1)), .tasks(JobID(1), Sample.table())))
            let second = try await store.commit(.puts(.tasks(JobID(1), TaskTable(pending: IntervalSet()))))
            #expect(second.revision == first.revision.next)
            let state = StoreState(try await store.snapshot())
            #expect(state.revision == second.revision)
            #expect(state.jobs[JobID(1)] == Versioned(Sample.job(1), first.revision))
            #expect(state.tasks[JobID(1)]?.revision == second.revision)
            #expect(try await store.entry(.job(JobID(1))) == Versioned(.job(Sample.job(1)), first.revision))
            _ = try await store.commit(StoreTransaction(changes: [.remove(.job(JobID(1))), .remove(.job(JobID(99)))]))
            #expect(try await store.entry(.job(JobID(1))) == nil)
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func aConflictChangesNothing(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let first = try await store.commit(.puts(.attempt(Sample.attempt(1)), expecting: [.attempt(Sample.attemptID(1)): .zero]))
            var stale = StoreTransaction.puts(.batch(BatchRecord(id: BatchID(owner: .root, name: "b"))), .attempt(Sample.attempt(1)))
            stale.expecting = [.attempt(Sample.attemptID(1)): .zero, .observation(Sample.attemptID(1)): .zero]
            stale.ledger = [.attempt(Sample.ledgerAttempt(Sample.attemptID(1)))]
            stale.events = [Sample.event(1)]
            stale.node = [.put(.slots, key: "k", value: [1])]
            stale.requestKey = RequestKey("r")
            await #expect(throws: CommitError.conflict([.attempt(Sample.attemptID(1)): first.revision])) { try await store.commit(stale) }
            #expect(try await store.snapshot().revision == first.revision)
            #expect(try await store.snapshot().entries.count == 1)
            #expect(try await store.ledgerAttempts(of: JobID(1), after: nil, limit: 10).isEmpty)
            #expect(try await store.events(after: 0, limit: 10).newest == 0)
            #expect(try await store.nodeEntry(.slots, key: "k") == nil)
            #expect(try await store.outcome(of: RequestKey("r")) == nil)
            stale.expecting = [.attempt(Sample.attemptID(1)): first.revision]
            #expect(try await store.commit(stale).revision == first.revision.next)
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func aRequestIsCommittedOnce(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            var transaction = StoreTransaction.puts(.job(Sample.job(5)), .job(Sample.job(4)), .tasks(JobID(5), Sample.table()))
            transaction.requestKey = RequestKey("1000:abc")
            let receipt = try await store.commit(transaction)
            let outcome = RequestOutcome(revision: receipt.revision, jobs: [JobID(4), JobID(5)])
            #expect(try await store.outcome(of: RequestKey("1000:abc")) == outcome)
            #expect(try await store.outcome(of: RequestKey("1001:abc")) == nil)
            transaction.changes = [.put(.job(Sample.job(6)))]
            await #expect(throws: CommitError.repeated(outcome)) { try await store.commit(transaction) }
            #expect(try await store.entry(.job(JobID(6))) == nil)
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func onlyTheLeaderWritesUnderATerm(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let term = try await store.lead()
            var transaction = StoreTransaction.puts(.counter(.jobs, 1))
            transaction.term = term
            _ = try await store.commit(transaction)
            transaction.term = Term(term.value - 1)
            let fenced = CommitError.refused(.fenced(held: Term(term.value - 1), current: term))
            await #expect(throws: fenced) { try await store.commit(transaction) }
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func countersOnlyGrow(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            _ = try await store.commit(.puts(.counter(.jobs, 7)))
            let lower = try await store.commit(.puts(.counter(.jobs, 3)))
            #expect(try await store.entry(.counter(.jobs)) == Versioned(.counter(.jobs, 7), lower.revision))
            await #expect(throws: CommitError.self) { try await store.commit(StoreTransaction(changes: [.remove(.counter(.jobs))])) }
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func limitsAreThoseOfACluster(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let hundred = (1...100).map { StoreChange.put(.job(Sample.job($0))) }
            _ = try await store.commit(StoreTransaction(changes: hundred))
            let more = StoreTransaction(changes: hundred + [.remove(.job(JobID(101)))])
            await #expect(throws: CommitError.refused(.tooManyKeys(101))) { try await store.commit(more) }
            let twice = StoreTransaction(changes: [.remove(.job(JobID(1))), .put(.job(Sample.job(1)))])
            await #expect(throws: CommitError.refused(.malformed("job/1 is changed twice"))) { try await store.commit(twice) }
            var large = Sample.job(200)
            large.spec.script = String(repeating: "x", count: StoreTransaction.maximumBytes)
            let tooLarge = StoreTransaction.puts(.job(large))
            await #expect(throws: CommitError.self) { try await store.commit(tooLarge) }
            #expect(try await store.snapshot().entries.count == 100)
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func aLargeSubmissionIsStagedAndBecomesVisibleAtOnce(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let id = StagingID("s1")
            try await store.stage([.job(Sample.job(1))], as: id)
            #expect(try await store.snapshot().entries.isEmpty)
            try await store.discard(id)
            // The same again, as after a lost reply, is one.
            for script in ["old", "new"] {
                var job = Sample.job(9)
                job.spec.script = script
                try await store.stage([.job(job)], as: StagingID("again"))
            }
            let again = try await store.commit(StoreTransaction(staged: StagingID("again")))
            for try await batch in store.changes(after: Revision(again.revision.value - 1)) {
                #expect(batch.changes.count == 1)
                break
            }
            guard case .job(let staged)? = try await store.entry(.job(JobID(9)))?.value else {
                Issue.record("not staged")
                return
            }
            #expect(staged.spec.script == "new")
            _ = try await store.commit(StoreTransaction(changes: [.remove(.job(JobID(9)))]))
            await #expect(throws: CommitError.refused(.notStaged(id))) { try await store.commit(StoreTransaction(staged: id)) }

            var transaction = StoreTransaction(
                changes: (1...250).flatMap { [.put(.job(Sample.job($0))), .put(.tasks(JobID($0), Sample.table()))] })
            transaction.changes.append(.put(.counter(.jobs, 250)))
            transaction.requestKey = RequestKey("large")
            let receipt = try await store.submit(transaction, staging: id)
            let snapshot = try await store.snapshot()
            #expect(snapshot.entries.count == 501)
            #expect(snapshot.entries.allSatisfy { $0.revision == receipt.revision })
            #expect(try await store.outcome(of: RequestKey("large"))?.jobs == (1...250).map { JobID($0) })
        }
    }

    @Test(arguments: StoreUnderTest.allCases) func manyWritersEachGetTheirOwnRevision(_ kind: StoreUnderTest) async throws {
        try await kind.with { store in
            let revisions = try await withThrowingTaskGroup(of: Revision.self) { group in
                for number in UInt64(1)...200 { group.addTask { try await store.commit(.puts(.job(Sample.job(number)))).revision } }
                return try await group.reduce(into: Set<Revision>()) { $0.insert($1) }
            }
            #expect(revisions == Set((1...200).map { Revision($0) }))
        }
    }
}
