import API
import FoundationEssentials
import Hummingbird
import NIOCore

/// JSON of a reply.
func reply(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = try encoder.encode(value)
    return Response(
        status: status, headers: [.contentType: "application/json", .contentLength: "\(body.count)"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
}

/// A stream whose length is not known.
func stream(_ type: String, _ body: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void) -> Response {
    Response(status: .ok, headers: [.contentType: type], body: ResponseBody(body))
}

extension Request {
    /// Decodes a bounded JSON body; the error names what is wrong and where.
    func decoded<T: Decodable>(_ type: T.Type, limit: Int) async throws -> T {
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: limit)
        } catch {
            throw APIError(.tooLarge, "the request's body is larger than \(limit) bytes")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(buffer.readableBytesView))
        } catch let error as DecodingError {
            throw APIError(.malformed, error.line, field: error.path)
        } catch {
            throw APIError(.malformed, "the body is not JSON")
        }
    }

    /// The query as the API reads it.
    var apiQuery: Query { Query(parsing: uri.query ?? "") }
}

extension DecodingError {
    private var context: Context {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context), .dataCorrupted(let context): context
        @unknown default: Context(codingPath: [], debugDescription: "not the expected form")
        }
    }

    var path: String? {
        var text = ""
        var keys = context.codingPath
        if case .keyNotFound(let key, _) = self { keys.append(key) }
        for key in keys {
            if let index = key.intValue { text += "[\(index)]" } else { text += text.isEmpty ? key.stringValue : ".\(key.stringValue)" }
        }
        return text.isEmpty ? nil : text
    }

    var line: String {
        if case .keyNotFound(let key, _) = self { return "found no '\(key.stringValue)', which is needed" }
        return context.debugDescription.split(whereSeparator: \.isNewline).first.map(String.init) ?? "not the expected form"
    }
}
