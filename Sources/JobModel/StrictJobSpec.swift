/// A job spec from outside: its JSON form with every unknown field refused, by path and with the nearest name.
///
/// `JobSpec` itself passes over fields it does not know, so that what a newer version stored can still be read.
public struct StrictJobSpec: Decodable {
    public let spec: JobSpec

    public init(from decoder: any Decoder) throws {
        try Self.check(decoder, like: JobSpec())
        let container = try decoder.container(keyedBy: AnyKey.self)
        for (key, sample) in Self.objects where container.contains(AnyKey(key)) {
            guard try !container.decodeNil(forKey: AnyKey(key)) else { continue }
            try Self.check(try container.superDecoder(forKey: AnyKey(key)), like: sample)
        }
        for (key, sample) in Self.lists where container.contains(AnyKey(key)) {
            guard try !container.decodeNil(forKey: AnyKey(key)) else { continue }
            try Self.checkList(container, key, like: sample)
        }
        spec = try JobSpec(from: decoder)
        // Only here it is known that `resources` is an object and `io` a list.
        guard spec.resources.io != nil else { return }
        let resources = try container.nestedContainer(keyedBy: AnyKey.self, forKey: AnyKey("resources"))
        try Self.checkList(resources, "io", like: IOLimit())
    }

    private static let objects: [(String, any Sendable)] = [
        ("resources", ResourceRequest()), ("array", ArraySpec(indices: IntervalSet())), ("output", OutputSpec(path: "")),
        ("error", OutputSpec(path: "")), ("retries", RetryPolicy(count: 0)), ("warning", WarningSignal(signal: "", before: .zero)),
        ("terminal", TerminalSize(rows: 1, columns: 1)),
    ]
    private static let lists: [(String, any Sendable)] = [
        ("mounts", MountSpec(kind: .bind, target: "")), ("devices", DeviceRequest(path: "", access: "")),
        ("dependencies", Dependency(kind: .after, job: JobID(1))),
    ]

    private static func checkList(
        _ container: KeyedDecodingContainer<AnyKey>, _ key: String, like sample: any Sendable
    ) throws {
        var items = try container.nestedUnkeyedContainer(forKey: AnyKey(key))
        while !items.isAtEnd { try check(try items.superDecoder(), like: sample) }
    }

    /// The names of the JSON form are those of the stored properties.
    private static func check(_ decoder: any Decoder, like sample: any Sendable) throws {
        let known = Mirror(reflecting: sample).children.compactMap(\.label)
        let container = try decoder.container(keyedBy: AnyKey.self)
        try container.refuseUnknown(known)
    }
}

/// Any field of a JSON object.
struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ text: String) { stringValue = text }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension KeyedDecodingContainer<AnyKey> {
    fileprivate func refuseUnknown(_ known: [String]) throws {
        guard let unknown = allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) }) else { return }
        let hint = NearestName.of(unknown, in: known).map { "; the nearest name is '\($0)'" } ?? ""
        throw DecodingError.dataCorrupted(
            .init(
                codingPath: codingPath + [AnyKey(unknown)],
                debugDescription: "found an unknown field, accepted \(known.joined(separator: ", "))\(hint)"))
    }
}

extension Decoder {
    /// Refuses an object with a field that is not among the known ones, by its path and with the nearest name.
    public func refuseUnknownFields(_ known: [String]) throws { try container(keyedBy: AnyKey.self).refuseUnknown(known) }
}
