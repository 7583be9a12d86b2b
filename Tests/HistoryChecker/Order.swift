/// How an attempt ends when nobody interferes.
public enum Ending: Hashable, Sendable {
    case code(Int)
    /// It kills itself; the signal's name without `SIG`.
    case signal(String)
    /// It runs until its time limit, or until somebody ends it.
    case never
}

/// What a client asked for in one submit: the model from which the checker tells what had to happen.
public struct Order: Sendable {
    /// Unique, and the job's name, so that a job is found whose id nobody was told.
    public var name: String
    /// Nil for a plain job.
    public var indices: [Int]?
    /// By attempt, the first one first; the last stands for all further ones.
    public var endings: [Ending]
    public var retries = 0
    /// Its cores are its own.
    public var isExclusive = false
    /// Of the named resource of which there is a limited number.
    public var licences = 0
    /// A lost attempt puts the task back into the queue.
    public var rerunsOnLoss = false
    public var batch: String?

    public init(name: String, indices: [Int]? = nil, endings: [Ending] = [.code(0)]) {
        self.name = name
        self.indices = indices
        self.endings = endings
    }

    public func ending(ofAttempt number: Int) -> Ending { endings[min(number - 1, endings.count - 1)] }

    /// The number of attempts when nobody interferes and none is lost: the first that succeeds is the last.
    public var expectedAttempts: Int { (1...(retries + 1)).first { ending(ofAttempt: $0) == .code(0) } ?? retries + 1 }

    /// The tasks of its job.
    public func tasks(of job: Int) -> [TaskName] { indices.map { $0.map { TaskName(job: job, index: $0) } } ?? [TaskName(job: job)] }
}

/// A job's only task, or a task of an array.
public struct TaskName: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var job: Int
    public var index: Int?

    public init(job: Int, index: Int? = nil) {
        self.job = job
        self.index = index
    }

    /// `12` or `12.3`, as Berth and the journals' files name it.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count <= 2, let job = parts[0] else { return nil }
        if parts.count == 2, parts[1] == nil { return nil }
        self.init(job: job, index: parts.count == 2 ? parts[1] : nil)
    }

    public var description: String { index.map { "\(job).\($0)" } ?? "\(job)" }
    public static func < (a: Self, b: Self) -> Bool { (a.job, a.index ?? -1) < (b.job, b.index ?? -1) }
}

/// One run of a task.
public struct AttemptName: Hashable, Sendable, CustomStringConvertible {
    public var task: TaskName
    public var number: Int

    public init(_ task: TaskName, _ number: Int) {
        self.task = task
        self.number = number
    }

    /// `12.3#2`.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "#")
        guard parts.count == 2, let task = TaskName(parts[0]), let number = Int(parts[1]) else { return nil }
        self.init(task, number)
    }

    public var description: String { "\(task)#\(number)" }
}
