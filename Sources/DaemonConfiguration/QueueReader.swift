import JobModel

/// `queues:`, a map of queues by name.
enum QueueReader {
    static let keys: [ConfigKey<QueueDefinition>] = [
        .integer("priority", \.priority, SpecBounds.priority, "Added to each job's own"),
        .init("defaults", "a map of fields", "What stands in for absent fields of jobs in this queue") {
            value, queue throws(DocumentError) in
            var defaults = QueueDefaults()
            try readKeys(defaultsKeys, of: value, into: &defaults)
            do throws(SpecError) { try defaults.request.validate(value.path) } catch {
                throw DocumentError(line: value.node.line, field: error.field, found: error.found, accepted: error.accepted)
            }
            queue.defaults = defaults.request
            queue.defaultTimeLimit = defaults.timeLimit
        },
        .section("maximum", \.maximum, LimitKeys.perTask + LimitKeys.active, "Bounds of one task and of all in the queue"),
        .init("groups", Accepted.groups, "Groups whose members may use the queue; without it everybody") {
            value, queue throws(DocumentError) in
            queue.groups = try value.words()
        },
        .groups("host_network_groups", \.hostNetworkGroups, "Groups whose members may use the machine's network in this queue"),
    ]

    struct QueueDefaults {
        var request = ResourceRequest()
        var timeLimit: TimeSpan?
    }

    static let defaultsKeys: [ConfigKey<QueueDefaults>] = [
        .optionalInteger("cores", \.request.cores, SpecBounds.cores, "Whole cores"),
        .init("cpu", "a number of CPUs from 0.01 to 8192", "A quota instead of cores") { value, defaults throws(DocumentError) in
            defaults.request.cpuMillis = try value.parsed(in: SpecBounds.cpuMillis) { text in
                Double(text).flatMap { (0...1e6).contains($0) ? Int(($0 * 1000).rounded()) : nil }
            }
        },
        .optionalBytes("memory", \.request.memory, SpecBounds.memory, "Memory of a task"),
        .optionalBytes("swap", \.request.swap, SpecBounds.size, "Swap beyond the memory"),
        .optionalInteger("pids", \.request.pids, SpecBounds.pids, "Processes and threads"),
        .optionalBytes("scratch", \.request.scratch, SpecBounds.scratch, "Writable space"),
        .optionalInteger("scratch_inodes", \.request.scratchInodes, SpecBounds.scratchInodes, "Files in the scratch"),
        .init("scratch_kind", "disk or memory", "Where the scratch lies") { value, defaults throws(DocumentError) in
            defaults.request.scratchKind = try value.parsed { ScratchKind(rawValue: $0) }
        },
        .optionalTime("time_limit", \.timeLimit, SpecBounds.timeLimit, "How long a task may run"),
    ]

    static func read(_ value: ConfigValue) throws(DocumentError) -> [QueueDefinition] {
        var queues: [QueueDefinition] = []
        for entry in try value.entries() {
            let path = "\(value.path).\(DocumentText.oneLine(String(entry.key.prefix(64))))"
            guard SettingsKeys.isName(entry.key) else {
                throw DocumentError(
                    line: entry.line, field: value.path, found: "the name \(DocumentText.quoted(entry.key))", accepted: Accepted.name)
            }
            var queue = QueueDefinition(name: entry.key)
            let inner = value.with(entry.value, path, accepted: "a map of " + keys.map(\.name).joined(separator: ", "))
            // `long:` alone is a queue without bounds.
            if case .null = entry.value.content {} else { try readKeys(keys, of: inner, into: &queue) }
            queues.append(queue)
        }
        if !queues.contains(where: { $0.name == "default" }) { queues.insert(QueueDefinition(name: "default"), at: 0) }
        return queues
    }
}
