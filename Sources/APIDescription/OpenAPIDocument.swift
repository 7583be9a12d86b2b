import API
import FoundationEssentials
import Synchronization

/// The API as OpenAPI 3.1 tells it, made from the table of routes and the types that they read and write.
///
/// Source: OpenAPI Specification 3.1.0, https://spec.openapis.org/oas/v3.1.0.
public enum OpenAPIDocument {
    private static let made = Mutex<(version: String, json: [UInt8])?>(nil)

    /// The document as JSON, the same bytes at each call; made at the first.
    ///
    /// - Throws: an error that names the type whose fields cannot be found.
    public static func json(version: String) throws -> [UInt8] {
        if let known = made.withLock({ $0 }), known.version == version { return known.json }
        let json = try make(version)
        made.withLock { $0 = (version, json) }
        return json
    }

    private static func make(_ version: String) throws -> [UInt8] {
        let (requests, replies) = (SchemaBook(isClosed: true), SchemaBook(isClosed: false))
        var paths: [String: [String: JSONTree]] = [:]
        for route in Route.allCases {
            paths[route.pattern, default: [:]][route.method.rawValue.lowercased()] = try describe(route, requests, replies)
        }
        _ = try replies.schema(of: EventLine.self)
        let error = try replies.schema(of: APIError.self)
        // A type that travels both ways is the request's: who sends it has to know that nothing may be added.
        let objects = replies.objects.merging(requests.objects) { $1 }
        let document: JSONTree = [
            "openapi": "3.1.0",
            "info": ["title": "Berth", "version": .text(version), "description": "HTTP over the Unix socket of berthd."],
            "servers": [["url": "http://berth", "description": "The socket, /run/berth/berthd.sock by default."]],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "schemas": .object(objects.mapValues(\.json)),
                "responses": ["Error": ["description": "A refusal or a fault.", "content": ["application/json": ["schema": error.json]]]],
            ],
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(document))
    }

    private static func describe(_ route: Route, _ requests: SchemaBook, _ replies: SchemaBook) throws -> JSONTree {
        let operation = route.operation
        var members: [String: JSONTree] = ["operationId": .text(route.rawValue), "summary": .text(operation.summary)]
        var parameters = operation.query.map { parameter($0, in: "query") }
        if let name = route.parameter {
            let schema: Schema = name == "job" ? .integer(1...Int64.max) : .text
            parameters.insert(parameter(Operation.Parameter(name: name, schema: schema, isRequired: true), in: "path"), at: 0)
        }
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        if let body = try content(operation.request, requests) { members["requestBody"] = ["required": true, "content": body] }
        var reply: [String: JSONTree] = ["description": "Done."]
        reply["content"] = try content(operation.reply, replies)
        let refusal: JSONTree = ["$ref": "#/components/responses/Error"]
        members["responses"] = .object(["\(operation.status)": .object(reply), "4XX": refusal, "5XX": refusal])
        return .object(members)
    }

    private static func parameter(_ parameter: Operation.Parameter, in place: String) -> JSONTree {
        ["name": .text(parameter.name), "in": .text(place), "required": .flag(parameter.isRequired), "schema": parameter.schema.json]
    }

    private static func content(_ content: Operation.Content, _ book: SchemaBook) throws -> JSONTree? {
        switch content {
        case .none: nil
        case .json(let type): ["application/json": ["schema": try book.schema(of: type).json]]
        case .stream(let type): .object([type: [:]])
        case .jsonOrStream(let type, let stream): .object(["application/json": ["schema": try book.schema(of: type).json], stream: [:]])
        }
    }
}
