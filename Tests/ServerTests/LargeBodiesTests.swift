import API
import Dispatch
import FoundationEssentials
import HTTPTypes
import Hummingbird
import JobModel
import Synchronization
import Testing

@testable import Server

/// A large body costs its decoding; meanwhile others are served.
@Suite struct LargeBodiesTests {
    /// Holds up its decoding until a test lets it go on.
    private struct Slow: Decodable, Sendable {
        struct State {
            var running = 0
            var most = 0
            var done = 0
        }

        static let state = Mutex(State())
        static let gate = DispatchSemaphore(value: 0)

        init(from decoder: any Decoder) {
            let isAlone = Self.state.withLock {
                $0.running += 1
                $0.most = max($0.most, $0.running)
                return $0.running == 1
            }
            // Another at the same time is the fault that is looked for; it must not hold up the threads of all tasks, and with them the test.
            if isAlone { Self.gate.wait() }
            Self.state.withLock {
                $0.running -= 1
                $0.done += 1
            }
        }
    }

    private final class Order: Sendable {
        let names = Mutex<[String]>([])
        func add(_ name: String) { names.withLock { $0.append(name) } }
    }

    private struct Quick: Decodable, Sendable {}

    /// A body that tells when it is read.
    private struct Body: AsyncSequence, Sendable {
        let size: Int
        let reads: AsyncStream<Void>.Continuation?

        struct AsyncIterator: AsyncIteratorProtocol {
            let body: Body
            var isDone = false

            mutating func next() async -> ByteBuffer? {
                if isDone { return nil }
                isDone = true
                body.reads?.yield()
                return ByteBuffer(string: "{}" + String(repeating: " ", count: body.size - 2))
            }
        }

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }
    }

    private let large = LargeBodies()
    private static let limit = 8 << 20

    private func request(_ size: Int, announced: Bool = true, _ reads: AsyncStream<Void>.Continuation? = nil) -> Request {
        var head = HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/v1/jobs")
        if announced { head.headerFields[.contentLength] = "\(size)" }
        return Request(head: head, body: RequestBody(asyncSequence: Body(size: size, reads: reads)))
    }

    private func eventually(_ what: Comment, _ body: () -> Bool) async throws {
        for _ in 0..<3000 {
            if body() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(what)
    }

    /// More users send large bodies than there are threads for tasks: all are received, one is decoded, and what is small goes past them.
    @Test func oneIsDecodedAtATimeAndAside() async throws {
        let users = 2 * ProcessInfo.processInfo.activeProcessorCount + 2
        let (reads, received) = AsyncStream.makeStream(of: Void.self)
        let decoding = (0..<users).map { user in
            let request = request(2 << 20, received)
            return Task { [large] in _ = try await request.decoded(Slow.self, limit: Self.limit, large: large, of: UserID(UInt32(user))) }
        }
        var iterator = reads.makeAsyncIterator()
        for _ in 0..<users { await iterator.next() }
        try await eventually("one is decoded") { Slow.state.withLock { $0.running } == 1 }
        _ = try await request(100).decoded(Quick.self, limit: Self.limit, large: large, of: UserID(0))
        #expect(Slow.state.withLock { $0.done } == 0, "a small one of the same user did not wait")
        for _ in 0..<users { Slow.gate.signal() }
        for task in decoding { try await task.value }
        #expect(Slow.state.withLock { $0.most } == 1 && Slow.state.withLock { $0.done } == users)
    }

    /// A second large body of one user is not even read from its connection before the first is done with; another user's is.
    @Test func oneOfAUserIsReceivedAtATime() async throws {
        let order = Order()
        let (going, goOn) = AsyncStream.makeStream(of: Void.self)
        let (beginning, began) = AsyncStream.makeStream(of: Void.self)
        let first = Task { [large] in
            try await large.alone(UserID(1)) {
                began.finish()
                for await _ in going {}
                order.add("first")
            }
        }
        for await _ in beginning {}
        let second = Task { [large] in
            try await large.alone(UserID(1)) { order.add("second") }
        }
        try await large.alone(UserID(2)) { order.add("other") }
        goOn.finish()
        try await first.value
        try await second.value
        #expect(order.names.withLock { $0 } == ["other", "first", "second"])
        // One that fails lets the next go on.
        struct Failure: Error {}
        await #expect(throws: Failure.self) { try await large.alone(UserID(1)) { throw Failure() } }
        try await large.alone(UserID(1)) {}
    }

    /// What is not announced as large, or is no submit, is refused beyond the size from which on a body is large.
    @Test func whatIsNotAnnouncedIsNotLarge() async throws {
        let size = LargeBodies.size + 1
        for announced in [true, false] {
            await #expect(throws: APIError.self) { try await request(size, announced: announced).decoded(Quick.self, limit: Self.limit) }
        }
        await #expect(throws: APIError.self) {
            try await request(size, announced: false).decoded(Quick.self, limit: Self.limit, large: large, of: UserID(1))
        }
        _ = try await request(size).decoded(Quick.self, limit: Self.limit, large: large, of: UserID(1))
    }
}
