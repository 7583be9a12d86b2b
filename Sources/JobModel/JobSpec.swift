/// What a user asks for: the one model that YAML files, script directives and flags all reach, and that the API carries as JSON.
///
/// Absent fields take the defaults of the queue, then those of `berthd.yaml` (contract: docs/job-spec.md).
public struct JobSpec: Hashable, Sendable, Codable {
    /// The version of this JSON form.
    public static let version = 1

    public var name: String?
    /// `user/name:tag` or an operator's `name:tag`.
    public var image: String?
    /// The program and its arguments; with `script`, the arguments given to it.
    public var command: [String]?
    /// A whole script, stored at submit; its `#!` line names the interpreter (`/bin/sh` without one).
    public var script: String?
    public var user: JobUser?
    public var array: ArraySpec?
    public var batch: String?
    public var queue: String?
    public var resources = ResourceRequest()
    /// Devices of the machine that the job may open, beyond the default ones.
    public var devices: [DeviceRequest]?
    public var network: NetworkMode?
    public var mounts: [MountSpec]?
    public var environment: [String: String]?
    /// Absolute; without it the directory of the submit, else the image's.
    public var workingDirectory: String?
    /// The directory of the submit, bound read-write at its own path unless `mounts` is given (contract §4); nil with `--no-cwd`.
    public var submitDirectory: String?
    public var output: OutputSpec?
    public var error: OutputSpec?
    public var input: String?
    public var timeLimit: TimeSpan?
    /// Not before this moment.
    public var begin: WallTime?
    /// Users may lower it (negative); operators may raise it.
    public var priority: Int?
    public var retries: RetryPolicy?
    public var rerun: RerunPolicy?
    public var dependencies: [Dependency]?
    /// How much output is kept in the log (head and tail together).
    public var logLimit: Bytes?
    public var warning: WarningSignal?
    /// Sent whenever the memory in use comes to a share of the limit.
    public var memorySignals: [MemorySignal]?
    /// Sent at the end of a time limit and by cancel; without it the image's, else TERM.
    public var stopSignal: String?
    /// Between the stop signal and the kill.
    public var gracePeriod: TimeSpan?
    /// Soft and hard limit by name, such as `nofile`.
    public var rlimits: [String: ResourceLimit]?
    /// Namespaced keys only.
    public var sysctls: [String: String]?
    /// A subset of the default set, such as `CAP_CHOWN`; nil: the default set.
    public var capabilities: [String]?
    /// Such as 0o022.
    public var umask: UInt32?
    public var sharedMemory: Bytes?
    /// Lets the job submit to its own batch through the socket.
    public var api: Bool?
    /// The job takes a terminal (`berth run -t`).
    public var terminal: TerminalSize?
    /// The job waits for a client's input on descriptor 0 (`berth run -i`).
    public var interactive: Bool?
    /// Accepted but held until released.
    public var hold: Bool?
    /// Free words for listing and filtering.
    public var tags: [String]?

    public init() {}
}

/// As whom the job starts: contract §7.
public enum JobUser: Hashable, Sendable {
    /// The submitter; the default.
    case submitter
    /// The user that the image's config names.
    case image
    /// A user of the image by number.
    case id(UInt32, group: UInt32?)
}

/// Which indices an array has and how many of its tasks may be active at once (`0-99%10`).
public struct ArraySpec: Hashable, Sendable, Codable {
    public var indices: IntervalSet
    public var limit: Int?
    public init(indices: IntervalSet, limit: Int? = nil) {
        self.indices = indices
        self.limit = limit
    }
}

/// What the scheduler gives and the groups enforce.
public struct ResourceRequest: Hashable, Sendable, Codable {
    /// Whole, exclusive cores.
    public var cores: Int?
    /// A quota on the shared pool in thousandths of a CPU.
    public var cpuMillis: Int?
    public var memory: Bytes?
    /// What the job is left when the machine's memory is short; at most `memory`.
    public var memorySoft: Bytes?
    /// Beyond memory; zero: no swap.
    public var swap: Bytes?
    /// By size; of others the job gets none.
    public var hugePages: [HugePages]?
    public var pids: Int?
    public var io: [IOLimit]?
    /// Share of contended disks, 1 to 10,000, 100 being the usual.
    public var ioWeight: Int?
    /// Named, counted resources, such as `gpu: 2`; or chosen instances.
    public var named: [String: NamedRequest]?
    public var scratch: Bytes?
    public var scratchInodes: Int?
    public var scratchKind: ScratchKind?
    public init() {}
}

public enum NamedRequest: Hashable, Sendable {
    case count(Int)
    case instances([String])

    public var count: Int {
        switch self {
        case .count(let n): n
        case .instances(let names): names.count
        }
    }
}

/// `disk`: a directory with a limit on the state file system. `memory`: a tmpfs, counted against the job's memory.
public enum ScratchKind: String, Hashable, Sendable, SpecWord { case disk, memory }

/// A throttle on the disk that carries `path`; without a path, on the disk that carries the job's scratch.
public struct IOLimit: Hashable, Sendable, Codable {
    public var path: String?
    public var readBytesPerSecond: UInt64?
    public var writeBytesPerSecond: UInt64?
    public var readOperationsPerSecond: UInt64?
    public var writeOperationsPerSecond: UInt64?
    public init() {}
}

public struct DeviceRequest: Hashable, Sendable, Codable {
    public var path: String
    /// Any of `r`, `w`, `m`.
    public var access: String
    public init(path: String, access: String) {
        self.path = path
        self.access = access
    }
}

public enum NetworkMode: String, Hashable, Sendable, SpecWord {
    /// A namespace of its own with loopback only.
    case none
    /// The machine's; for groups and queues that the configuration allows.
    case host
}

public struct MountSpec: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, SpecWord { case bind, tmpfs }
    public var kind: Kind
    /// Of a bind: an absolute path of the machine, opened with the submitter's rights at start.
    public var source: String?
    /// Absolute, inside the container.
    public var target: String
    public var readOnly: Bool
    /// Of a tmpfs.
    public var size: Bytes?

    public init(kind: Kind, source: String? = nil, target: String, readOnly: Bool = false, size: Bytes? = nil) {
        self.kind = kind
        self.source = source
        self.target = target
        self.readOnly = readOnly
        self.size = size
    }
}

/// A file of the submitter's; `%j %a %A` stand for job, index and attempt.
public struct OutputSpec: Hashable, Sendable, Codable {
    public var path: String
    public var append: Bool
    public init(path: String, append: Bool = false) {
        self.path = path
        self.append = append
    }
}

/// How often, after which outcomes and how long after its end a task is tried again.
public struct RetryPolicy: Hashable, Sendable, Codable {
    public var count: Int
    /// Names of `AttemptOutcome.Kind`; empty: failed, killed, timedOut, outOfMemory and startFailed.
    public var outcomes: [AttemptOutcome.Kind]
    /// Before the first retry; doubled for each further one.
    public var backoff: TimeSpan
    public init(count: Int, outcomes: [AttemptOutcome.Kind] = [], backoff: TimeSpan = .zero) {
        self.count = count
        self.outcomes = outcomes
        self.backoff = backoff
    }
}

public enum RerunPolicy: String, Hashable, Sendable, SpecWord {
    case never
    /// After `nodeLost` and `monitorLost`.
    case onLoss = "on-loss"
}

/// Sees *task* outcomes: contract §3.
public struct Dependency: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, SpecWord { case after, afterany, afterok, afternotok, aftercorr }
    public var kind: Kind
    public var job: JobID
    /// One index of an array; nil: the whole job.
    public var index: TaskIndex?
    public init(kind: Kind, job: JobID, index: TaskIndex? = nil) {
        self.kind = kind
        self.job = job
        self.index = index
    }
}

public struct WarningSignal: Hashable, Sendable, Codable {
    /// Without `SIG`, such as `USR1`.
    public var signal: String
    /// Before the time limit.
    public var before: TimeSpan
    public init(signal: String, before: TimeSpan) {
        self.signal = signal
        self.before = before
    }
}

/// A signal at a share of the memory limit.
public struct MemorySignal: Hashable, Sendable, Codable {
    /// Without `SIG`, such as `USR1`.
    public var signal: String
    /// Of the memory limit.
    public var percent: Int
    public init(signal: String, percent: Int) {
        self.signal = signal
        self.percent = percent
    }
}

/// Soft and hard limit; nil: unlimited.
public struct ResourceLimit: Hashable, Sendable, Codable {
    public var soft: UInt64?
    public var hard: UInt64?
    public init(soft: UInt64?, hard: UInt64?) {
        self.soft = soft
        self.hard = hard
    }
}

public struct TerminalSize: Hashable, Sendable, Codable {
    public var rows: UInt16
    public var columns: UInt16
    public init(rows: UInt16, columns: UInt16) {
        self.rows = rows
        self.columns = columns
    }
}
