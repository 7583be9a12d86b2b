/// The fields of a job as command-line flags: texts as typed, nil or empty when absent. They win over directives and files.
///
/// Parsers, accepted texts and help lines are those of the field table (`JobField.all`); `berth` only fills this in.
public struct SpecFlags: Hashable, Sendable {
    public var name: String?
    public var image: String?
    /// The words after `--`, taken as they are.
    public var command: [String] = []
    /// `--wrap`: the text of a script.
    public var script: String?
    public var user: String?
    public var array: String?
    public var batch: String?
    public var queue: String?
    public var cores: String?
    public var cpu: String?
    public var memory: String?
    public var memorySoft: String?
    public var swap: String?
    public var hugePages: [String] = []
    public var pids: String?
    public var io: [String] = []
    public var resources: [String] = []
    public var scratch: String?
    public var scratchKind: String?
    public var scratchInodes: String?
    public var devices: [String] = []
    public var network: String?
    public var mounts: [String] = []
    public var environment: [String] = []
    public var export: String?
    public var workingDirectory: String?
    /// False for `--no-cwd`.
    public var cwd: Bool?
    public var output: String?
    public var error: String?
    public var input: String?
    public var timeLimit: String?
    public var begin: String?
    public var priority: String?
    public var retries: String?
    public var rerun: String?
    public var dependencies: [String] = []
    public var logLimit: String?
    public var warningSignal: String?
    public var memorySignal: [String] = []
    public var stopSignal: String?
    public var gracePeriod: String?
    public var rlimits: [String] = []
    public var sysctls: [String] = []
    public var capabilities: [String] = []
    public var umask: String?
    public var shmSize: String?
    public var api: Bool?
    public var hold: Bool?
    public var tags: [String] = []

    public init() {}
}
