public import API
import FoundationEssentials
import LinuxSys

/// The typed client of Berth's API over its Unix socket: blocking, one request at a time on a connection that is kept; for one thread.
///
/// Streams and sessions open connections of their own.
public final class BerthClient {
    /// Where the daemon listens unless told otherwise.
    public static let defaultSocket = "/run/berth/berthd.sock"

    public let socketPath: String
    /// How long a call waits for its reply, in milliseconds; nil: for ever.
    public var replyTimeout: Int32? = 120_000
    private var idle: Connection?

    public init(socketPath: String = BerthClient.defaultSocket) { self.socketPath = socketPath }

    /// Sends a request with a JSON body, or none, and decodes the reply.
    public func call<Reply: Decodable>(
        _ route: Route, _ parameter: String = "", query: Query = Query(), body: (some Encodable)?, as: Reply.Type = Reply.self
    ) throws(ClientError) -> Reply {
        let target = route.path(parameter) + query.suffix
        let bytes = try body.map { value throws(ClientError) in try Self.encode(value) }
        return try Self.decode(try exchange(route.method, target, bytes))
    }

    /// Sends a request without a body and decodes the reply.
    public func call<Reply: Decodable>(
        _ route: Route, _ parameter: String = "", query: Query = Query(), as: Reply.Type = Reply.self
    ) throws(ClientError) -> Reply {
        try Self.decode(try exchange(route.method, route.path(parameter) + query.suffix, nil))
    }

    /// The bytes of a successful reply. A kept connection that the daemon closed meanwhile is replaced once.
    func exchange(_ method: HTTPMethod, _ target: String, _ body: [UInt8]?) throws(ClientError) -> [UInt8] {
        if let kept = idle, kept.isIdle, !kept.hasInput() {
            do throws(ClientError) { return try exchange(on: kept, method, target, body) } catch {
                guard error == .closed else { throw error }
            }
        }
        let fresh = try Connection(path: socketPath)
        idle = fresh
        return try exchange(on: fresh, method, target, body)
    }

    private func exchange(
        on connection: Connection, _ method: HTTPMethod, _ target: String, _ body: [UInt8]?
    ) throws(ClientError) -> [UInt8] {
        var lost = false
        do throws(ClientError) { try connection.send(method, target, body: body) } catch {
            // A refusal may have been sent before the body was read: look for it.
            guard error == .closed else { throw error }
            lost = true
        }
        let head = try connection.readHead(milliseconds: replyTimeout)
        let bytes = try Self.readAll(connection, timeout: replyTimeout)
        guard head.isSuccess else { throw Self.refusal(head, bytes) }
        if lost { throw .closed }
        return bytes
    }

    static func readAll(_ connection: Connection, timeout: Int32?, limit: Int = 256 << 20) throws(ClientError) -> [UInt8] {
        var all: [UInt8] = []
        while let part = try connection.readBody(milliseconds: timeout) {
            all += part
            guard all.count <= limit else {
                connection.close()
                throw .unexpected("a reply of more than \(limit) bytes")
            }
        }
        return all
    }

    /// What a reply that is no success says.
    static func refusal(_ head: HTTPHead, _ body: [UInt8]) -> ClientError {
        if let error = try? JSONDecoder().decode(APIError.self, from: Data(body)) { return .refused(error) }
        let code = APIError.Code.allCases.first { $0.status == head.status }
        let text = String(decoding: body.prefix(200), as: UTF8.self)
        guard let code else { return .unexpected("status \(head.status) \(text)") }
        return .refused(APIError(code, text.isEmpty ? "refused with status \(head.status)" : text))
    }

    static func encode(_ value: some Encodable) throws(ClientError) -> [UInt8] {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            return Array(try encoder.encode(value))
        } catch {
            throw .unexpected("request that is no JSON: \(error)")
        }
    }

    /// Refuses replies of a later version before anything else is read from them.
    static func decode<T: Decodable>(_ bytes: some Sequence<UInt8>, as: T.Type = T.self) throws(ClientError) -> T {
        let data = Data(bytes)
        let decoder = JSONDecoder()
        do { return try decoder.decode(T.self, from: data) } catch {
            if let stamp = try? decoder.decode(VersionStamp.self, from: data), stamp.version != APIVersion.current {
                throw .unexpected("version \(stamp.version) of the API, this berth knows \(APIVersion.current)")
            }
            throw .unexpected(Self.text(of: error))
        }
    }

    private struct VersionStamp: Decodable { var version: Int }

    private static func text(of error: any Error) -> String {
        func path(_ context: DecodingError.Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): return "no \(key.stringValue) in \(path(context))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return "\(path(context)): \(context.debugDescription)"
        default: return "\(error)"
        }
    }
}
