import API
import JobModel
import JobStore
import Testing

@testable import Controller

/// contract §8: what is private is not told by filters either; and what followers of events get.
@Suite struct PrivacyTests {
    @Test func filtersAreNoOracle() async throws {
        let bench = try await Bench()
        let living = try await bench.submit {
            $0.hold = true
            $0.name = "secret"
            $0.batch = "hidden"
        }
        let ended = try await bench.submit {
            $0.name = "secret"
            $0.batch = "hidden"
        }
        try await bench.becomes(ended, .running)
        await bench.agent.finish(AttemptID(TaskID(ended), 1), .succeeded)
        try await bench.becomes(ended, .succeeded)
        func found(_ peer: Peer, _ change: (inout Selection) -> Void) async throws -> [JobID] {
            var request = ListRequest(all: true)
            change(&request.selection)
            return try await bench.controller.list(request, peer: peer).jobs.map(\.id)
        }
        for change: (inout Selection) -> Void in [{ $0.name = "secret" }, { $0.batch = "hidden" }] {
            #expect(try await found(Bench.other, change) == [])
            #expect(try await found(Bench.owner, change) == [living, ended])
            #expect(try await found(Bench.chief, change) == [living, ended])
        }
        #expect(
            try await found(Bench.other) {
                $0.name = "secret"
                $0.user = "ada"
            } == [])
        #expect(try await found(Bench.other) { _ in } == [living, ended], "without such a filter they are listed")
        var request = EventRequest(follow: false)
        request.batch = "hidden"
        let wanted = request
        func events(_ peer: Peer) async throws -> Int {
            var count = 0
            for try await _ in bench.controller.events(wanted, peer: peer) { count += 1 }
            return count
        }
        #expect(try await events(Bench.other) == 0)
        #expect(try await events(Bench.owner) > 0)
    }

    /// A commit whose reply was lost is asked for by its request key; its events reach those who follow.
    @Test(arguments: [UInt64.random(in: .min ... .max), 1, 2, 3])
    func followersMissNothingWhenRepliesAreLost(seed: UInt64) async throws {
        var faults = StoreFaults(seed: seed)
        faults.unknown = 0.5
        let bench = try await Bench(store: InMemoryStore(faults: faults))
        var request = EventRequest()
        request.kinds = [.submitted]
        let stream = bench.controller.events(request, peer: Bench.owner)
        let wanted = 20
        let reader = Task {
            var seen: [UInt64] = []
            for try await line in stream {
                if let event = line.event { seen.append(event.sequence) }
                if Set(seen).count == wanted { break }
            }
            return seen
        }
        // Those who follow from now on see what comes after they began.
        try await bench.eventually("it follows") { bench.controller.hub.followerCount > 0 }
        for number in 0..<wanted {
            var spec = JobSpec()
            spec.command = ["true"]
            spec.hold = true
            let key = RequestKey("key-\(number)")
            _ = try await bench.controller.submit(SubmitRequest(jobs: [SubmittedSpec(spec)], requestKey: key), peer: Bench.owner)
        }
        let timeout = Task {
            try await Task.sleep(for: .seconds(20))
            reader.cancel()
        }
        let seen = try await reader.value
        timeout.cancel()
        #expect(Set(seen).count == wanted, "seed \(seed): \(seen)")
        #expect(seen == seen.sorted(), "seed \(seed): \(seen)")
    }
}
