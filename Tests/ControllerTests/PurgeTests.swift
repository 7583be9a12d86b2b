import API
import Dispatch
import JobModel
import TestSupport
import Testing

@testable import Controller
@testable import Database

/// A purge and a requeue of one job at the same time: none of its attempts is lost to a job that lives.
@Suite final class PurgeTests {
    private let directory: TemporaryDirectory
    private let store: SQLiteStore
    private let gate = DispatchSemaphore(value: 0)

    init() throws {
        directory = try TemporaryDirectory("purge")
        store = try SQLiteStore.open(directory: directory.path)
    }

    deinit {
        store.close()
        directory.remove()
    }

    private func finished(_ bench: Bench) async throws -> JobID {
        let id = try await bench.submit()
        try await bench.becomes(id, .running)
        await bench.agent.finish(AttemptID(TaskID(id), 1), .failed(code: 1))
        try await bench.eventually("it has ended") { try await self.store.ledgerJob(id) != nil }
        return id
    }

    /// From now on the store writes nothing until the gate opens.
    private func stopWriting() async throws {
        let gate = gate
        let (blocked, continuation) = AsyncStream.makeStream(of: Void.self)
        Task { [store] in
            try await store.committer.exclusively { _ in
                continuation.finish()
                gate.wait()
            }
        }
        for await _ in blocked {}
    }

    @Test func aJobThatIsBeingPurgedIsNotRequeued() async throws {
        let bench = try await Bench(on: store)
        let (id, other) = (try await finished(bench), try await finished(bench))
        try await stopWriting()
        let selection = Selection([TaskSelector(id)])
        let purge = Task { try await bench.controller.purge(PurgeRequest(selection: selection), peer: Bench.owner).0 }
        try await bench.eventually("the purge is under way") { await bench.controller.purging == [id] }
        let both = Task {
            try await bench.controller.act(.requeue, ActionRequest(Selection([TaskSelector(id), TaskSelector(other)])), peer: Bench.owner)
        }
        try await bench.eventually("the other lives again") { await bench.controller.jobs[other] != nil }
        gate.signal()
        let reply = try await both.value
        #expect(reply.done == [TaskSelector(other)])
        #expect(reply.refused.map(\.error.message) == ["requeue of job \(id): it is being purged"])
        #expect(try await purge.value.jobs == 1)
        #expect(try await store.ledgerJob(id) == nil)
        #expect(await bench.controller.purging.isEmpty)
        #expect(await bench.controller.reviving.isEmpty)
        await bench.controller.shutDown()
    }

    /// Its requeue is decided but not durable yet, so that the ledger still calls it ended.
    @Test func aJobThatIsBeingRequeuedIsNotPurged() async throws {
        let bench = try await Bench(on: store)
        let (id, other) = (try await finished(bench), try await finished(bench))
        try await stopWriting()
        let requeue = Task { try await bench.act(.requeue, id) }
        try await bench.eventually("it lives again") { await bench.controller.jobs[id] != nil }
        let purge = Task { try await bench.controller.purge(PurgeRequest(), peer: Bench.owner).0 }
        try await bench.eventually("the purge is under way") { await bench.controller.purging == [other] }
        gate.signal()
        #expect(try await purge.value.jobs == 1)
        #expect(try await requeue.value.done == [TaskSelector(id)])
        #expect(try await store.ledgerAttempts(of: id, after: nil, limit: 9).count == 1, "the attempt of a job that lives")
        try await bench.eventually("it runs again") { await bench.agent.starts.last == AttemptID(TaskID(id), 2) }
        await bench.controller.shutDown()
    }

    /// Also where only the logs go: those of a job that runs again stay.
    @Test func logsGoBeforeTheJobMayLiveAgain() async throws {
        let bench = try await Bench(on: store)
        let id = try await finished(bench)
        var request = PurgeRequest(selection: Selection([TaskSelector(id)]))
        request.keepAccounts = true
        var refusals: [String] = []
        let (purging, began) = AsyncStream.makeStream(of: Void.self)
        let (going, goOn) = AsyncStream.makeStream(of: Void.self)
        async let purge = bench.controller.purge(request, peer: Bench.owner) { _ in
            began.finish()
            for await _ in going {}
        }
        for await _ in purging {}
        refusals = try await bench.act(.requeue, id).refused.map(\.error.message)
        goOn.finish()
        _ = try await purge
        #expect(refusals == ["requeue of job \(id): it is being purged"])
        #expect(try await bench.act(.requeue, id).done == [TaskSelector(id)])
        await bench.controller.shutDown()
    }

    /// By count: the newest stay, and what runs is never among those that go; the file gets smaller, and the totals of the machine stay.
    @Test func thePurgeKeepsTheNewestAndWhatRuns() async throws {
        let bench = try await Bench(on: store)
        var ended: [JobID] = []
        for _ in 0..<4 { ended.append(try await finished(bench)) }
        let running = try await bench.submit()
        try await bench.becomes(running, .running)
        var request = PurgeRequest()
        request.keepNewest = -1
        let refused = request
        await #expect(throws: APIError(.invalid, "found -1, accepted a number from 0", field: "keepNewest")) {
            try await bench.controller.purge(refused, peer: Bench.owner)
        }
        request.keepNewest = 1
        let (reply, gone) = try await bench.controller.purge(request, peer: Bench.owner)
        #expect(reply.jobs == 3 && reply.attempts == 3 && gone.sorted() == Array(ended.prefix(3)))
        #expect(try await bench.state(running) == .running)
        let (newest, older) = (try await store.ledgerJob(ended[3]), try await store.ledgerJob(ended[2]))
        #expect(newest != nil && older == nil)
        let (last, beyond) = (try await store.endOfAttempt(beyond: 0), try await store.endOfAttempt(beyond: 1))
        #expect(last != nil && beyond == nil)
    }
}
