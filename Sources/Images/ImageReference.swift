public import JobModel
public import OCISpec

/// What people call an image: `tools`, `tools:2`, `ada/model:latest`, `tools@sha256:…`. Names with a user in front are that user's, others the
/// operator's (contract.md §8). Without a tag it is `latest`; with a digest it is the image of that id among those of the name.
public struct ImageReference: Hashable, Comparable, Sendable {
    /// The login name in front; nil for the operator's.
    public let user: String?
    /// Without user and tag.
    public let name: String
    /// `latest` unless given.
    public let tag: String
    /// The image's id, when it is given.
    public let digest: ContentDigest?

    /// Nil unless `ImageName.isValid` holds for the whole.
    public init?(user: String? = nil, name: String, tag: String = "latest", digest: ContentDigest? = nil) {
        self.user = user
        self.name = name
        self.tag = tag
        self.digest = digest
        guard !name.contains(where: { "/:@".contains($0) }), ImageName.isValid(description) else { return nil }
    }

    public static func < (a: ImageReference, b: ImageReference) -> Bool { a.description < b.description }

    /// The same name as one of a user.
    public func of(user: String) -> ImageReference? { ImageReference(user: user, name: name, tag: tag, digest: digest) }
}

extension ImageReference: LosslessStringConvertible, Codable {
    /// Parses `[user/]name[:tag]` or `[user/]name@sha256:…`.
    public init?(_ text: String) {
        guard ImageName.isValid(text) else { return nil }
        let byDigest = text.split(separator: "@", maxSplits: 1)
        let parts = byDigest[0].split(separator: "/")
        let named = parts[parts.count - 1].split(separator: ":", maxSplits: 1)
        let digest = byDigest.count == 2 ? ContentDigest(String(byDigest[1])) : nil
        self.init(
            user: parts.count == 2 ? String(parts[0]) : nil, name: String(named[0]), tag: named.count == 2 ? String(named[1]) : "latest",
            digest: digest)
    }

    /// `[user/]name:tag`, or `[user/]name@sha256:…`.
    public var description: String {
        (user.map { $0 + "/" } ?? "") + name + (digest.map { "@\($0)" } ?? ":\(tag)")
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = ImageReference(try container.decode(String.self)) else {
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
    public func mayName(_ name: ImageReference) -> Bool {
        guard name.digest == nil else { return false }
        return switch self {
        case .operators: name.user == nil
        case .user(_, let login): name.user == login
        }
    }
}
