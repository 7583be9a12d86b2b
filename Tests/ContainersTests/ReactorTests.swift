import Containers
import LinuxSys
import Testing

/// Waiting for descriptors without a thread for each.
@Suite(.timeLimit(.minutes(10))) struct ReactorTests {
    @Test func aCancelledWaiterGoesOnAndLeavesNoWatch() async throws {
        let reactor = try Reactor()
        defer { reactor.stop() }
        let pipe = try Descriptor.pipe()
        for isLate in [true, false] {
            let waiting = Task {
                try await reactor.untilReadable(pipe.reading)
                return Task.isCancelled
            }
            if isLate { try await Task.sleep(for: .milliseconds(20)) }
            waiting.cancel()
            #expect(try await waiting.value)
        }
        // The same descriptor can be waited for again.
        let ready = Task { try await reactor.untilReadable(pipe.reading) }
        try pipe.writing.write("x")
        try await ready.value
        #expect(try pipe.reading.read(upTo: 9) == [0x78])
    }
}
