import API
import FoundationEssentials
import Hummingbird
import JobModel
import NIOCore
import NodeAgent
import Reports

/// JSON of a reply.
func reply(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    reply(ByteBuffer(bytes: try replyEncoder().encode(value)), status)
}

/// JSON of a page of the list.
func reply(page: ListReply) throws -> Response { reply(ByteBuffer(string: try PageText.text(page, replyEncoder())), .ok) }

/// JSON of a report.
func reply(report: ReportReply) throws -> Response { reply(ByteBuffer(string: try ReportText.text(report, replyEncoder())), .ok) }

func replyEncoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
}

private func reply(_ body: ByteBuffer, _ status: HTTPResponse.Status) -> Response {
    Response(
        status: status, headers: [.contentType: "application/json", .contentLength: "\(body.readableBytes)"], body: ResponseBody(byteBuffer: body))
}

/// A stream whose length is not known.
func stream(_ type: String, _ body: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void) -> Response {
    Response(status: .ok, headers: [.contentType: type], body: ResponseBody(body))
}

extension Request {
    /// Decodes a bounded JSON body; the error names what is wrong and where.
    func decoded<T: Decodable & Sendable>(_ type: T.Type, limit: Int) async throws -> T {
        try Self.decode(type, try await boundedBody(min(limit, LargeBodies.size)))
    }

    /// The same for one that may be large.
    func decoded<T: Decodable & Sendable>(_ type: T.Type, limit: Int, large: LargeBodies, of user: UserID) async throws -> T {
        guard let length = headers[.contentLength].flatMap({ Int($0) }), length > LargeBodies.size else {
            return try await decoded(type, limit: limit)
        }
        return try await large.alone(user) {
            let bytes = try await boundedBody(limit)
            return try await large.queue.run { try Self.decode(type, bytes) }
        }
    }

    private static func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) throws -> T {
        do {
            let value = try JSONDecoder().decode(type, from: Data(bytes))
            // The decoder takes one of two values of the same name and passes over the other.
            if let twice = JSONScanner.duplicateField(in: bytes) {
                throw APIError(.malformed, "found the field twice, accepted once", field: twice)
            }
            // A submit looks at its fields itself, defaults and all.
            if !(value is SubmitRequest) { try JSONDecoder().decode(RequestShape.self, from: Data(bytes)).check(against: value) }
            return value
        } catch let error as DecodingError {
            throw APIError(decoding: error, bytes)
        }
    }

    /// The whole body; of one that is longer no more is kept than the limit.
    private func boundedBody(_ limit: Int) async throws -> [UInt8] {
        let refusal = APIError(.tooLarge, "found a body of more than \(Bytes(UInt64(limit))), accepted at most \(limit) bytes")
        // One that says so is refused before it is read.
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw refusal }
        do {
            return Array(try await body.collect(upTo: limit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw refusal
        }
    }

    /// The query as the API reads it.
    var apiQuery: Query { Query(parsing: uri.query ?? "") }
}

extension APIError {
    /// A body that is not JSON, or not of the form that the route takes.
    init(decoding error: DecodingError, _ bytes: [UInt8]) {
        let line = SpecError(error, root: "")
        guard line.field.isEmpty else {
            self.init(.malformed, "found \(line.found), accepted \(line.accepted)", field: line.field)
            return
        }
        // The decoder calls a number that fits no whole number an invalid text, and does not say where it stands.
        if bytes.isEmpty {
            self.init(.malformed, "found an empty body, accepted JSON")
        } else if (try? JSONDecoder().decode(AnyJSON.self, from: Data(bytes))) == nil {
            self.init(.malformed, "found a body that is not JSON, accepted JSON")
        } else if let odd = JSONScanner.oddNumber(in: bytes) {
            self.init(.malformed, "found \(odd.text), accepted a whole number", field: odd.path)
        } else {
            self.init(.malformed, "found a number beyond the range of its field, accepted the JSON form of version 1")
        }
    }

    /// Any JSON text.
    private struct AnyJSON: Decodable {
        init(from decoder: any Decoder) throws {
            _ = try? decoder.singleValueContainer()
        }
    }
}
