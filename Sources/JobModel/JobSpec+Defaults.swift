/// What stands in for absent fields when the queue says nothing: contract §4.
public struct JobDefaults: Hashable, Sendable, Codable {
    public var image: String
    /// Exclusive cores of a job that asks for neither `cores` nor `cpu`.
    public var cores: Int
    /// Of a job that names no memory, for each core or started CPU of quota.
    public var memoryPerCore: Bytes
    public var swap: Bytes
    public var pids: Int
    public var scratch: Bytes
    public var scratchInodes: Int?
    public var timeLimit: TimeSpan
    public var logLimit: Bytes
    public var gracePeriod: TimeSpan
    public var sharedMemory: Bytes

    public init(
        image: String = "busybox", cores: Int = 1, memoryPerCore: Bytes = .gibibytes(1), swap: Bytes = .zero, pids: Int = 4096,
        scratch: Bytes = .gibibytes(10), scratchInodes: Int? = nil, timeLimit: TimeSpan = .hours(1), logLimit: Bytes = .mebibytes(64),
        gracePeriod: TimeSpan = .seconds(10), sharedMemory: Bytes = .mebibytes(64)
    ) {
        self.image = image
        self.cores = cores
        self.memoryPerCore = memoryPerCore
        self.swap = swap
        self.pids = pids
        self.scratch = scratch
        self.scratchInodes = scratchInodes
        self.timeLimit = timeLimit
        self.logLimit = logLimit
        self.gracePeriod = gracePeriod
        self.sharedMemory = sharedMemory
    }
}

/// What the configuration offers and bounds, beside the queue.
public struct SiteLimits: Hashable, Sendable, Codable {
    /// Of every task, whatever its queue; only the per-task bounds and the time limit count here.
    public var maximum: ResourceLimits
    public var named: [NamedResource]
    /// Devices that everybody may ask for, with the most access.
    public var devices: [DeviceRequest]
    /// Groups whose members may use `network: host` in every queue.
    public var hostNetworkGroups: [String]

    public init(
        maximum: ResourceLimits = ResourceLimits(), named: [NamedResource] = [], devices: [DeviceRequest] = [],
        hostNetworkGroups: [String] = []
    ) {
        self.maximum = maximum
        self.named = named
        self.devices = devices
        self.hostNetworkGroups = hostNetworkGroups
    }
}

/// Who submits, as far as limits go.
public struct SubmitterRights: Hashable, Sendable {
    /// Names of the groups that the submitter belongs to.
    public var groups: [String]
    /// Operators are bound by no maximum, may use every queue and device, and may raise priority: contract §8.
    public var isOperator: Bool
    public init(groups: [String] = [], isOperator: Bool = false) {
        self.groups = groups
        self.isOperator = isOperator
    }
}

/// A spec with every default filled in, and what the scheduler counts.
public struct ResolvedSpec: Hashable, Sendable {
    public var spec: JobSpec
    public var demand: ResourceDemand
    public var timeLimit: TimeSpan
    public init(spec: JobSpec, demand: ResourceDemand, timeLimit: TimeSpan) {
        self.spec = spec
        self.demand = demand
        self.timeLimit = timeLimit
    }
}
