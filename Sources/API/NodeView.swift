public import JobModel

/// `GET /v1/version`: cheap; also what tells that the daemon answers.
public struct VersionReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    /// Of `berthd`.
    public var daemon: String
    public var pid: Int32
    public var startedAt: WallTime
    public init(daemon: String, pid: Int32, startedAt: WallTime) {
        self.daemon = daemon
        self.pid = pid
        self.startedAt = startedAt
    }
}

/// `GET /v1/node`: the machine, what is free of it, and what jobs get by default.
public struct NodeReply: Hashable, Sendable, Codable {
    /// A queue with what is used of it.
    public struct Queue: Hashable, Sendable, Codable {
        public var definition: QueueDefinition
        public var counts: TaskCounts
        public init(_ definition: QueueDefinition, counts: TaskCounts) {
            self.definition = definition
            self.counts = counts
        }
    }

    /// A named resource with what is free.
    public struct Named: Hashable, Sendable, Codable {
        public var name: String
        public var instances: [String]
        public var free: [String]
        public init(name: String, instances: [String], free: [String]) {
            self.name = name
            self.instances = instances
            self.free = free
        }
    }

    /// Huge pages of one size.
    public struct HugePagePool: Hashable, Sendable, Codable {
        public var size: Bytes
        public var total: Bytes
        public var free: Bytes
        public init(size: Bytes, total: Bytes, free: Bytes) {
            self.size = size
            self.total = total
            self.free = free
        }
    }

    /// The file system of the state directory.
    public struct Disk: Hashable, Sendable, Codable {
        public var free: Bytes
        /// Kept for the database alone, and what stands of it.
        public var reserve: Bytes
        public var held: Bytes
        public init(free: Bytes, reserve: Bytes, held: Bytes) {
            self.free = free
            self.reserve = reserve
            self.held = held
        }
    }

    public var version = APIVersion.current
    public var now: WallTime
    public var name: String
    public var daemon: String
    public var startedAt: WallTime
    public var kernel: String
    public var shape: MachineShape
    /// Kept back for the system.
    public var reservedCpus: CpuSet
    public var reservedMemory: Bytes
    /// For exclusive cores; the rest is the shared pool.
    public var freeCpus: CpuSet
    public var sharedCpus: CpuSet
    public var freeMemory: Bytes
    /// Nil: the machine has none.
    public var hugePages: [HugePagePool]?
    public var disk: Disk?
    /// The disks that go by a job's io weight, or why none does.
    public var ioWeight: String?
    public var scratchTotal: Bytes?
    public var freeScratch: Bytes?
    /// What limits scratch on disk: `project quota`, `btrfs qgroup`.
    public var scratchMethod: String
    /// `v1`, `hybrid` or `v2`, and where Berth's parent group lies.
    public var cgroupLayout: String
    public var cgroupParent: String
    public var defaultImage: String?
    public var defaults: ResourceRequest
    public var defaultTimeLimit: TimeSpan
    public var queues: [Queue]
    public var named: [Named]
    public var counts: TaskCounts

    public init(
        now: WallTime, name: String, daemon: String, startedAt: WallTime, kernel: String, shape: MachineShape, reservedCpus: CpuSet,
        reservedMemory: Bytes, freeCpus: CpuSet, sharedCpus: CpuSet, freeMemory: Bytes, scratchMethod: String, cgroupLayout: String,
        cgroupParent: String, defaults: ResourceRequest, defaultTimeLimit: TimeSpan, queues: [Queue], named: [Named], counts: TaskCounts
    ) {
        self.now = now
        self.name = name
        self.daemon = daemon
        self.startedAt = startedAt
        self.kernel = kernel
        self.shape = shape
        self.reservedCpus = reservedCpus
        self.reservedMemory = reservedMemory
        self.freeCpus = freeCpus
        self.sharedCpus = sharedCpus
        self.freeMemory = freeMemory
        self.scratchMethod = scratchMethod
        self.cgroupLayout = cgroupLayout
        self.cgroupParent = cgroupParent
        self.defaults = defaults
        self.defaultTimeLimit = defaultTimeLimit
        self.queues = queues
        self.named = named
        self.counts = counts
    }
}

/// One check of `berth doctor`, by the daemon or by the client.
public struct DoctorCheck: Hashable, Sendable, Codable {
    public enum State: String, Hashable, Sendable, Codable, CaseIterable {
        case ok
        /// Works with less.
        case warning
        /// Berth cannot run so: the machine lacks something.
        case missing
        /// Berth cannot run so: what is there is full, damaged or in the way.
        case broken
    }
    public var name: String
    public var state: State
    /// What was found.
    public var detail: String
    /// The exact command that mends it.
    public var remedy: String?
    public init(_ name: String, _ state: State, _ detail: String, remedy: String? = nil) {
        self.name = name
        self.state = state
        self.detail = detail
        self.remedy = remedy
    }
}

/// `GET /v1/doctor`.
public struct DoctorReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var checks: [DoctorCheck]
    public init(_ checks: [DoctorCheck]) { self.checks = checks }
}

/// `POST /v1/purge`: forget finished jobs, their logs and ledger rows.
public struct PurgeRequest: Hashable, Sendable, Codable {
    /// Finished before this moment.
    public var before: WallTime?
    /// Narrowed to these; the peer's own without ids and user.
    public var selection: Selection
    /// Keep the ledger's rows, so that reports stay.
    public var keepAccounts: Bool?
    /// The newest so many of the selected jobs stay.
    public var keepNewest: Int?
    public var dryRun: Bool?
    public init(before: WallTime? = nil, selection: Selection = Selection()) {
        self.before = before
        self.selection = selection
    }
}

public struct PurgeReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var jobs: Int
    public var attempts: Int
    public var freed: Bytes
    public init(jobs: Int, attempts: Int, freed: Bytes) {
        self.jobs = jobs
        self.attempts = attempts
        self.freed = freed
    }
}
