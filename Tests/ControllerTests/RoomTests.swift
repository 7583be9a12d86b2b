import API
import JobModel
import Synchronization
import Testing

@testable import Controller

/// While the database itself takes no more nothing new begins, and all else goes on.
@Suite struct RoomTests {
    private final class Room: Sendable {
        let shortage = Mutex<DiskShortage?>(nil)
    }

    @Test func nothingNewBeginsWithoutRoom() async throws {
        let room = Room()
        let bench = try await Bench(cpus: 2, surroundings: { $0.diskShortage = { room.shortage.withLock { $0 } } })
        let runs = try await bench.submit { $0.resources.cores = 1 }
        let waits = try await bench.submit {
            $0.resources.cores = 1
            $0.hold = true
        }
        try await bench.becomes(runs, .running)
        room.shortage.withLock { $0 = DiskShortage("/state is full", stopsSubmits: true) }
        let error = await #expect(throws: APIError.self) { try await bench.submit() }
        #expect(error?.code == .noSpace && error?.message.contains("/state is full") == true, "\(String(describing: error))")
        // Released, it would start; it waits, and says why.
        try await bench.act(.release, waits)
        try await bench.act(.pause, runs)
        try await bench.act(.resume, runs)
        try await bench.becomes(runs, .running)
        #expect(try await bench.state(waits) == .pending)
        try await bench.eventually("it is told why") {
            try await bench.detail(waits).job.groups.first?.reasons?.map(\.kind).contains(.disk) == true
        }
        await bench.agent.finish(AttemptID(TaskID(runs), 1), .succeeded)
        try await bench.becomes(runs, .succeeded)
        #expect(try await bench.state(waits) == .pending)
        room.shortage.withLock { $0 = nil }
        try await bench.becomes(waits, .running)
        #expect(try await bench.detail(waits).job.groups.first?.reasons?.isEmpty ?? true)
    }
}
