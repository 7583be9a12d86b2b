extension SpecError {
    /// The field path and reason of a JSON text that did not decode, in the words of every other refusal.
    ///
    /// - Parameter root: what the text as a whole is called.
    public init(_ error: DecodingError, root: String = "spec") {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(field: Self.path(context.codingPath + [key], root), found: "no value", accepted: "a value")
        case .valueNotFound(let type, let context):
            self.init(field: Self.path(context.codingPath, root), found: "null", accepted: Self.form(type))
        case .typeMismatch(let type, let context):
            self.init(field: Self.path(context.codingPath, root), found: Self.found(context.debugDescription), accepted: Self.form(type))
        case .dataCorrupted(let context):
            let (found, accepted) = Self.sides(DocumentText.oneLine(context.debugDescription))
            self.init(field: Self.path(context.codingPath, root), found: found, accepted: accepted)
        @unknown default:
            self.init(field: root, found: "JSON that does not decode", accepted: "the JSON form of version 1")
        }
    }

    private static func path(_ keys: [any CodingKey], _ root: String) -> String {
        let path = keys.reduce("") { text, key in
            if let index = key.intValue, key.stringValue.hasPrefix("Index") { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
        return path.isEmpty ? root : DocumentText.place(path)
    }

    /// What the decoder found, out of its `Expected to decode X but found Y instead.`
    private static func found(_ description: String) -> String {
        let sides = description.split(separator: " but found ", maxSplits: 1)
        guard sides.count == 2, sides[1].hasSuffix(" instead.") else { return "a value of another type" }
        return DocumentText.oneLine(String(sides[1].dropLast(" instead.".count)))
    }

    /// Our own types say what was found and what is accepted; the decoder's do not.
    private static func sides(_ description: String) -> (found: String, accepted: String) {
        let sides = description.split(separator: ", accepted ", maxSplits: 1)
        guard sides.count == 2, sides[0].hasPrefix("found ") else { return (description, "the JSON form of version 1") }
        return (String(sides[0].dropFirst("found ".count)), String(sides[1]))
    }

    /// A type in JSON's words.
    private static func form(_ type: any Any.Type) -> String {
        if type == String.self { return "a text" }
        if type == Bool.self { return "true or false" }
        if type is any FixedWidthInteger.Type { return "a whole number" }
        if type is any BinaryFloatingPoint.Type { return "a number" }
        let name = "\(type)"
        if name.hasPrefix("Array<") { return "a list" }
        return name.hasPrefix("Dictionary<") ? "an object" : "a value of type \(name)"
    }
}
