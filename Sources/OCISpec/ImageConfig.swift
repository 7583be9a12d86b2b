/// What an image says about how it wants to be run, after validation. Only a wish: what a job may do comes from its own spec.
public struct ImageConfig: Hashable, Sendable, Codable {
    /// The program and its fixed arguments; empty when the image names none.
    public var entrypoint: [String]
    /// The default command, or default arguments of the entry point.
    public var command: [String]
    /// `NAME=value`, in the image's order.
    public var environment: [String]
    /// Nil: root of the image.
    public var user: ImageUser?
    /// Absolute.
    public var workingDirectory: String
    /// A signal's number.
    public var stopSignal: Int32?
    /// For display only: no label ever reaches an action on the host (CVE-2026-47262).
    public var labels: [String: String]
    /// For display only: `80/tcp`.
    public var exposedPorts: [String]
    /// As Go names it: `amd64`.
    public var architecture: String
    /// RFC 3339, as the builder wrote it.
    public var created: String?

    /// A config with the given parts; nothing is checked.
    public init(
        entrypoint: [String] = [], command: [String] = [], environment: [String] = [ImageConfig.defaultPath], user: ImageUser? = nil,
        workingDirectory: String = "/", stopSignal: Int32? = nil, labels: [String: String] = [:], exposedPorts: [String] = [],
        architecture: String, created: String? = nil
    ) {
        self.entrypoint = entrypoint
        self.command = command
        self.environment = environment
        self.user = user
        self.workingDirectory = workingDirectory
        self.stopSignal = stopSignal
        self.labels = labels
        self.exposedPorts = exposedPorts
        self.architecture = architecture
        self.created = created
    }

    /// The path that Docker gives to images that set none.
    public static let defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

/// The `User` of an image config: `name`, `uid`, either with `:group` or `:gid`. Names are looked up in the image's own files
/// by the import helper, which reports numbers.
public struct ImageUser: Hashable, Sendable {
    /// A name or a number.
    public enum Reference: Hashable, Sendable {
        case name(String)
        case number(UInt32)
    }

    /// Who.
    public var user: Reference
    /// Nil: the user's own group in the image.
    public var group: Reference?

    /// A user and perhaps a group.
    public init(user: Reference, group: Reference? = nil) {
        self.user = user
        self.group = group
    }

    /// Numbers above this become another number in a signed 32-bit field elsewhere, root's included (CVE-2024-40635).
    public static let highestNumber: UInt32 = 0x7FFF_FFFF
}

extension ImageUser: LosslessStringConvertible, Codable {
    /// Nil when it is neither names of 1 to 256 plain characters nor numbers up to 2147483647.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = Reference(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(user: user)
            return
        }
        guard let group = Reference(parts[1]) else { return nil }
        self.init(user: user, group: group)
    }

    public var description: String { group.map { "\(user):\($0)" } ?? "\(user)" }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let user = ImageUser(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a user of an image")
        }
        self = user
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension ImageUser.Reference: CustomStringConvertible {
    init?(_ text: Substring) {
        let bytes = text.utf8
        guard (1...256).contains(bytes.count) else { return nil }
        if bytes.allSatisfy({ (0x30...0x39).contains($0) }) {
            guard let number = UInt32(text), number <= ImageUser.highestNumber else { return nil }
            self = .number(number)
            return
        }
        // What begins like a number or a sign and is none would be read as one by somebody.
        guard let first = bytes.first, !(0x30...0x39).contains(first), first != 0x2D, first != 0x2B else { return nil }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != 0x2F && $0 != 0x3A }) else { return nil }
        self = .name(String(text))
    }

    public var description: String {
        switch self {
        case .name(let name): name
        case .number(let number): String(number)
        }
    }
}
