import Synchronization
import Testing

@testable import NodeAgent

/// Threads for calls that block.
@Suite(.timeLimit(.minutes(10))) struct WorkQueueTests {
    private final class Looks: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    @Test("Waits that last hold no thread: others have their turn meanwhile") func waitsHoldNobodyUp() async throws {
        let queue = WorkQueue("test", width: 2)
        let looks = Looks()
        let waits = (0..<16).map { _ in
            Task {
                try await queue.untilTrue(withinMilliseconds: 600_000) { _ in
                    _ = looks.add()
                    return false
                }
            }
        }
        while looks.value < 64 { await Task.yield() }
        // With both threads held by a wait none of these would come.
        for number in 0..<50 { #expect(try await queue.run { number } == number) }
        for wait in waits { wait.cancel() }
    }

    @Test("A wait begins once, ends with what it waits for, and gives up in time") func ends() async throws {
        let queue = WorkQueue("test", width: 1)
        let (begun, looks) = (Looks(), Looks())
        let came = try await queue.untilTrue(withinMilliseconds: 600_000, first: { _ = begun.add() }) { _ in looks.add() == 4 }
        #expect(came && looks.value == 4 && begun.value == 1)
        let late = try await queue.untilTrue(withinMilliseconds: 20) { _ in false }
        #expect(!late)
    }

    @Test("An error ends a wait") func errors() async {
        let queue = WorkQueue("test", width: 1)
        await #expect(throws: CancellationError.self) {
            _ = try await queue.untilTrue(withinMilliseconds: 60_000) { _ in throw CancellationError() }
        }
    }
}
