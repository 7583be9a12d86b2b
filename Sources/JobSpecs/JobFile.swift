public import JobModel

/// The jobs of one submit, in an order in which each comes after those it depends on.
public struct JobFile: Hashable, Sendable {
    public var jobs: [FileJob]
    public init(jobs: [FileJob]) { self.jobs = jobs }
}

/// One job and what it waits for within its file.
public struct FileJob: Hashable, Sendable {
    /// Its name in the file: what dependencies call it.
    public var name: String?
    public var spec: JobSpec
    /// On jobs of the same file; ids are known only once those are submitted.
    public var dependencies: [NamedDependency]

    public init(name: String?, spec: JobSpec, dependencies: [NamedDependency] = []) {
        self.name = name
        self.spec = spec
        self.dependencies = dependencies
    }

    /// The spec with its dependencies by name replaced by those on `ids`. Every name is present when jobs are submitted in the file's order.
    public func spec(ids: [String: JobID]) -> JobSpec {
        var result = spec
        let resolved = dependencies.compactMap { need in ids[need.job].map { Dependency(kind: need.kind, job: $0, index: need.index) } }
        if !resolved.isEmpty { result.dependencies = (result.dependencies ?? []) + resolved }
        return result
    }
}

/// A dependency on a job of the same file.
public struct NamedDependency: Hashable, Sendable {
    public var kind: Dependency.Kind
    public var job: String
    public var index: TaskIndex?
    public init(kind: Dependency.Kind, job: String, index: TaskIndex? = nil) {
        self.kind = kind
        self.job = job
        self.index = index
    }
}
