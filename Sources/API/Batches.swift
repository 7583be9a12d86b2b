public import JobModel

/// `GET /v1/batches` and `GET /v1/batches/show`.
public struct BatchRequest: QueryRequest {
    /// Of `show`.
    public var name: String?
    /// A name or number; the peer without one. `all` is every user's that the peer may see.
    public var user: String?
    /// Those without living jobs too.
    public var all: Bool

    public init(name: String? = nil, user: String? = nil, all: Bool = false) {
        self.name = name
        self.user = user
        self.all = all
    }

    public init(query: Query) throws(APIError) {
        self.init(name: query["name"], user: query["user"], all: query.flag("all"))
    }

    public var query: Query {
        var query = Query()
        query.add("name", name)
        query.add("user", user)
        query.add(flag: "all", all)
        return query
    }
}

/// The body of `batches/pause|resume|hold|release|cancel`: on the batch object, one write, members yet to come included.
public struct BatchActionRequest: Hashable, Sendable, Codable {
    public var name: String
    public var user: String?
    public var dryRun: Bool?
    public var asOperator: Bool?
    public var reason: String?
    public var keepCores: Bool?
    /// Of `cancel`.
    public var grace: TimeSpan?
    public init(name: String, user: String? = nil) {
        self.name = name
        self.user = user
    }
}

public struct BatchView: Hashable, Sendable, Codable {
    public var owner: UserID
    public var ownerName: String
    public var name: String
    public var holds: [Hold]
    public var jobs: Int
    public var counts: TaskCounts
    /// Cores given to running members now.
    public var cores: Int
    public var memory: Bytes
    public var firstSubmittedAt: WallTime?
    public var lastEndedAt: WallTime?
    /// Of ended attempts, microseconds.
    public var cpuMicroseconds: UInt64?

    public init(
        owner: UserID, ownerName: String, name: String, holds: [Hold] = [], jobs: Int = 0, counts: TaskCounts = TaskCounts(), cores: Int = 0,
        memory: Bytes = .zero
    ) {
        self.owner = owner
        self.ownerName = ownerName
        self.name = name
        self.holds = holds
        self.jobs = jobs
        self.counts = counts
        self.cores = cores
        self.memory = memory
    }
}

public struct BatchListReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var batches: [BatchView]
    public init(_ batches: [BatchView]) { self.batches = batches }
}

public struct BatchReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var batch: BatchView
    /// Of an action.
    public var tasks: Int?
    public init(_ batch: BatchView, tasks: Int? = nil) {
        self.batch = batch
        self.tasks = tasks
    }
}
