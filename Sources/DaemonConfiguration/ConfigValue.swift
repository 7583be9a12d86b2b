import JobModel

/// The value of one key while it is read.
struct ConfigValue {
    let node: DocumentNode
    /// Its full path, such as `defaults.memory_per_core`.
    let path: String
    let accepted: String

    func refused(found: String? = nil, accepted: String? = nil) -> DocumentError {
        node.refused(path, found: found, accepted: accepted ?? self.accepted)
    }

    func text() throws(DocumentError) -> String {
        let text = try node.text(path, accepted: accepted)
        guard !text.isEmpty, !text.unicodeScalars.contains(where: DocumentText.isControl) else { throw refused() }
        return text
    }

    func parsed<T>(_ parse: (String) -> T?) throws(DocumentError) -> T {
        guard let value = parse(try text()) else { throw refused() }
        return value
    }

    func parsed<T: Comparable>(in range: ClosedRange<T>, _ parse: (String) -> T?) throws(DocumentError) -> T {
        let value = try parsed(parse)
        guard range.contains(value) else { throw refused() }
        return value
    }

    func integer(in range: ClosedRange<Int>) throws(DocumentError) -> Int { try parsed(in: range) { Int($0) } }
    func bytes(in range: ClosedRange<Bytes>) throws(DocumentError) -> Bytes { try parsed(in: range) { Bytes(text: $0) } }
    func time(in range: ClosedRange<TimeSpan>) throws(DocumentError) -> TimeSpan { try parsed(in: range) { TimeSpan(text: $0) } }

    /// Absolute and clean, so that jobs' binds can be compared with it.
    func directory() throws(DocumentError) -> String {
        try parsed { text in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            guard text.hasPrefix("/"), text.utf8.count <= 4095, !parts.isEmpty else { return nil }
            return parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." } ? text : nil
        }
    }

    /// The values of a list, or texts parted by commas.
    func items() throws(DocumentError) -> [ConfigValue] {
        switch node.content {
        case .list(let nodes): return nodes.enumerated().map { with($1, "\(path)[\($0)]") }
        case .scalar(let text):
            return text.split(separator: ",").map { part in
                with(DocumentNode(.scalar(String(part.drop { $0 == " " })), line: node.line), path)
            }
        default: throw refused()
        }
    }

    func words() throws(DocumentError) -> [String] {
        var words: [String] = []
        for item in try items() { words.append(try item.text()) }
        return words
    }

    func entries() throws(DocumentError) -> [DocumentEntry] {
        guard case .map(let entries) = node.content else { throw refused() }
        return entries
    }

    func with(_ node: DocumentNode, _ path: String, accepted: String? = nil) -> ConfigValue {
        ConfigValue(node: node, path: path, accepted: accepted ?? self.accepted)
    }
}

/// What numbers, sizes and times of the configuration may be, in words.
enum Accepted {
    static func integer(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }
    static func bytes(_ range: ClosedRange<Bytes>) -> String { "\(range.lowerBound) to \(range.upperBound), as \(Bytes.accepted)" }
    static func time(_ range: ClosedRange<TimeSpan>) -> String { "\(range.lowerBound) to \(range.upperBound), as \(TimeSpan.accepted)" }
    static let path = "an absolute path without '.', '..' and doubled slashes"
    static let name = "letters, digits and ._- after a first letter or digit, at most 64 characters"
    static let groups = "names of groups, a list or parted by commas"
}
