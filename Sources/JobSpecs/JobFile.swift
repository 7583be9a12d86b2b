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
    /// By path of the model.
    private var places: [String: FieldPlace]

    public init(name: String?, spec: JobSpec, dependencies: [NamedDependency] = []) {
        self.init(name: name, spec: spec, dependencies: dependencies, places: [:])
    }

    init(name: String?, spec: JobSpec, dependencies: [NamedDependency], places: [String: FieldPlace]) {
        self.name = name
        self.spec = spec
        self.dependencies = dependencies
        self.places = places
    }

    /// Where a field was written that the daemon refused by its path in the JSON form, such as `resources.memory`; of one that was not
    /// written the name alone. Nil for a path that is no field's.
    public func place(of path: String) -> FieldPlace? {
        FieldPlace.written(path, in: places) ?? FieldPlace.name(of: path).map { FieldPlace(label: $0) }
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
