import LaunchProgram
import LinuxSys
import Synchronization
import Testing

@testable import Containers

/// What comes on the answer socket of one request.
@Suite(.timeLimit(.minutes(10))) struct ExchangeTests {
    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    private let reactor: Reactor
    private let exchange: Exchange
    private let peer: Descriptor

    init() throws {
        let (ours, theirs) = try Descriptor.socketPair(.sequencedPackets)
        reactor = try Reactor()
        exchange = try Exchange(ours, reactor: reactor)
        peer = theirs
    }

    private func answer(_ answer: LauncherAnswer, _ descriptors: [Descriptor] = []) throws {
        _ = try peer.send(answer.encoded(), descriptors: descriptors)
    }

    @Test("The process is known once the next answer comes, and is no answer of its own") func process() async throws {
        defer { reactor.stop() }
        var (launcher, monitor) = (LauncherTimes(), MonitorTimes())
        (launcher.opened, monitor.mounted) = (5, 7)
        try answer(.started(pid: 42, launcher), [try Descriptor.open("/dev/null", [.path])])
        try answer(.prepared(monitor))
        let next = await exchange.next()
        #expect(next?.0 == .prepared(monitor))
        #expect(exchange.process?.pid == 42 && exchange.times == launcher)
    }

    @Test("The exit handler is called once, whether it comes before the answer or after", arguments: [true, false])
    func exitHandler(early: Bool) async throws {
        defer { reactor.stop() }
        let calls = Counter()
        if early { exchange.whenExited { calls.add() } }
        try answer(.exited(waitStatus: 9))
        let next = await exchange.next()
        #expect(next?.0 == .exited(waitStatus: 9))
        if !early {
            #expect(calls.value == 0)
            exchange.whenExited { calls.add() }
        }
        #expect(calls.value == 1)
    }

    @Test("The answers end with the socket, and nobody is told of an exit that was not") func endOfFile() async throws {
        defer { reactor.stop() }
        let calls = Counter()
        exchange.whenExited { calls.add() }
        peer.close()
        let next = await exchange.next()
        #expect(next == nil)
        #expect(calls.value == 0)
    }
}
