import JobModel

/// A job while its layers (defaults of the file, the job, the flags) are laid over each other.
struct JobDraft {
    var spec = JobSpec()
    var export = Export.none
    var dependencies: [NamedDependency] = []
    /// False: the directory of the submit is not bound.
    var cwd = true
    /// By path of the model: where it was written.
    var places: [String: FieldPlace] = [:]

    enum Export {
        case all, none
        case names([String])
    }

    /// Fields of which a job has one: a later layer's takes the place of the other.
    private static let alternatives = [("cores", "cpu")]

    mutating func apply(_ layer: SpecLayer, context: SpecContext) throws(DocumentError) {
        do {
            try checkAlternatives(layer)
            for entry in layer.entries {
                let value = FieldValue(node: entry.node, label: entry.label, accepted: entry.field.accepted, context: context)
                note(entry, file: layer.file)
                try entry.field.read(value, &self)
            }
        } catch {
            throw error.inFile(layer.file)
        }
    }

    private mutating func checkAlternatives(_ layer: SpecLayer) throws(DocumentError) {
        for (first, second) in Self.alternatives {
            let given = layer.entries.filter { $0.field.name == first || $0.field.name == second }
            if given.count == 2 {
                throw given[1].node.refused(
                    given[1].label, found: "\(first) and \(second) together",
                    accepted: "\(first) (exclusive) or \(second) (a quota on shared ones)")
            }
            guard !given.isEmpty else { continue }
            spec.resources.cores = nil
            spec.resources.cpuMillis = nil
        }
    }

    private mutating func note(_ entry: SpecLayer.Entry, file: String?) {
        for path in entry.field.paths {
            places[path] = FieldPlace(file: file, line: entry.node.line, label: entry.label)
            switch entry.node.content {
            case .list(let items):
                for (index, item) in items.enumerated() {
                    places["\(path)[\(index)]"] = FieldPlace(file: file, line: item.line, label: "\(entry.label)[\(index)]")
                }
            case .map(let pairs):
                for pair in pairs {
                    places["\(path).\(pair.key)"] = FieldPlace(file: file, line: pair.line, label: "\(entry.label).\(pair.key)")
                }
            default: break
            }
        }
    }

    /// The model's refusal in terms of the text: file, line and the field's name there.
    func located(_ error: SpecError, file: String?) -> DocumentError {
        let place =
            FieldPlace.written(error.field, in: places) ?? FieldPlace(file: file, label: FieldPlace.name(of: error.field) ?? error.field)
        return DocumentError(file: place.file, line: place.line, field: place.label, found: error.found, accepted: error.accepted)
    }

    /// The finished job, validated.
    mutating func finish(name: String?, file: String?, context: SpecContext) throws(DocumentError) -> FileJob {
        exportVariables(context)
        spec.submitDirectory = cwd ? context.directory : nil
        if spec.dependencies?.isEmpty == true { spec.dependencies = nil }
        do { try spec.validate() } catch { throw located(error, file: file) }
        return FileJob(name: name ?? spec.name, spec: spec, dependencies: dependencies, places: places)
    }

    private mutating func exportVariables(_ context: SpecContext) {
        var exported: [String: String]
        switch export {
        case .none: return
        // Shells export functions under names that are no variable names (CVE-2014-6271): they stay behind.
        case .all: exported = context.environment.filter { EnvironmentName.isValid($0.key) }
        case .names(let names): exported = context.environment.filter { names.contains($0.key) }
        }
        for name in SpecBounds.reservedVariables { exported[name] = nil }
        spec.environment = exported.merging(spec.environment ?? [:]) { $1 }
    }
}

/// The fields that one source gives.
struct SpecLayer {
    struct Entry {
        var field: JobField
        /// As its writer knows it: `memory`, or `--memory` for flags.
        var label: String
        var node: DocumentNode
    }

    var file: String?
    var entries: [Entry] = []

    /// From a map of YAML; refuses unknown and doubled fields.
    init(_ pairs: [DocumentEntry], file: String?) throws(DocumentError) {
        self.file = file
        for pair in pairs {
            guard let field = JobField.named(pair.key), pair.key.count > 1 else {
                throw Self.unknown(pair.key, line: pair.line).inFile(file)
            }
            try add(Entry(field: field, label: field.name, node: pair.value), line: pair.line)
        }
    }

    init(file: String?) { self.file = file }

    /// Adds a field; a list given again as a flag or directive goes on, everything else is refused when doubled.
    mutating func add(_ entry: Entry, line: Int?, appending: Bool = false) throws(DocumentError) {
        guard let index = entries.firstIndex(where: { $0.field.name == entry.field.name }) else {
            entries.append(entry)
            return
        }
        let first = entries[index]
        guard appending, entry.field.shape == .list else {
            let place = first.node.line.map { " (first in line \($0))" } ?? ""
            throw DocumentError(
                file: file, line: line, field: entry.label, found: "the field a second time\(place)", accepted: "each field once")
        }
        entries[index].node = DocumentNode(.list(Self.items(first.node) + Self.items(entry.node)), line: first.node.line)
    }

    private static func items(_ node: DocumentNode) -> [DocumentNode] {
        if case .list(let items) = node.content { items } else { [node] }
    }

    static func unknown(_ name: String, line: Int?) -> DocumentError {
        DocumentError(
            line: line, field: DocumentText.oneLine(String(name.prefix(64))), found: "an unknown field",
            accepted: "a field of a job (docs/job-spec.md)", nearest: JobField.nearest(name))
    }
}
