/// What JSON values a type is read from: the part of JSON Schema 2020-12 that the API needs.
indirect enum Schema: Equatable {
    case text
    /// One of these.
    case words([String])
    case integer(ClosedRange<Int64>?)
    case number
    case flag
    case list(Schema)
    /// An object of any names.
    case map(Schema)
    case reference(String)
    case choice([Schema])

    var json: JSONTree {
        switch self {
        case .text: ["type": "string"]
        case .words(let words): ["type": "string", "enum": .array(words.map { .text($0) })]
        case .integer(nil): ["type": "integer"]
        case .integer(let range?): ["type": "integer", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
        case .number: ["type": "number"]
        case .flag: ["type": "boolean"]
        case .list(let element): ["type": "array", "items": element.json]
        case .map(let element): ["type": "object", "additionalProperties": element.json]
        case .reference(let name): ["$ref": .text("#/components/schemas/\(name)")]
        case .choice(let schemas): ["oneOf": .array(schemas.map(\.json))]
        }
    }
}

/// The fields of a type that is read from an object.
struct ObjectSchema: Equatable {
    var properties: [String: Schema] = [:]
    var required: Set<String> = []
    /// Other fields are refused, as in every request; in a reply they are to be passed over.
    var isClosed = false

    var json: JSONTree {
        var members: [String: JSONTree] = ["type": "object", "properties": .object(properties.mapValues(\.json))]
        if !required.isEmpty { members["required"] = .array(required.sorted().map { .text($0) }) }
        if isClosed { members["additionalProperties"] = false }
        return .object(members)
    }
}
