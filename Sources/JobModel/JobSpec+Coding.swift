extension JobUser: Codable, CustomStringConvertible {
    /// `submitter`, `image`, `1000` or `1000:100`.
    public var description: String {
        switch self {
        case .submitter: "submitter"
        case .image: "image"
        case .id(let user, let group): group.map { "\(user):\($0)" } ?? "\(user)"
        }
    }

    /// What `init(text:)` accepts, for error messages.
    public static let accepted = "submitter, image, or a user number below 65536 with an optional group, such as 1000 or 1000:100"

    public init?(text: String) {
        switch text {
        case "submitter": self = .submitter
        case "image": self = .image
        default:
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
            guard (1...2).contains(parts.count), parts.allSatisfy({ ($0 ?? .max) < 65536 }), let user = parts[0] else { return nil }
            self = .id(user, group: parts.count == 2 ? parts[1] : nil)
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "found \(DocumentText.quoted(text)), accepted \(Self.accepted)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension NamedRequest: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let count = try? container.decode(Int.self) { self = .count(count) } else { self = .instances(try container.decode([String].self)) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .count(let n): try container.encode(n)
        case .instances(let names): try container.encode(names)
        }
    }
}

/// What a JSON spec leaves out of its parts takes the same defaults as in a file.
extension KeyedDecodingContainer {
    /// Chosen by the decoding that the compiler writes for `JobSpec`: a spec without `resources` asks for nothing in particular.
    func decode(_: ResourceRequest.Type, forKey key: Key) throws -> ResourceRequest {
        try decodeIfPresent(ResourceRequest.self, forKey: key) ?? ResourceRequest()
    }
}

extension MountSpec {
    enum CodingKeys: String, CodingKey { case kind, source, target, readOnly, size }

    /// Without `readOnly` the mount is read-write.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decode(Kind.self, forKey: .kind)
        source = try container.decodeIfPresent(String.self, forKey: .source)
        target = try container.decode(String.self, forKey: .target)
        readOnly = try container.decodeIfPresent(Bool.self, forKey: .readOnly) ?? false
        size = try container.decodeIfPresent(Bytes.self, forKey: .size)
    }
}

extension OutputSpec {
    enum CodingKeys: String, CodingKey { case path, append }

    /// Without `append` the file is begun anew.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        path = try container.decode(String.self, forKey: .path)
        append = try container.decodeIfPresent(Bool.self, forKey: .append) ?? false
    }
}

extension RetryPolicy {
    enum CodingKeys: String, CodingKey { case count, outcomes, backoff }

    /// Without `outcomes` those that `outcomes` names when empty; without `backoff` at once.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        count = try container.decode(Int.self, forKey: .count)
        outcomes = try container.decodeIfPresent([AttemptOutcome.Kind].self, forKey: .outcomes) ?? []
        backoff = try container.decodeIfPresent(TimeSpan.self, forKey: .backoff) ?? .zero
    }
}
