/// A job spec from outside: its JSON form with every unknown field refused, by path and with the nearest name.
///
/// `JobSpec` itself passes over fields it does not know, so that what a newer version stored can still be read.
public struct StrictJobSpec: Decodable {
    public let spec: JobSpec

    public init(from decoder: any Decoder) throws {
        try Self.check(decoder, Self.fields)
        let container = try decoder.container(keyedBy: AnyKey.self)
        for (key, fields) in Self.objects where container.contains(AnyKey(key)) {
            guard try !container.decodeNil(forKey: AnyKey(key)) else { continue }
            try Self.check(try container.superDecoder(forKey: AnyKey(key)), fields)
        }
        for (key, fields) in Self.lists where container.contains(AnyKey(key)) {
            guard try !container.decodeNil(forKey: AnyKey(key)) else { continue }
            try Self.checkList(container, key, fields)
        }
        spec = try JobSpec(from: decoder)
        // Only here it is known that `resources` is an object and these are lists.
        let inner = [("io", spec.resources.io != nil, Self.limitFields), ("hugePages", spec.resources.hugePages != nil, Self.hugePageFields)]
        for (key, isThere, fields) in inner where isThere {
            try Self.checkList(try container.nestedContainer(keyedBy: AnyKey.self, forKey: AnyKey("resources")), key, fields)
        }
    }

    // Found once: looking into a value takes longer than reading the spec.
    private static let fields = names(in: JobSpec())
    private static let limitFields = names(in: IOLimit())
    private static let hugePageFields = names(in: HugePages(size: .zero, bytes: .zero))
    private static let objects: [(String, [String])] = [
        ("resources", names(in: ResourceRequest())), ("array", names(in: ArraySpec(indices: IntervalSet()))),
        ("output", names(in: OutputSpec(path: ""))), ("error", names(in: OutputSpec(path: ""))),
        ("retries", names(in: RetryPolicy(count: 0))), ("warning", names(in: WarningSignal(signal: "", before: .zero))),
        ("terminal", names(in: TerminalSize(rows: 1, columns: 1))),
    ]
    private static let lists: [(String, [String])] = [
        ("mounts", names(in: MountSpec(kind: .bind, target: ""))), ("devices", names(in: DeviceRequest(path: "", access: ""))),
        ("dependencies", names(in: Dependency(kind: .after, job: JobID(1)))),
        ("memorySignals", names(in: MemorySignal(signal: "", percent: 1))),
    ]

    /// The names of the JSON form are those of the stored properties.
    private static func names(in sample: Any) -> [String] { Mirror(reflecting: sample).children.compactMap(\.label) }

    private static func checkList(_ container: KeyedDecodingContainer<AnyKey>, _ key: String, _ fields: [String]) throws {
        var items = try container.nestedUnkeyedContainer(forKey: AnyKey(key))
        while !items.isAtEnd { try check(try items.superDecoder(), fields) }
    }

    private static func check(_ decoder: any Decoder, _ fields: [String]) throws {
        try decoder.container(keyedBy: AnyKey.self).refuseUnknown(fields)
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
        guard let unknown = allKeys.map(\.stringValue).filter({ !known.contains($0) }).min() else { return }
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
