import API
import HTTPTypes
import Hummingbird
import Logging
import NIOEmbedded
import Synchronization
import Testing

@testable import Server

@Suite struct RequestIDTests {
    /// What the handler's logger wrote.
    private final class Lines: Sendable {
        let lines = Mutex<[String]>([])
    }

    private struct Handler: LogHandler {
        let written: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { written.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") } }
    }

    /// The header's id, the body, and the log, of a request whose handler throws.
    private func refused(_ error: any Error) async throws -> (id: String, body: String, log: [String]) {
        let written = Lines()
        let logger = Logger(label: "test") { _ in Handler(written: written) }
        let context = BerthContext(source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: logger))
        let request = Request(
            head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/v1/node"), body: RequestBody(buffer: .init()))
        let response = try await ErrorMiddleware().handle(request, context: context) { _, _ in throw error }
        let body = BodyText()
        try await response.body.write(body)
        let id = try #require(response.headers[HTTPField.Name("X-Request-ID")!])
        return (id, body.text.withLock { $0 }, written.lines.withLock { $0 })
    }

    private final class BodyText: ResponseBodyWriter, Sendable {
        let text = Mutex("")
        func write(_ buffer: ByteBuffer) async throws { text.withLock { $0 += String(buffer: buffer) } }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    @Test("A fault of the daemon's own is told in its log, under the id that the reply carries")
    func aFaultCarriesItsID() async throws {
        struct Surprise: Error {}
        for error in [APIError(.unavailable, "busy"), APIError(.internal, "internal error: x"), Surprise()] as [any Error] {
            let seen = try await refused(error)
            #expect(seen.body.contains("\"request\":\"\(seen.id)\""), "\(seen)")
            #expect(seen.log.count == 1 && seen.log[0].contains(seen.id) && seen.log[0].contains("/v1/node"), "\(seen)")
        }
    }

    @Test("A refusal that says everything is not told in the log and carries none")
    func aRefusalCarriesNone() async throws {
        let seen = try await refused(APIError(.unknown, "no job 9"))
        #expect(!seen.id.isEmpty && !seen.body.contains("request") && seen.log.isEmpty, "\(seen)")
    }

    @Test func berthPrintsTheID() {
        var error = APIError(.internal, "internal error: x")
        #expect(error.description == "internal error: x")
        error.request = "5f0c"
        #expect(error.description == "internal error: x [request 5f0c]")
    }
}
