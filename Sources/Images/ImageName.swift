public import JobModel

/// What people call an image: `tools`, `tools:2`, `ada/model:latest`. Names with a user in front are that user's, others the operator's
/// (contract.md §8). Without a tag it is `latest`.
public struct ImageName: Hashable, Comparable, Sendable {
    /// The login name in front; nil for the operator's.
    public let user: String?
    public let name: String
    public let tag: String

    /// Nil unless each part is 1 to 128 of `a–z`, `0–9`, `.`, `_`, `-` beginning with a letter or digit; tags may have capitals, and users
    /// what login names have.
    public init?(user: String? = nil, name: String, tag: String = "latest") {
        guard Self.isPart(name, capitals: false), Self.isPart(tag, capitals: true) else { return nil }
        if let user, !Self.isPart(user, capitals: true) { return nil }
        self.user = user
        self.name = name
        self.tag = tag
    }

    private static func isPart(_ text: String, capitals: Bool) -> Bool {
        func isPlain(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || (capitals && (0x41...0x5A).contains(byte))
        }
        guard (1...128).contains(text.utf8.count), let first = text.utf8.first, isPlain(first) || first == 0x5F else { return false }
        return text.utf8.allSatisfy { isPlain($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
    }

    public static func < (a: ImageName, b: ImageName) -> Bool { a.description < b.description }

    /// What `init(_:)` takes, for error messages.
    public static let accepted = "an image name such as tools, tools:2 or ada/tools:2"
}

extension ImageName: LosslessStringConvertible, Codable {
    /// Parses `[user/]name[:tag]`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let last = parts.last else { return nil }
        let tagged = last.split(separator: ":", omittingEmptySubsequences: false)
        guard tagged.count <= 2 else { return nil }
        self.init(
            user: parts.count == 2 ? String(parts[0]) : nil, name: String(tagged[0]), tag: tagged.count == 2 ? String(tagged[1]) : "latest")
    }

    public var description: String { (user.map { $0 + "/" } ?? "") + name + ":" + tag }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = ImageName(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an image name")
        }
        self = name
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Whose an image is: decides the name's prefix and with whom layers are shared.
public enum ImageOwner: Hashable, Sendable {
    /// Unprefixed names; the operators' word is trusted for all.
    case operators
    /// Names with this login name in front.
    case user(UserID, name: String)

    /// The user's number; root's for the operators.
    public var id: UserID {
        switch self {
        case .operators: .root
        case .user(let id, _): id
        }
    }

    /// Whether the owner may give this name.
    public func mayName(_ name: ImageName) -> Bool {
        switch self {
        case .operators: name.user == nil
        case .user(_, let login): name.user == login
        }
    }
}
