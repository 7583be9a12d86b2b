/// A queue as the configuration defines it: a maximum of everything, defaults and a priority.
public struct QueueDefinition: Hashable, Sendable, Codable {
    public var name: String
    /// Added to the job's own.
    public var priority: Int
    public var defaults: ResourceRequest
    public var defaultTimeLimit: TimeSpan?
    public var maximum: ResourceLimits
    /// Groups whose members may use it; nil: everybody.
    public var groups: [String]?
    /// Groups whose members may use `network: host` in it.
    public var hostNetworkGroups: [String]

    public init(
        name: String, priority: Int = 0, defaults: ResourceRequest = ResourceRequest(), defaultTimeLimit: TimeSpan? = nil,
        maximum: ResourceLimits = ResourceLimits(), groups: [String]? = nil, hostNetworkGroups: [String] = []
    ) {
        self.name = name
        self.priority = priority
        self.defaults = defaults
        self.defaultTimeLimit = defaultTimeLimit
        self.maximum = maximum
        self.groups = groups
        self.hostNetworkGroups = hostNetworkGroups
    }
}

/// Upper bounds; nil: none.
public struct ResourceLimits: Hashable, Sendable, Codable {
    // Of one task.
    public var coresPerTask: Int?
    public var memoryPerTask: Bytes?
    public var scratchPerTask: Bytes?
    public var pidsPerTask: Int?
    /// Of all sizes together.
    public var hugePagesPerTask: Bytes?
    public var timeLimit: TimeSpan?
    public var logLimitPerTask: Bytes?
    // Of all that is active at once.
    public var activeTasks: Int?
    public var activeCores: Int?
    public var activeMemory: Bytes?
    // Of what waits.
    public var pendingTasks: Int?
    // Of what comes in.
    public var submitsPerSecond: Int?
    public init(logLimitPerTask: Bytes? = nil) { self.logLimitPerTask = logLimitPerTask }
}

/// A kind of named, counted resource from the configuration: GPUs, licences.
public struct NamedResource: Hashable, Sendable, Codable {
    public struct Instance: Hashable, Sendable, Codable {
        public var name: String
        public var devices: [DeviceRequest]
        public var environment: [String: String]
        public var memoryNode: MemoryNode?
        public init(name: String, devices: [DeviceRequest] = [], environment: [String: String] = [:], memoryNode: MemoryNode? = nil) {
            self.name = name
            self.devices = devices
            self.environment = environment
            self.memoryNode = memoryNode
        }
    }
    public var name: String
    public var instances: [Instance]
    public init(name: String, instances: [Instance]) {
        self.name = name
        self.instances = instances
    }
}
