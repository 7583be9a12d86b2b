import JobModel

/// One value of a text that a person wrote, with the line it stands on. Scalars stay text: each field parses its own.
struct DocumentNode: Sendable {
    indirect enum Content: Sendable {
        /// An absent value: `memory:` with nothing after it, or `~`.
        case null
        case scalar(String)
        case list([DocumentNode])
        case map([DocumentEntry])
    }

    var content: Content
    /// From 1; nil for flags.
    var line: Int?

    init(_ content: Content, line: Int?) {
        self.content = content
        self.line = line
    }

    /// As error messages name it.
    var found: String {
        switch content {
        case .null: "nothing"
        case .scalar(let text): DocumentText.quoted(text)
        case .list(let items): items.isEmpty ? "an empty list" : "a list of \(items.count)"
        case .map(let entries): entries.isEmpty ? "an empty map" : "a map with '\(DocumentText.oneLine(entries[0].key))'"
        }
    }

    /// The error that this value is not what its field accepts.
    func refused(_ field: String, found: String? = nil, accepted: String) -> DocumentError {
        DocumentError(line: line, field: field, found: found ?? self.found, accepted: accepted)
    }

    func text(_ field: String, accepted: String) throws(DocumentError) -> String {
        guard case .scalar(let text) = content else { throw refused(field, accepted: accepted) }
        return text
    }
}

/// A key with its value.
struct DocumentEntry: Sendable {
    var key: String
    var line: Int?
    var value: DocumentNode
}

extension DocumentError {
    func inFile(_ file: String?) -> DocumentError {
        var error = self
        error.file = file
        return error
    }
}

/// Field names compare without case and separators: `time_limit`, `time-limit` and `timeLimit` are one.
func normalizedName(_ name: String) -> String { name.lowercased().filter { $0 != "_" && $0 != "-" } }
