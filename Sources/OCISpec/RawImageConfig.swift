/// An image's config as it stands in an archive, decoded with tolerance and not yet believed: `ImageConfig.init(validating:)` does that
/// (OCI image specification, "Image Configuration"; field names are Docker's).
public struct RawImageConfig: Hashable, Sendable, Decodable {
    public var architecture: String?
    public var os: String?
    public var variant: String?
    /// RFC 3339.
    public var created: String?
    public var config: Execution?
    public var rootfs: RootFilesystem?

    /// The uncompressed layers' digests, lowest first.
    public struct RootFilesystem: Hashable, Sendable, Decodable {
        public var type: String?
        public var diffIDs: [ContentDigest]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    /// How the image wants to be run.
    public struct Execution: Hashable, Sendable, Decodable {
        public var user: String?
        public var env: [String]?
        public var entrypoint: StringList?
        public var cmd: StringList?
        public var workingDir: String?
        public var stopSignal: String?
        public var labels: [String: String]?
        public var exposedPorts: KeySet?
        public var volumes: KeySet?

        enum CodingKeys: String, CodingKey {
            case user = "User"
            case env = "Env"
            case entrypoint = "Entrypoint"
            case cmd = "Cmd"
            case workingDir = "WorkingDir"
            case stopSignal = "StopSignal"
            case labels = "Labels"
            case exposedPorts = "ExposedPorts"
            case volumes = "Volumes"
        }
    }

    /// A list that old builders wrote as one string.
    public struct StringList: Hashable, Sendable, Decodable {
        public var items: [String]

        public init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                items = [one]
            } else {
                items = try container.decode([String].self)
            }
        }
    }

    /// A Go set: an object whose values are empty objects.
    public struct KeySet: Hashable, Sendable, Decodable {
        public var keys: [String]

        private struct AnyKey: CodingKey {
            let stringValue: String
            init(stringValue: String) { self.stringValue = stringValue }
            var intValue: Int? { nil }
            init?(intValue: Int) { return nil }
        }

        public init(from decoder: any Decoder) throws {
            keys = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
        }
    }
}
