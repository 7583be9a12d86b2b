import Foundation
import JobModel
import JobStore
import LinuxSys
import Testing

@testable import Database

/// A ledger of many attempts, made at once; `BERTH_LEDGER=N BERTH_LEDGER_AT=DIRECTORY` leaves one there, for measuring reports over it.
@Suite struct MillionTests {
    private static let count = ProcessInfo.processInfo.environment["BERTH_LEDGER"].flatMap { UInt64($0) } ?? 20_000
    private static let place = ProcessInfo.processInfo.environment["BERTH_LEDGER_AT"]

    static func attempt(_ number: UInt64, using generator: inout some RandomNumberGenerator) -> LedgerAttempt {
        func random(_ range: ClosedRange<UInt64>) -> UInt64 { UInt64.random(in: range, using: &generator) }
        let user = UInt32(random(1000...1040))
        var usage = Usage()
        let ran = Int64(random(50...600_000))
        (usage.cpuUserMicroseconds, usage.cpuSystemMicroseconds) = (random(0...UInt64(ran) * 900), random(0...UInt64(ran) * 100))
        (usage.throttledMicroseconds, usage.throttledPeriods, usage.memoryPeak) = (0, 0, Bytes(random(1 << 20...1 << 30)))
        (usage.outOfMemoryKills, usage.memoryFailures, usage.pidsPeak) = (0, 0, random(1...30))
        (usage.readBytes, usage.writtenBytes, usage.readOperations, usage.writeOperations) = (random(0...1 << 30), random(0...1 << 30), 500, 600)
        (usage.minorFaults, usage.majorFaults, usage.voluntarySwitches, usage.involuntarySwitches) = (random(0...99_999), 3, random(0...9999), 20)
        (usage.ioPartial, usage.logBytes, usage.logDroppedBytes, usage.reapedCpuMicroseconds) = (false, random(0...9999), 0, UInt64(ran) * 400)
        usage.devices = [DeviceUsage(device: "254:0", name: "vda", readBytes: 4096, writtenBytes: 8192, readOperations: 1, writeOperations: 2)]
        let ended = 1_790_000_000_000 + Int64(number) * 2000
        let core = Int(random(0...63))
        // A third are tasks of arrays.
        let id = number % 3 == 0 ? TaskID(JobID(number), nil) : TaskID(JobID(number - number % 1000), TaskIndex(number % 1000))
        return LedgerAttempt(
            id: AttemptID(id, 1), owner: UserID(user), ownerName: "user\(user)", name: "fit-\(number)", batch: "batch-\(random(0...200))",
            queue: "default", image: ["debian:13", "tools/solver:2026.1", "busybox"][Int(random(0...2))], node: "node1",
            demand: ResourceDemand(cores: 1, memory: .gibibytes(1), scratch: .gibibytes(10)), timeLimit: .hours(1),
            placement: Placement(cpus: CpuSet([core]), memoryNodes: MemoryNodeSet([0])), submittedAt: WallTime(milliseconds: ended - ran - 5000),
            startedAt: WallTime(milliseconds: ended - ran), endedAt: WallTime(milliseconds: ended),
            queuedFor: TimeSpan(milliseconds: Int64(random(0...99_999))), ranFor: TimeSpan(milliseconds: ran), pausedFor: .zero,
            outcome: number % 20 == 0 ? .failed(code: 1) : .succeeded, usage: usage, startedBoot: BootTime(nanoseconds: Int64(number)),
            startingFor: TimeSpan(milliseconds: 7))
    }

    @Test func manyAttemptsAreReadOnceEach() async throws {
        let temporary = try TemporaryDirectory()
        let path = Self.place ?? temporary.path
        let store = try SQLiteStore.open(directory: path)
        defer { store.close() }
        var generator = SystemRandomNumberGenerator()
        for start in stride(from: UInt64(1), through: Self.count, by: 5000) {
            let attempts = (start..<min(start + 5000, Self.count + 1)).map { LedgerEntry.attempt(Self.attempt($0, using: &generator)) }
            _ = try await store.commit(StoreTransaction(ledger: attempts))
        }
        let began = bootNanoseconds()
        let found = try await store.foldFacts(matching: LedgerFilter(), into: (count: UInt64(0), cpu: UInt64(0))) { sum, facts in
            sum.count += 1
            sum.cpu += facts.usage.cpuMicroseconds ?? 0
        }
        print("\(found.count) attempts were read in \((bootNanoseconds() - began) / 1_000_000) ms")
        let slow = try await store.foldAttempts(matching: LedgerFilter(), into: UInt64(0)) { $0 += $1.usage.cpuMicroseconds ?? 0 }
        #expect(found.count == Self.count && found.cpu == slow)
    }
}
