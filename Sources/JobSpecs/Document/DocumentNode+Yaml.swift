import JobModel
import Yams

/// How large a text may be before it is refused unread.
enum DocumentBounds {
    static let bytes = 1 << 20
    static let depth = 32
    /// Values, those behind aliases counted each time they are used.
    static let values = 50_000
}

extension DocumentNode {
    /// Parses one YAML document; nil when it is empty.
    ///
    /// Aliases never reach the YAML library, which would hash and compare keys as large as a bomb makes them: every `*` is replaced before
    /// it parses, put back afterwards, and aliases are resolved here against a budget of values.
    static func yaml(_ text: String, firstLine: Int = 1) throws(DocumentError) -> DocumentNode? {
        guard text.utf8.count <= DocumentBounds.bytes else {
            throw DocumentError(found: "\(text.utf8.count) bytes", accepted: "at most \(DocumentBounds.bytes) bytes")
        }
        try checkCharacters(text, firstLine: firstLine)
        var stand = text
        if text.utf8.contains(UInt8(ascii: "*")) {
            stand = String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "*" ? aliasStandIn : $0 }))
        }
        do {
            let parser = try Parser(yaml: stand, resolver: .basic, encoding: .utf8)
            guard let root = try parser.singleRoot() else { return nil }
            var reader = YamlReader(firstLine: firstLine)
            return try reader.node(root, depth: 0)
        } catch let error as DocumentError {
            throw error
        } catch let error as YamlError {
            throw DocumentError(error, text: stand, firstLine: firstLine)
        } catch {
            throw DocumentError(found: "text that is not YAML", accepted: "YAML")
        }
    }

    /// A private-use character that stands for `*` while the library parses; texts that contain it are refused.
    static let aliasStandIn: Unicode.Scalar = "\u{e02a}"

    /// A NUL or a lone control character would be refused by the library without a line.
    private static func checkCharacters(_ text: String, firstLine: Int) throws(DocumentError) {
        var line = firstLine
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": line += 1
            case "\t", "\r": continue
            case "\0"..<" ", "\u{7f}"..<"\u{a0}", aliasStandIn, "\u{feff}", "\u{fffe}", "\u{ffff}":
                throw DocumentError(
                    line: line, found: "the character U+\(String(scalar.value, radix: 16, uppercase: true))", accepted: "printable text")
            default: continue
            }
        }
    }
}

/// Turns the library's nodes into ours within the bounds.
private struct YamlReader {
    let firstLine: Int
    var anchors: [String: (node: DocumentNode, values: Int)] = [:]
    var values = 0

    mutating func node(_ source: Node, depth: Int) throws(DocumentError) -> DocumentNode {
        let line = source.mark.map { $0.line + firstLine - 1 }
        try spend(1, line: line)
        guard depth < DocumentBounds.depth else {
            throw DocumentError(line: line, found: "values nested deeper than \(depth)", accepted: "at most \(DocumentBounds.depth) levels")
        }
        let before = values
        let result: DocumentNode
        switch source {
        case .scalar(let scalar): result = try self.scalar(scalar, line: line)
        case .sequence(let sequence):
            try checkTag(sequence.tag, line: line)
            var items: [DocumentNode] = []
            for item in sequence { items.append(try node(item, depth: depth + 1)) }
            result = DocumentNode(.list(items), line: line)
        case .mapping(let mapping):
            try checkTag(mapping.tag, line: line)
            result = DocumentNode(.map(try entries(mapping, depth: depth)), line: line)
        case .alias: throw DocumentError(line: line, found: "an alias", accepted: "a value")
        }
        if let anchor = source.anchor { anchors[restored("\(anchor)")] = (result, values - before + 1) }
        return result
    }

    private mutating func entries(_ mapping: Node.Mapping, depth: Int) throws(DocumentError) -> [DocumentEntry] {
        var entries: [DocumentEntry] = []
        var merged: [DocumentEntry] = []
        for (key, value) in mapping {
            let line = key.mark.map { $0.line + firstLine - 1 }
            guard case .scalar(let scalar) = key, !isAlias(scalar) else {
                throw DocumentError(line: line, found: "a key that is no plain text", accepted: "the name of a field")
            }
            let name = restored(scalar.string)
            let node = try node(value, depth: depth + 1)
            if name == "<<", scalar.style == .plain {
                merged += try mergeEntries(node)
            } else {
                entries.append(DocumentEntry(key: name, line: line, value: node))
            }
        }
        let own = Set(entries.map { normalizedName($0.key) })
        return entries + merged.filter { !own.contains(normalizedName($0.key)) }
    }

    /// `<<: *base` and `<<: [*a, *b]`: what the map itself says wins, then the earlier base.
    private func mergeEntries(_ node: DocumentNode) throws(DocumentError) -> [DocumentEntry] {
        switch node.content {
        case .map(let entries): return entries
        case .list(let items):
            var result: [DocumentEntry] = []
            for item in items {
                guard case .map(let entries) = item.content else { throw item.refused("<<", accepted: "a map or a list of maps") }
                let known = Set(result.map { normalizedName($0.key) })
                result += entries.filter { !known.contains(normalizedName($0.key)) }
            }
            return result
        default: throw node.refused("<<", accepted: "a map or a list of maps")
        }
    }

    private mutating func scalar(_ scalar: Node.Scalar, line: Int?) throws(DocumentError) -> DocumentNode {
        if isAlias(scalar) {
            let name = restored(String(scalar.string.unicodeScalars.dropFirst()))
            guard let anchor = anchors[name] else {
                throw DocumentError(
                    line: line, found: "'*\(DocumentText.oneLine(name))' without an anchor '&\(DocumentText.oneLine(name))' before it",
                    accepted: "an anchor defined earlier, or the text in quotes")
            }
            try spend(anchor.values, line: line)
            // Errors name the line where the alias is used.
            return DocumentNode(anchor.node.content, line: line)
        }
        try checkTag(scalar.tag, line: line)
        let text = restored(scalar.string)
        if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(text) { return DocumentNode(.null, line: line) }
        return DocumentNode(.scalar(text), line: line)
    }

    private func isAlias(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && scalar.string.unicodeScalars.first == DocumentNode.aliasStandIn
    }

    /// `!!str 5` is harmless, but `!!binary` or `!local` would silently mean nothing.
    private func checkTag(_ tag: Tag, line: Int?) throws(DocumentError) {
        let harmless: [Tag.Name] = [.str, .seq, .map, .implicit, .nonSpecific]
        guard harmless.contains(where: { $0.rawValue == tag.rawValue }) else {
            throw DocumentError(line: line, found: "the tag \(DocumentText.quoted(tag.rawValue))", accepted: "values without tags")
        }
    }

    private mutating func spend(_ count: Int, line: Int?) throws(DocumentError) {
        values += count
        guard values <= DocumentBounds.values else {
            throw DocumentError(
                line: line, found: "more than \(DocumentBounds.values) values, aliases counted",
                accepted: "at most \(DocumentBounds.values)")
        }
    }

    private func restored(_ text: String) -> String {
        guard text.unicodeScalars.contains(DocumentNode.aliasStandIn) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == DocumentNode.aliasStandIn ? "*" : $0 }))
    }
}
