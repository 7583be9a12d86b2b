import Foundation
import JobModel
import Testing

@testable import Images

/// Calls of the stores from threads that may block, beside those of tasks.
@Suite(.timeLimit(.minutes(10)))
struct BlockingCallTests {
    private actor Tally {
        private(set) var count = 0
        private nonisolated let thread = SerialThread("berth.test.tally")
        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
        func add() { count += 1 }
        nonisolated func blocking<T: Sendable>(_ body: (isolated Tally) throws -> T) rethrows -> T { try thread.sync { try assumeIsolated(body) } }
    }

    @Test("Blocking calls and those of tasks exclude one another")
    func exclusion() async throws {
        let tally = Tally()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { for _ in 0..<500 { await tally.add() } }
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread.detachNewThread {
                            for _ in 0..<500 { tally.blocking { $0.add() } }
                            continuation.resume()
                        }
                    }
                }
            }
        }
        #expect(await tally.count == 4000)
    }

    @Test("A crew is waited for until its last work is done")
    func crew() async {
        let (crew, gate, done) = (BlockingWork.Crew(), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        crew.start {
            gate.wait()
            done.signal()
        }
        gate.signal()
        await crew.waitUntilIdle()
        #expect(done.wait(timeout: .now()) == .success)
    }
}
