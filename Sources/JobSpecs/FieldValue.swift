import JobModel

/// The value of one field while it is read: the node, what it is called and what it accepts.
struct FieldValue {
    let node: DocumentNode
    let label: String
    let accepted: String
    let context: SpecContext

    func refused(found: String? = nil, accepted: String? = nil) -> DocumentError {
        node.refused(label, found: found, accepted: accepted ?? self.accepted)
    }

    func text() throws(DocumentError) -> String { try node.text(label, accepted: accepted) }

    func parsed<T>(_ parse: (String) -> T?) throws(DocumentError) -> T {
        guard let value = parse(try text()) else { throw refused() }
        return value
    }

    func integer() throws(DocumentError) -> Int { try parsed { Int($0) } }
    func bytes() throws(DocumentError) -> Bytes { try parsed { Bytes(text: $0) } }
    func time() throws(DocumentError) -> TimeSpan { try parsed { TimeSpan(text: $0) } }

    func boolean() throws(DocumentError) -> Bool {
        try parsed { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        }
    }

    /// One of some words; case and separators do not count.
    func choice<T: RawRepresentable & CaseIterable>(_ type: T.Type) throws(DocumentError) -> T where T.RawValue == String {
        try parsed { text in T.allCases.first { normalizedName($0.rawValue) == normalizedName(text) } }
    }

    /// The values of a list, or this one alone.
    func items() -> [FieldValue] {
        guard case .list(let nodes) = node.content else { return [self] }
        return nodes.enumerated().map { with($1, label: "\(label)[\($0)]") }
    }

    func with(_ node: DocumentNode, label: String, accepted: String? = nil) -> FieldValue {
        FieldValue(node: node, label: label, accepted: accepted ?? self.accepted, context: context)
    }

    /// A list of texts, or texts parted by commas.
    func words() throws(DocumentError) -> [String] {
        var words: [String] = []
        for item in items() {
            let parts = try item.text().split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
            if parts.contains(where: \.isEmpty) { throw item.refused() }
            words += parts
        }
        return words
    }

    /// A map; or `key=value` texts, in a list or, where `commas` says so, parted by commas. Nil where the value is none of these.
    func pairs(commas: Bool) -> [(key: String, value: FieldValue)]? {
        switch node.content {
        case .null: return nil
        case .map(let entries): return entries.map { ($0.key, with($0.value, label: "\(label).\(DocumentText.oneLine($0.key))")) }
        case .scalar(let text):
            var result: [(String, FieldValue)] = []
            for part in commas ? text.split(separator: ",").map(String.init) : [text] {
                guard let equals = part.firstIndex(of: "=") else { return nil }
                let value = DocumentNode(.scalar(trimmed(part[part.index(after: equals)...])), line: node.line)
                let key = trimmed(part[..<equals])
                result.append((key, with(value, label: "\(label).\(DocumentText.oneLine(key))")))
            }
            return result
        case .list:
            var result: [(String, FieldValue)] = []
            for item in items() {
                guard let pairs = item.pairs(commas: commas) else { return nil }
                result += pairs
            }
            return result
        }
    }

    /// A map's members by the names that are known, refusing others and doubled ones.
    func members(_ names: [String: [String]], commas: Bool = true) throws(DocumentError) -> [String: FieldValue]? {
        guard let pairs = pairs(commas: commas) else { return nil }
        var result: [String: FieldValue] = [:]
        for (key, value) in pairs {
            let typed = normalizedName(key)
            guard let name = names.first(where: { ([$0.key] + $0.value).contains { normalizedName($0) == typed } })?.key else {
                throw DocumentError(
                    line: value.node.line, field: value.label, found: "an unknown field",
                    accepted: names.keys.sorted().joined(separator: ", "),
                    nearest: NearestName.of(key, in: names.flatMap { [$0.key] + $0.value }.sorted()))
            }
            if result.updateValue(value, forKey: name) != nil {
                throw value.refused(found: "the field a second time", accepted: "each field once")
            }
        }
        return result
    }

    /// A path of the submitter's, made absolute and clean; `..` is taken away by name.
    func path() throws(DocumentError) -> String {
        let text = try text()
        guard !text.isEmpty else { throw refused(found: "an empty path") }
        return Self.absolute(text, in: context.directory)
    }

    static func absolute(_ path: String, in directory: String) -> String {
        var parts: [Substring] = []
        for part in (path.hasPrefix("/") ? path : "\(directory)/\(path)").split(separator: "/") where part != "." {
            if part == ".." { parts = parts.dropLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}

/// Without blanks at either end.
func trimmed(_ text: some StringProtocol) -> String {
    var rest = text[...]
    while let first = rest.first, first == " " || first == "\t" { rest = rest.dropFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
    return String(rest)
}
