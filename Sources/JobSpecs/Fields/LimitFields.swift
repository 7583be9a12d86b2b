import JobModel

extension JobField {
    /// What the kernel holds the job's processes to.
    static let limitFields: [JobField] = [
        JobField(
            "rlimits", ["rlimit", "ulimits", "ulimit"], paths: ["rlimits"], shape: .list, example: "nofile=1024:4096",
            accepted:
                "names of getrlimit(2) (\(SpecBounds.rlimits.joined(separator: ", "))) with SOFT:HARD, one value for both, or unlimited",
            "Limits of each process", read: readResourceLimits),
        JobField(
            "sysctls", ["sysctl"], paths: ["sysctls"], shape: .list, example: "net.core.somaxconn=1024",
            accepted: "KEY=VALUE for " + SysctlName.accepted,
            "Kernel settings of the job's own namespaces", read: readSysctls),
        JobField(
            "capabilities", ["caps", "cap"], paths: ["capabilities"], shape: .list, example: "CHOWN,KILL",
            accepted:
                "none, default, names to keep, or -NAME to drop, of \(SpecBounds.capabilities.map { $0.dropFirst(4) }.joined(separator: ", "))",
            "What root inside may do; at most Docker's default set", read: readCapabilities),
        JobField(
            "umask", paths: ["umask"], example: "027", accepted: "an octal number from 0 to 0777", "Permissions that new files do not get"
        ) { value, draft throws(DocumentError) in
            draft.spec.umask = try value.parsed { text in UInt32(text.hasPrefix("0o") ? String(text.dropFirst(2)) : text, radix: 8) }
        },
    ]

    private static func readResourceLimits(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        var result = draft.spec.rlimits ?? [:]
        var seen: Set<String> = []
        guard let pairs = value.pairs(commas: true) else { throw value.refused() }
        for (key, limit) in pairs {
            let lower = key.lowercased()
            let name = lower.hasPrefix("rlimit_") ? String(lower.dropFirst(7)) : lower
            guard SpecBounds.rlimits.contains(name) else {
                var error = limit.refused(found: "an unknown limit", accepted: SpecBounds.rlimits.joined(separator: ", "))
                error.nearest = NearestName.of(name, in: SpecBounds.rlimits)
                throw error
            }
            guard seen.insert(name).inserted else { throw limit.refused(found: "the limit a second time", accepted: "each once") }
            result[name] = try resourceLimit(limit, name)
        }
        draft.spec.rlimits = result
    }

    private static let inBytes = ["as", "core", "data", "fsize", "memlock", "msgqueue", "rss", "stack"]

    private static func resourceLimit(_ value: FieldValue, _ name: String) throws(DocumentError) -> ResourceLimit {
        let accepted =
            inBytes.contains(name) ? "SOFT:HARD in bytes, such as 8M:64M, or unlimited" : "SOFT:HARD, whole numbers, or unlimited"
        let value = value.with(value.node, label: value.label, accepted: accepted)
        func amount(_ text: String, _ value: FieldValue) throws(DocumentError) -> UInt64? {
            if ["unlimited", "infinity", "-1"].contains(text) { return nil }
            let number = inBytes.contains(name) ? Bytes(text: text)?.count : UInt64(text)
            guard let number else { throw value.refused() }
            return number
        }
        if case .map = value.node.content, let members = try value.members(["soft": [], "hard": []]) {
            guard let soft = members["soft"], let hard = members["hard"] else { throw value.refused(found: "one of soft and hard") }
            return ResourceLimit(soft: try amount(try soft.text(), soft), hard: try amount(try hard.text(), hard))
        }
        let parts = try value.text().split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let last = parts.last else { throw value.refused() }
        return ResourceLimit(soft: try amount(parts[0], value), hard: try amount(last, value))
    }

    private static func readSysctls(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        var result = draft.spec.sysctls ?? [:]
        var seen: Set<String> = []
        guard let pairs = value.pairs(commas: false) else { throw value.refused() }
        for (key, setting) in pairs {
            guard seen.insert(key).inserted else { throw setting.refused(found: "the key a second time", accepted: "each once") }
            result[key] = try setting.text()
        }
        draft.spec.sysctls = result
    }

    private static func readCapabilities(_ value: FieldValue, _ draft: inout JobDraft) throws(DocumentError) {
        var words = try value.words().map { $0.uppercased() }
        if words == ["DEFAULT"] || words == ["ALL"] { draft.spec.capabilities = SpecBounds.capabilities; return }
        if words == ["NONE"] { draft.spec.capabilities = []; return }
        let dropping = words.filter { $0.hasPrefix("-") }
        guard dropping.isEmpty || dropping.count == words.count else {
            throw value.refused(found: "names to keep and names to drop together", accepted: "one of the two")
        }
        words = words.map { $0.hasPrefix("-") ? String($0.dropFirst()) : $0 }.map { $0.hasPrefix("CAP_") ? $0 : "CAP_\($0)" }
        for word in words where !SpecBounds.capabilities.contains(word) {
            var error = value.refused(found: DocumentText.quoted(word))
            error.nearest = NearestName.of(word, in: SpecBounds.capabilities)
            throw error
        }
        draft.spec.capabilities = dropping.isEmpty ? words : SpecBounds.capabilities.filter { !words.contains($0) }
    }
}
