public import JobModel

extension JobFile {
    /// Reads the jobs of a YAML file or a script, with the flags on top; every spec has passed `validate()`.
    ///
    /// Refused with one line: unknown and doubled fields, wrong units, values out of range, unknown job names, cycles, texts past the bounds.
    public static func read(_ source: SpecSource, flags: SpecFlags = SpecFlags(), context: SpecContext) throws(DocumentError) -> JobFile {
        let flagLayer = try flags.layer()
        switch source {
        case .none:
            return JobFile(jobs: [try job([flagLayer], name: nil, file: nil, context)])
        case .script(let text, let file):
            if text.isEmpty { throw DocumentError(file: file, found: "an empty file", accepted: "a script") }
            if flags.script != nil {
                throw DocumentError(field: "--script", found: "a second script beside '\(file)'", accepted: "one of the two")
            }
            return JobFile(jobs: [try script(text, file, flagLayer, context)])
        case .yaml(let text, let file):
            return try yaml(text, file, flagLayer, context)
        }
    }

    private static func script(_ text: String, _ file: String, _ flags: SpecLayer, _ context: SpecContext) throws(DocumentError) -> FileJob {
        // The kernel would look for an interpreter named `/bin/sh\r`.
        if text.utf8.starts(with: "#!".utf8), text.utf8.prefix(while: { $0 != 10 }).last == 13 {
            throw DocumentError(file: file, line: 1, found: "line ends of DOS (CR LF)", accepted: "line ends of Unix (LF)")
        }
        let directives = try Directives.layer(script: text, file: file)
        if let inner = directives.entries.first(where: { $0.field.name == "script" }) {
            throw inner.node.refused("script", found: "a second script", accepted: "the file itself as the script").inFile(file)
        }
        var draft = JobDraft()
        draft.spec.script = text
        draft.places["script"] = FieldPlace(file: file, line: nil, label: "script")
        // As in Slurm, a script's job is called after its file.
        let base = String((file.split(separator: "/").last ?? "script").prefix(64))
        if !base.unicodeScalars.contains(where: DocumentText.isControl) { draft.spec.name = base }
        for layer in [directives, flags] { try draft.apply(layer, context: context) }
        try checkAlone(draft, file: file)
        return try draft.finish(name: nil, file: file, context: context)
    }

    private static func job(
        _ layers: [SpecLayer], name: String?, file: String?, _ context: SpecContext
    ) throws(DocumentError) -> FileJob {
        var draft = JobDraft()
        for layer in layers { try draft.apply(layer, context: context) }
        if name == nil { try checkAlone(draft, file: file) }
        return try draft.finish(name: name, file: file, context: context)
    }

    /// A job alone in its file has nothing to depend on by name.
    private static func checkAlone(_ draft: JobDraft, file: String?) throws(DocumentError) {
        guard let need = draft.dependencies.first else { return }
        let place = draft.places["dependencies"]
        throw DocumentError(
            file: place?.file, line: place?.line, field: place?.label ?? "dependencies", found: "the job \(DocumentText.quoted(need.job))",
            accepted: "ids of jobs such as 12; names only of jobs in the same file")
    }

    private static func yaml(_ text: String, _ file: String, _ flags: SpecLayer, _ context: SpecContext) throws(DocumentError) -> JobFile {
        let root: DocumentNode?
        do { root = try DocumentNode.yaml(text) } catch { throw error.inFile(file) }
        guard let root else {
            throw DocumentError(file: file, line: 1, found: "an empty file", accepted: "a job, a list of jobs, or a map jobs")
        }
        switch root.content {
        case .list(let items): return try several(items.map { (nil, $0) }, nil, file, flags, context)
        case .map(let entries):
            if entries.contains(where: { normalizedName($0.key) == "jobs" }) { return try nested(entries, file, flags, context) }
            return JobFile(jobs: [try job([try SpecLayer(entries, file: file), flags], name: nil, file: file, context)])
        default: throw DocumentError(file: file, line: root.line, found: root.found, accepted: "a job, a list of jobs, or a map jobs")
        }
    }

    /// `jobs:` as a map by name or a list, with `defaults:` for all of them.
    private static func nested(
        _ entries: [DocumentEntry], _ file: String, _ flags: SpecLayer, _ context: SpecContext
    ) throws(DocumentError) -> JobFile {
        var defaults: SpecLayer?
        var jobs: [(String?, DocumentNode)] = []
        var seen: Set<String> = []
        for entry in entries {
            let key = normalizedName(entry.key)
            guard seen.insert(key).inserted else {
                throw DocumentError(
                    file: file, line: entry.line, field: entry.key, found: "the field a second time", accepted: "each field once")
            }
            switch (key, entry.value.content) {
            case ("defaults", .map(let fields)): defaults = try SpecLayer(fields, file: file)
            case ("defaults", _): throw entry.value.refused("defaults", accepted: "a map of fields").inFile(file)
            case ("jobs", .map(let members)): jobs = members.map { ($0.key, $0.value) }
            case ("jobs", .list(let items)): jobs = items.map { (nil, $0) }
            case ("jobs", _): throw entry.value.refused("jobs", accepted: "a map of jobs by name, or a list").inFile(file)
            default:
                throw DocumentError(
                    file: file, line: entry.line, field: DocumentText.oneLine(String(entry.key.prefix(64))),
                    found: "an unknown field beside jobs",
                    accepted: "jobs and defaults", nearest: NearestName.of(entry.key, in: ["jobs", "defaults"]))
            }
        }
        return try several(jobs, defaults, file, flags, context)
    }

    private static func several(
        _ items: [(name: String?, node: DocumentNode)], _ defaults: SpecLayer?, _ file: String, _ flags: SpecLayer, _ context: SpecContext
    ) throws(DocumentError) -> JobFile {
        guard !items.isEmpty else { throw DocumentError(file: file, line: 1, field: "jobs", found: "no job", accepted: "at least one") }
        if items.count > 1, flags.entries.contains(where: { $0.field.name == "name" }) {
            throw DocumentError(field: "--name", found: "\(items.count) jobs in '\(file)'", accepted: "a file of one job")
        }
        var graph = JobGraph(file: file)
        for (name, node) in items {
            guard case .map(let entries) = node.content else {
                throw node.refused(name.map { "jobs.\(DocumentText.oneLine($0))" } ?? "jobs", accepted: "a map of fields").inFile(file)
            }
            var draft = JobDraft()
            draft.spec.name = name
            let layers = [defaults, try SpecLayer(entries, file: file), flags].compactMap { $0 }
            for layer in layers { try draft.apply(layer, context: context) }
            let job = try draft.finish(name: name, file: file, context: context)
            try graph.add(job, line: node.line, dependencies: draft.places["dependencies"])
        }
        return JobFile(jobs: try graph.ordered())
    }
}

extension SpecSource {
    /// Tells YAML from scripts: by the name's ending (`.yaml`, `.yml`), else a text with `#!` or `#BERTH` lines is a script, and YAML otherwise.
    public static func detect(text: String, file: String) -> SpecSource {
        let lower = file.lowercased()
        if lower.hasSuffix(".yaml") || lower.hasSuffix(".yml") { return .yaml(text: text, file: file) }
        let marked = text.hasPrefix("#!") || text.hasPrefix(Directives.prefix) || text.contains("\n" + Directives.prefix)
        let ending = [".sh", ".bash", ".py", ".pl", ".r", ".zsh"].contains { lower.hasSuffix($0) }
        return marked || ending ? .script(text: text, file: file) : .yaml(text: text, file: file)
    }
}
