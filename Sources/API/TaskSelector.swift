public import JobModel

/// Some jobs or tasks as people write them: `12`, `14-16`, `12.3`, `12.[0-9,20]`, `12.3#2`, `12#1`. JSON: that text.
public struct TaskSelector: Hashable, Sendable {
    public var jobs: ClosedRange<UInt64>
    /// Of one job; nil: all its tasks.
    public var indices: IntervalSet?
    /// Of one task.
    public var attempt: UInt32?

    public init(_ job: JobID, indices: IntervalSet? = nil, attempt: UInt32? = nil) {
        self.jobs = job.value...job.value
        self.indices = indices
        self.attempt = attempt
    }

    public init(_ task: TaskID, attempt: UInt32? = nil) {
        self.init(task.job, indices: task.index.map { IntervalSet([$0]) }, attempt: attempt)
    }

    public init(jobs: ClosedRange<UInt64>) { self.jobs = jobs }

    /// The one job it names; nil for a range.
    public var job: JobID? { jobs.lowerBound == jobs.upperBound ? JobID(jobs.lowerBound) : nil }

    /// The one task it names; nil for a range or several indices. For a plain number: the task of a job that is no array.
    public var task: TaskID? {
        guard let job else { return nil }
        guard let indices else { return TaskID(job) }
        return indices.count == 1 ? TaskID(job, indices.first) : nil
    }

    /// What `init(text:)` accepts, for error messages.
    public static let accepted = "ids such as 12, 14-16, 12.3, 12.[0-9] or 12.3#2"

    /// Nil when malformed.
    public init?(text: String) {
        let sides = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        var attempt: UInt32?
        if sides.count == 2 {
            guard let number = UInt32(sides[1]), number > 0, sides[1].first != "+" else { return nil }
            attempt = number
        }
        let parts = sides[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2 {
            guard let job = JobID(parts[0]), let indices = Self.indices(parts[1]), attempt == nil || indices.count == 1 else { return nil }
            self.init(job, indices: indices, attempt: attempt)
            return
        }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { JobID(String($0)) }
        guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last else { return nil }
        guard attempt == nil || ends.count == 1 else { return nil }
        self.init(jobs: first.value...last.value)
        self.attempt = attempt
    }

    private static func indices(_ text: String) -> IntervalSet? {
        if text.hasPrefix("["), text.hasSuffix("]"), text.utf8.count > 2 { return IntervalSet(list: String(text.dropFirst().dropLast())) }
        guard let index = TaskIndex(text), !text.hasPrefix("+") else { return nil }
        return IntervalSet([index])
    }
}

extension TaskSelector: Codable, CustomStringConvertible {
    public var description: String {
        var text = jobs.lowerBound == jobs.upperBound ? "\(jobs.lowerBound)" : "\(jobs.lowerBound)-\(jobs.upperBound)"
        if let indices { text += indices.count == 1 ? ".\(indices)" : ".[\(indices)]" }
        return attempt.map { "\(text)#\($0)" } ?? text
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "found \(DocumentText.quoted(text)), accepted \(Self.accepted)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension [TaskSelector] {
    /// Parses a list, such as `12,14-16,12.[0-9,20]`; commas within brackets belong to the indices. Nil when malformed or empty.
    public init?(list text: String) {
        self.init()
        var part = ""
        var depth = 0
        for character in text {
            if character == "[" { depth += 1 }
            if character == "]" { depth -= 1 }
            guard (0...1).contains(depth) else { return nil }
            guard character == ",", depth == 0 else { part.append(character); continue }
            guard let selector = TaskSelector(text: part) else { return nil }
            append(selector)
            part = ""
        }
        guard depth == 0, let selector = TaskSelector(text: part) else { return nil }
        append(selector)
    }

    public var listText: String { map(\.description).joined(separator: ",") }
}
