import JobModel

extension JobField {
    /// `afterok:12:13`, `afterok:prepare`, `12.3`, maps of kind and job, in lists or parted by commas.
    static func readDependencies(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        draft.spec.dependencies = []
        draft.dependencies = []
        for item in value.items() {
            switch item.node.content {
            case .map:
                guard let members = try item.members(["kind": ["type", "condition"], "job": ["name", "id"], "index": []]),
                    let job = members["job"]
                else { throw item.refused(found: "no job") }
                let kind = try members["kind"].map { kind throws(DocumentError) in try dependencyKind(try kind.text(), kind) } ?? .afterok
                let index = try members["index"].map { index throws(DocumentError) in try index.parsed { TaskIndex($0) } }
                try add(kind, target: try job.text(), index: index, job, &draft)
            default:
                for part in try item.text().split(separator: ",", omittingEmptySubsequences: false) {
                    try readOne(trimmed(part), item, &draft)
                }
            }
        }
    }

    private static func readOne(_ text: String, _ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        guard !text.contains("?") else {
            throw value.refused(found: "'?' (any of several)", accepted: "dependencies that all have to hold")
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1 else { return try add(.afterok, target: text, index: nil, value, &draft) }
        let kind = try dependencyKind(parts[0], value)
        for target in parts.dropFirst() { try add(kind, target: target, index: nil, value, &draft) }
    }

    private static func dependencyKind(_ text: String, _ value: FieldValue) throws(DocumentError) -> Dependency.Kind {
        if let kind = Dependency.Kind(rawValue: text.lowercased()) { return kind }
        let kinds = Dependency.Kind.allCases.map(\.rawValue)
        var error = value.refused(found: "the kind \(DocumentText.quoted(text))", accepted: kinds.joined(separator: ", "))
        error.nearest = NearestName.of(text, in: kinds)
        throw error
    }

    private static func add(
        _ kind: Dependency.Kind, target: String, index: TaskIndex?, _ value: FieldValue, _ draft: inout JobDraft
    ) throws(DocumentError) {
        guard !target.isEmpty else { throw value.refused() }
        if let first = target.utf8.first, (48...57).contains(first), let task = TaskID(target) {
            draft.spec.dependencies?.append(Dependency(kind: kind, job: task.job, index: index ?? task.index))
        } else {
            draft.dependencies.append(NamedDependency(kind: kind, job: target, index: index))
        }
    }
}
