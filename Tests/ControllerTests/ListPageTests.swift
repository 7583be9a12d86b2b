import API
import JobModel
import JobStore
import NodeAgent
import Scheduling
import TestSupport
import Testing

@testable import Controller

/// Pages of the list.
@Suite struct ListPageTests {
    private func walk(_ bench: Bench, _ request: ListRequest, as peer: Peer = Bench.owner) async throws -> [[JobSummary]] {
        var (request, pages) = (request, [[JobSummary]]())
        while true {
            let page = try await bench.controller.list(request, peer: peer)
            pages.append(page.jobs)
            guard let next = page.next else { return pages }
            #expect(!page.jobs.isEmpty && next.value > request.after?.value ?? 0)
            request.after = next
        }
    }

    /// Living and finished ones, each once and in order, whatever the size of the pages and the selection.
    @Test func pagesGiveEveryJobOnce() async throws {
        let bench = try await Bench()
        var random = SeededGenerator(seed: Seed.value)
        var living: [JobID] = []
        var ended: [JobID] = []
        for number in 0..<120 {
            let peer = number % 7 == 0 ? Bench.other : Bench.owner
            let id = try await bench.submit(
                {
                    $0.hold = true
                    $0.name = number % 3 == 0 ? "third" : nil
                }, as: peer)
            if Bool.random(using: &random) {
                try await bench.act(.cancel, id, as: peer)
                ended.append(id)
            } else {
                living.append(id)
            }
        }
        for limit in [1, 2, 7, 60, 119, 120, 121, 1000] {
            let seed = "BERTH_SEED=\(Seed.value), \(limit)"
            let all = try await walk(bench, ListRequest(all: true, limit: limit))
            #expect(all.flatMap { $0 }.map(\.id) == (living + ended).sorted() && all.allSatisfy { $0.count <= limit }, "\(seed)")
            #expect(try await walk(bench, ListRequest(limit: limit)).flatMap { $0 }.map(\.id) == living, "\(seed)")
            var selection = Selection()
            selection.states = [.cancelled]
            #expect(try await walk(bench, ListRequest(selection, limit: limit)).flatMap { $0 }.map(\.id) == ended, "\(seed)")
            selection = Selection([TaskSelector(jobs: 90...100), TaskSelector(JobID(3))])
            let few = ([JobID(3)] + (90...100).map { JobID($0) })
            #expect(try await walk(bench, ListRequest(selection, limit: limit)).flatMap { $0 }.map(\.id) == few, "\(seed)")
            selection = Selection()
            selection.name = "third"
            let named = (living + ended).sorted().filter { $0.value % 3 == 1 }
            #expect(
                try await walk(bench, ListRequest(selection, all: true, limit: limit), as: Bench.chief).flatMap { $0 }.map(\.id) == named, "\(seed)")
        }
    }

    /// Arrays of which each task has a row of its own end a page by their rows, not only by their number.
    @Test func aPageOfExpandedArraysIsBounded() async throws {
        let bench = try await Bench()
        var ids: [JobID] = []
        for _ in 0..<8 {
            ids.append(
                try await bench.submit {
                    $0.hold = true
                    $0.array = ArraySpec(indices: IntervalSet(0...399))
                })
        }
        let pages = try await walk(bench, ListRequest(expand: true))
        #expect(pages.map(\.count) == [3, 3, 2] && pages.flatMap { $0 }.map(\.id) == ids)
        #expect(try await walk(bench, ListRequest()).map(\.count) == [8])
        for row in pages.flatMap({ $0 }) {
            #expect(row.groups.map(\.indices) == (0...399).map { IntervalSet($0...$0) })
            #expect(row.groups.allSatisfy { $0.state == .held && $0.count == 1 && $0.reasons?.map(\.text) == ["held by ada"] })
        }
    }

    /// Of an expanded array each task has its own reasons.
    @Test func eachTaskHasItsOwnReasons() async throws {
        let bench = try await Bench(cpus: 1)
        let runs = try await bench.submit()
        try await bench.becomes(runs, .running)
        let id = try await bench.submit { $0.array = ArraySpec(indices: IntervalSet(0...9)) }
        var hold = ActionRequest(Selection([TaskSelector(id, indices: IntervalSet([3, 4, 8]))]))
        hold.reason = "look"
        _ = try await bench.controller.act(.hold, hold, peer: Bench.owner)
        let found = try await bench.controller.list(ListRequest(Selection([TaskSelector(id)]), expand: true), peer: Bench.owner)
        let groups = try #require(found.jobs.first?.groups)
        #expect(groups.filter { $0.state == .held }.map(\.indices) == [3, 4, 8].map { IntervalSet([$0]) })
        #expect(groups.count == 10)
        for group in groups {
            let alone = await bench.controller.reasons(TaskID(id, group.indices?.first))
            #expect(group.reasons == alone && !alone.isEmpty, "\(group)")
            #expect(alone.contains { $0.text == "held by ada: look" } == (group.state == .held))
        }
    }

    /// Those that name a job in a dependency, found without a look at all jobs.
    @Test func dependentsAreShown() async throws {
        let bench = try await Bench()
        let first = try await bench.submit { $0.hold = true }
        let second = try await bench.submit { $0.dependencies = [Dependency(kind: .afterok, job: first), Dependency(kind: .after, job: first)] }
        let third = try await bench.submit { $0.dependencies = [Dependency(kind: .afterany, job: first)] }
        #expect(try await bench.detail(first).dependents == [second, third])
        #expect(try await bench.detail(second).dependents == nil)
        try await bench.act(.cancel, third)
        #expect(try await bench.detail(first).dependents == [second])
    }
}

extension Controller {
    fileprivate func reasons(_ task: TaskID) -> [PendingReason] { scheduler.reasons(for: task, now: clock.now()) }
}
