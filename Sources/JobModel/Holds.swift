/// Why a task does not run: contract §2.
public struct Hold: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// Do not start.
        case user, `operator`
        /// Do not start; freeze what runs.
        case userPause, operatorPause
        case dependency, begin, account, preemption

        /// A pause freezes what runs.
        public var freezes: Bool { self == .userPause || self == .operatorPause }
    }
    public enum Scope: String, Hashable, Sendable, Codable, CaseIterable { case task, batch }

    public var kind: Kind
    public var scope: Scope
    public var by: UserID
    /// The name that the user had then.
    public var byName: String?
    public var at: WallTime
    /// Of a pause: the cores stay with the frozen tasks.
    public var keepCores: Bool
    /// A line for people, such as why an operator placed it.
    public var reason: String?

    public init(
        kind: Kind, scope: Scope, by: UserID, byName: String? = nil, at: WallTime, keepCores: Bool = false, reason: String? = nil
    ) {
        self.kind = kind
        self.scope = scope
        self.by = by
        self.byName = byName
        self.at = at
        self.keepCores = keepCores
        self.reason = reason
    }

    /// Who placed it, for people: the name, or the number where there was none.
    public var who: String { byName ?? "\(by)" }
}

/// One hold on some tasks of a job: a million held tasks are one entry.
public struct TaskHold: Hashable, Sendable, Codable {
    public var hold: Hold
    public var tasks: IntervalSet
    public init(hold: Hold, tasks: IntervalSet) {
        self.hold = hold
        self.tasks = tasks
    }
}
