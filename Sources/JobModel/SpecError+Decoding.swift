extension SpecError {
    /// The field path and reason of a JSON text that did not decode, in the words of every other refusal.
    public init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(field: Self.path(context.codingPath + [key]), found: "no value", accepted: "a value")
        case .valueNotFound(let type, let context):
            self.init(field: Self.path(context.codingPath), found: "null", accepted: "a value of type \(type)")
        case .typeMismatch(let type, let context):
            self.init(field: Self.path(context.codingPath), found: "a value of another type", accepted: "a value of type \(type)")
        case .dataCorrupted(let context):
            self.init(
                field: Self.path(context.codingPath), found: DocumentText.oneLine(context.debugDescription),
                accepted: "the JSON form of version 1")
        @unknown default:
            self.init(field: "spec", found: "JSON that does not decode", accepted: "the JSON form of version 1")
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        let path = keys.reduce("") { text, key in
            if let index = key.intValue, key.stringValue.hasPrefix("Index") { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
        return path.isEmpty ? "spec" : DocumentText.oneLine(path)
    }
}
