import JobModel

/// One key of a map in `berthd.yaml`, read into a `Target`: the settings, a queue, a set of limits.
struct ConfigKey<Target>: Sendable {
    let name: String
    let summary: String
    let accepted: String
    let read: @Sendable (ConfigValue, inout Target) throws(DocumentError) -> Void

    typealias Path<Value> = WritableKeyPath<Target, Value> & Sendable

    init(
        _ name: String, _ accepted: String, _ summary: String,
        read: @escaping @Sendable (ConfigValue, inout Target) throws(DocumentError) -> Void
    ) {
        self.name = name
        self.summary = summary
        self.accepted = accepted
        self.read = read
    }

    static func integer(_ name: String, _ path: any Path<Int>, _ range: ClosedRange<Int>, _ summary: String) -> ConfigKey {
        ConfigKey(name, Accepted.integer(range), summary) { value, target throws(DocumentError) in
            target[keyPath: path] = try value.integer(in: range)
        }
    }

    static func optionalInteger(_ name: String, _ path: any Path<Int?>, _ range: ClosedRange<Int>, _ summary: String) -> ConfigKey {
        ConfigKey(name, Accepted.integer(range), summary) { value, target throws(DocumentError) in
            target[keyPath: path] = try value.integer(in: range)
        }
    }

    static func bytes(_ name: String, _ path: any Path<Bytes>, _ range: ClosedRange<Bytes>, _ summary: String) -> ConfigKey {
        ConfigKey(name, Accepted.bytes(range), summary) { value, target throws(DocumentError) in
            target[keyPath: path] = try value.bytes(in: range)
        }
    }

    static func optionalBytes(_ name: String, _ path: any Path<Bytes?>, _ range: ClosedRange<Bytes>, _ summary: String) -> ConfigKey {
        ConfigKey(name, Accepted.bytes(range), summary) { value, target throws(DocumentError) in
            target[keyPath: path] = try value.bytes(in: range)
        }
    }

    static func time(_ name: String, _ path: any Path<TimeSpan>, _ range: ClosedRange<TimeSpan>, _ summary: String) -> ConfigKey {
        ConfigKey(name, Accepted.time(range), summary) { value, target throws(DocumentError) in
            target[keyPath: path] = try value.time(in: range)
        }
    }

    static func optionalTime(_ name: String, _ path: any Path<TimeSpan?>, _ range: ClosedRange<TimeSpan>, _ summary: String) -> ConfigKey {
        ConfigKey(name, Accepted.time(range), summary) { value, target throws(DocumentError) in
            target[keyPath: path] = try value.time(in: range)
        }
    }

    static func groups(_ name: String, _ path: any Path<[String]>, _ summary: String) -> ConfigKey {
        ConfigKey(name, Accepted.groups, summary) { value, target throws(DocumentError) in target[keyPath: path] = try value.words() }
    }

    /// A map of keys of its own.
    static func section<Inner>(_ name: String, _ path: any Path<Inner>, _ keys: [ConfigKey<Inner>], _ summary: String) -> ConfigKey {
        ConfigKey(name, "a map of " + keys.map(\.name).joined(separator: ", "), summary) { value, target throws(DocumentError) in
            try readKeys(keys, of: value, into: &target[keyPath: path])
        }
    }
}

/// Reads a map by its keys; refuses unknown and doubled ones.
func readKeys<Target>(_ keys: [ConfigKey<Target>], of value: ConfigValue, into target: inout Target) throws(DocumentError) {
    var seen: Set<String> = []
    for entry in try value.entries() {
        let typed = normalizedName(entry.key)
        let path = (value.path.isEmpty ? "" : value.path + ".") + DocumentText.oneLine(String(entry.key.prefix(64)))
        guard let key = keys.first(where: { normalizedName($0.name) == typed }) else {
            throw DocumentError(
                line: entry.line, field: path, found: "an unknown key", accepted: keys.map(\.name).sorted().joined(separator: ", "),
                nearest: NearestName.of(entry.key, in: keys.map(\.name)))
        }
        guard seen.insert(typed).inserted else {
            throw DocumentError(line: entry.line, field: path, found: "the key a second time", accepted: "each key once")
        }
        // `ledger:` with nothing behind it says what leaving it out says.
        if case .null = entry.value.content { continue }
        try key.read(value.with(entry.value, path, accepted: key.accepted), &target)
    }
}
