public import JobModel

/// `POST /v1/jobs`: one job, or several that are accepted or refused together.
public struct SubmitRequest: Hashable, Sendable, Codable {
    /// A retry with the same key returns the ids of the first; 16 random bytes in hexadecimal.
    public var requestKey: RequestKey?
    public var jobs: [SubmittedSpec]
    /// Opens a session on the one job in the same step (`berth run`).
    public var session: RunSession?
    /// Checks everything and commits nothing; the reply has no ids.
    public var dryRun: Bool?

    public init(jobs: [SubmittedSpec], requestKey: RequestKey? = nil, session: RunSession? = nil) {
        self.jobs = jobs
        self.requestKey = requestKey
        self.session = session
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case requestKey, jobs, session, dryRun }

    /// Refuses unknown fields by path: a misspelt one must not be passed over.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownFields(CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        requestKey = try container.decodeIfPresent(RequestKey.self, forKey: .requestKey)
        jobs = try container.decode([SubmittedSpec].self, forKey: .jobs)
        session = try container.decodeIfPresent(RunSession.self, forKey: .session)
        dryRun = try container.decodeIfPresent(Bool.self, forKey: .dryRun)
    }
}

/// One job of a submit with its dependencies on other jobs of the same submit.
public struct SubmittedSpec: Hashable, Sendable, Codable {
    public var spec: JobSpec
    public var after: [PositionDependency]?

    public init(_ spec: JobSpec, after: [PositionDependency]? = nil) {
        self.spec = spec
        self.after = after
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case spec, after }

    /// Refuses unknown fields of the spec and beside it by path: see `StrictJobSpec`.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownFields(CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        spec = try container.decode(StrictJobSpec.self, forKey: .spec).spec
        after = try container.decodeIfPresent([PositionDependency].self, forKey: .after)
    }
}

/// A dependency on an earlier job of the same submit, by its position from 0; a position at or after its own is refused.
public struct PositionDependency: Hashable, Sendable, Codable {
    public var kind: Dependency.Kind
    public var position: Int
    public var index: TaskIndex?

    public init(kind: Dependency.Kind, position: Int, index: TaskIndex? = nil) {
        self.kind = kind
        self.position = position
        self.index = index
    }

    private enum CodingKeys: String, CodingKey, CaseIterable { case kind, position, index }

    /// Refuses unknown fields by path.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownFields(CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decode(Dependency.Kind.self, forKey: .kind)
        position = try container.decode(Int.self, forKey: .position)
        index = try container.decodeIfPresent(TaskIndex.self, forKey: .index)
    }
}

/// How the session of a `run` treats its job.
public struct RunSession: Hashable, Sendable, Codable {
    /// Cancel the job when the client is gone for `APILimit.clientLossMilliseconds` without having detached.
    public var cancelWhenLost: Bool
    public init(cancelWhenLost: Bool) { self.cancelWhenLost = cancelWhenLost }
}

/// Sent only after the commit is durable. Also the reply of `GET /v1/submissions/{key}`, 404 when no such submit was committed.
public struct SubmitReply: Hashable, Sendable, Codable {
    public struct Job: Hashable, Sendable, Codable {
        public var id: JobID
        /// How many tasks; 1 for a plain job.
        public var tasks: Int
        public var array: Bool
        public init(id: JobID, tasks: Int, array: Bool) {
            self.id = id
            self.tasks = tasks
            self.array = array
        }
    }

    public var version = APIVersion.current
    /// In the order of the request.
    public var jobs: [Job]
    /// Such as a value that was cut to the queue's maximum; one line each.
    public var warnings: [String]?
    /// True when the request key was known and these are the ids of then.
    public var repeated: Bool?
    public var session: SessionID?

    public init(jobs: [Job]) { self.jobs = jobs }
}
