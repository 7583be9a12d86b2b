import Containers
import LinuxSys
import TestSupport
import Testing

@testable import NodeAgent

/// One inotify instance serves all who follow logs.
@Suite(.timeLimit(.minutes(10))) struct LogWatchTests {
    @Test func manyFollowersTakeOneInstance() async throws {
        let reactor = try Reactor()
        defer { reactor.stop() }
        let watch = LogWatch(reactor: reactor)
        let place = try TemporaryDirectory("logs")
        defer { place.remove() }
        let file = try Descriptor.open(place("log"), [.readWrite, .create], mode: 0o600)
        let other = try Descriptor.open(place("other"), [.readWrite, .create], mode: 0o600)
        let (stream, told) = AsyncStream.makeStream(of: Int.self)
        var subscriptions = try (0..<300).map { number in try watch.add(file, { told.yield(number) }) }
        let quiet = try watch.add(other, { told.yield(-1) })
        let instances = try Descriptor.open("/proc/self/fd", [.readOnly, .directory]).names()
            .filter { (try? readLink("/proc/self/fd/\($0)"))?.contains("inotify") == true }
        #expect(instances.count < 20, "other tests may have some")
        try file.write("x")
        var heard: Set<Int> = []
        for await number in stream {
            heard.insert(number)
            if heard.count == 300 { break }
        }
        #expect(heard == Set(0..<300))
        // Those that left hear nothing more; those that stay do.
        subscriptions.removeFirst(299)
        try file.write("y")
        for await number in stream where number == 299 { break }
        withExtendedLifetime((subscriptions, quiet)) {}
    }
}
