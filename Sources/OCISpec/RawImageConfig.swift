/// An image's config as it stands in an archive, decoded with tolerance and not yet believed: `ImageConfig.init(validating:)` does that
/// (OCI image specification, "Image Configuration"; field names are Docker's).
public struct RawImageConfig: Hashable, Sendable, Decodable {
    /// As Go names it.
    public var architecture: String?
    /// `linux`.
    public var os: String?
    /// Such as `v8`.
    public var variant: String?
    /// RFC 3339.
    public var created: String?
    /// How it wants to be run.
    public var config: Execution?
    /// What it consists of.
    public var rootfs: RootFilesystem?

    /// The uncompressed layers' digests, lowest first.
    public struct RootFilesystem: Hashable, Sendable, Decodable {
        /// `layers`.
        public var type: String?
        /// Lowest first.
        public var diffIDs: [ContentDigest]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    /// How the image wants to be run.
    public struct Execution: Hashable, Sendable, Decodable {
        /// `User`: name or number, perhaps with a group.
        public var user: String?
        /// `Env`: NAME=value.
        public var env: [String]?
        /// `Entrypoint`.
        public var entrypoint: StringList?
        /// `Cmd`.
        public var cmd: StringList?
        /// `WorkingDir`.
        public var workingDir: String?
        /// `StopSignal`.
        public var stopSignal: String?
        /// `Labels`.
        public var labels: [String: String]?
        /// `ExposedPorts`: `80/tcp`.
        public var exposedPorts: KeySet?
        /// `Volumes`: paths.
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
        /// In order.
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
        /// Sorted.
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
