import Foundation
import JobModel
import JobStore
import Testing

@testable import Database

@Suite struct CrashTests {
    /// Commits until it is killed, and writes down what was acknowledged.
    private static func writeUntilKilled(_ path: String, round: UInt64) async throws {
        let store = try SQLiteStore.open(directory: path)
        let acknowledged = try #require(FileHandle(forWritingAtPath: path + "/acknowledged"))
        try acknowledged.seekToEnd()
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: Double.random(in: 0.05...0.25))
            kill(getpid(), SIGKILL)
        }
        await withTaskGroup(of: Void.self) { group in
            for writer in UInt64(0)..<6 {
                group.addTask {
                    var number = round * 1_000_000 + writer + 1
                    while true {
                        guard (try? await store.commit(Fixture.submission(number))) != nil else { return }
                        // One write(2): it stands once made, though the process be killed.
                        try? acknowledged.write(contentsOf: Data("\(number)\n".utf8))
                        number += 6
                    }
                }
            }
        }
    }

    @Test func whatWasAcknowledgedSurvivesAKill() async throws {
        let directory = try TemporaryDirectory()
        _ = FileManager.default.createFile(atPath: directory.path + "/acknowledged", contents: nil)
        let path = directory.path
        for round in UInt64(1)...4 {
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, round = round as UInt64] in
                try await CrashTests.writeUntilKilled(path, round: round)
            }
        }
        let text = String(decoding: directory.bytes("acknowledged") ?? Data(), as: UTF8.self)
        let acknowledged = Set(text.split(separator: "\n").compactMap { UInt64($0) })
        #expect(acknowledged.count > 100)

        let store = try SQLiteStore.open(directory: path)
        defer { store.close() }
        let state = StoreState(try await store.snapshot())
        let jobs = Set(state.jobs.keys.map(\.value))
        #expect(acknowledged.subtracting(jobs).isEmpty)
        #expect(jobs == Set(state.tasks.keys.map(\.value)))
        #expect(jobs == (try await store.foldAttempts(matching: LedgerFilter(), into: []) { $0.insert($1.id.task.job.value) }))
        let events = try await store.events(after: 0, limit: 1_000_000).events
        #expect(events.map(\.sequence) == Array(1...UInt64(jobs.count)))
        #expect(jobs == Set(events.compactMap(\.job?.value)))
        #expect(state.revision == Revision(UInt64(jobs.count)))
    }
}
