import JobModel

/// The `#BERTH` lines at the head of a script, as `#SBATCH` ones are: `#BERTH --cores 4 --memory 2G` or `#BERTH cores: 4`.
enum Directives {
    static let prefix = "#BERTH"

    static func layer(script text: String, file: String) throws(DocumentError) -> SpecLayer {
        var layer = SpecLayer(file: file)
        guard SpecBounds.script.count >= text.utf8.count else {
            throw DocumentError(
                file: file, found: "\(text.utf8.count) bytes", accepted: "a script of at most \(SpecBounds.script.count) bytes")
        }
        var commands = false
        for (index, line) in lines(text).enumerated() {
            do throws(DocumentError) {
                if let directive = try directive(line, number: index + 1) {
                    guard !commands else {
                        throw DocumentError(
                            line: index + 1, found: "a directive after the first command", accepted: "directives at the head of the script")
                    }
                    try read(directive, line: index + 1, into: &layer)
                } else if !line.hasPrefix("#"), !trimmed(line).isEmpty {
                    commands = true
                    // What a here-document writes may well hold directives of another script.
                    if line.contains("<<") { break }
                }
            } catch {
                throw error.inFile(file)
            }
        }
        return layer
    }

    /// By bytes, with CR LF as one end.
    private static func lines(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            String(Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
        }
    }

    /// What follows `#BERTH`; nil on other lines, `#BERTHA` and `#BERTH_X` included.
    private static func directive(_ line: String, number: Int) throws(DocumentError) -> String? {
        guard line.hasPrefix(prefix) else { return nil }
        let rest = line.dropFirst(prefix.count)
        guard let next = rest.first else {
            throw DocumentError(line: number, found: "an empty directive", accepted: "#BERTH --field value or #BERTH field: value")
        }
        if next == " " || next == "\t" { return trimmed(rest) }
        if next.isLetter || next.isNumber || next == "_" { return nil }
        throw DocumentError(line: number, found: DocumentText.quoted(line), accepted: "a blank after #BERTH")
    }

    private static func read(_ text: String, line: Int, into layer: inout SpecLayer) throws(DocumentError) {
        if text.isEmpty {
            throw DocumentError(line: line, found: "an empty directive", accepted: "#BERTH --field value or #BERTH field: value")
        }
        if text.hasPrefix("-") { try readFlags(text, line: line, into: &layer) } else { try readPair(text, line: line, into: &layer) }
    }

    /// `--cores 4 --memory=2G -t 1h --hold`.
    private static func readFlags(_ text: String, line: Int, into layer: inout SpecLayer) throws(DocumentError) {
        var words: [String]
        do { words = try ShellWords.split(text, strict: false) } catch {
            throw DocumentError(line: line, found: "a quote or backslash without its end", accepted: "closed quotes")
        }
        words.reverse()
        while let word = words.popLast() {
            let (name, attached) = try flagName(word, line: line)
            let (field, toggled) = try flagField(name, word, line: line)
            let value: String
            if let attached, toggled != false {
                value = attached
            } else if field.shape == .toggle {
                if attached != nil { throw DocumentError(line: line, field: field.name, found: "a value after '--no-'", accepted: "none") }
                value = toggled == false ? "false" : "true"
            } else if let next = words.popLast() {
                value = next
            } else {
                throw DocumentError(line: line, field: field.name, found: "no value", accepted: field.accepted)
            }
            try layer.add(
                SpecLayer.Entry(field: field, label: field.name, node: DocumentNode(.scalar(value), line: line)), line: line,
                appending: true)
        }
    }

    /// `--memory=2G`, `--memory`, `-m`, `-m2G`.
    private static func flagName(_ word: String, line: Int) throws(DocumentError) -> (name: String, attached: String?) {
        guard word.hasPrefix("-"), word.count > 1, word != "--" else {
            throw DocumentError(line: line, found: DocumentText.quoted(word), accepted: "--field value or -f value")
        }
        guard word.hasPrefix("--") else {
            let name = String(word[word.index(after: word.startIndex)])
            var attached = word.dropFirst(2)
            if attached.hasPrefix("=") { attached = attached.dropFirst() }
            return (name, word.count == 2 ? nil : String(attached))
        }
        let body = word.dropFirst(2)
        guard let equals = body.firstIndex(of: "=") else { return (String(body), nil) }
        return (String(body[..<equals]), String(body[body.index(after: equals)...]))
    }

    private static func flagField(_ name: String, _ word: String, line: Int) throws(DocumentError) -> (JobField, toggled: Bool?) {
        if let field = JobField.named(name), name.count > 1 || !word.hasPrefix("--") { return (field, nil) }
        if name.lowercased().hasPrefix("no-"), let field = JobField.named(String(name.dropFirst(3))), field.shape == .toggle {
            return (field, false)
        }
        throw SpecLayer.unknown(name, line: line)
    }

    /// `cores: 4`, as one line of YAML.
    private static func readPair(_ text: String, line: Int, into layer: inout SpecLayer) throws(DocumentError) {
        guard let node = try DocumentNode.yaml(text, firstLine: line), case .map(let pairs) = node.content else {
            throw DocumentError(line: line, found: DocumentText.quoted(text), accepted: "#BERTH --field value or #BERTH field: value")
        }
        for pair in pairs {
            guard pair.key.count > 1, let field = JobField.named(pair.key) else { throw SpecLayer.unknown(pair.key, line: pair.line) }
            try layer.add(SpecLayer.Entry(field: field, label: field.name, node: pair.value), line: line, appending: true)
        }
    }
}
