public import JobModel

/// `GET /v1/images` and `images/show`, `POST /v1/images/import` (the body is the archive), `DELETE /v1/images`.
public struct ImageRequest: QueryRequest {
    /// `user/name:tag` or an operator's `name:tag`; without a tag `latest`, without a user the peer's own, then the operator's.
    public var name: String?
    /// Of a list: images of every user that the peer may see.
    public var all: Bool

    public init(name: String? = nil, all: Bool = false) {
        self.name = name
        self.all = all
    }

    public init(query: Query) throws(APIError) { self.init(name: query["name"], all: query.flag("all")) }

    public var query: Query {
        var query = Query()
        query.add("name", name)
        query.add(flag: "all", all)
        return query
    }
}

/// `POST /v1/images/tag`.
public struct ImageTagRequest: Hashable, Sendable, Codable {
    public var name: String
    public var newName: String
    public init(name: String, newName: String) {
        self.name = name
        self.newName = newName
    }
}

public struct ImageView: Hashable, Sendable, Codable {
    public struct Layer: Hashable, Sendable, Codable {
        public var digest: String
        public var size: Bytes
        public init(digest: String, size: Bytes) {
            self.digest = digest
            self.size = size
        }
    }

    /// Every name it has.
    public var names: [String]
    /// Of its config, `sha256:…`.
    public var digest: String
    public var size: Bytes
    public var createdAt: WallTime?
    public var importedAt: WallTime?
    public var layers: [Layer]
    public var architecture: String?
    /// Jobs that use it now.
    public var jobs: Int?
    public var entrypoint: [String]?
    public var command: [String]?
    public var environment: [String]?
    public var user: String?
    public var workingDirectory: String?
    public var stopSignal: String?

    public init(names: [String], digest: String, size: Bytes, layers: [Layer]) {
        self.names = names
        self.digest = digest
        self.size = size
        self.layers = layers
    }
}

public struct ImageReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var image: ImageView
    public init(_ image: ImageView) { self.image = image }
}

public struct ImageListReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var images: [ImageView]
    public init(_ images: [ImageView]) { self.images = images }
}

/// Of a removal: which names went, and how much was freed.
public struct ImageRemoveReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var removed: [String]
    public var freed: Bytes
    public init(removed: [String], freed: Bytes) {
        self.removed = removed
        self.freed = freed
    }
}
