public import JobModel

/// Who asks: taken from the socket, never from the request (contract §8).
public struct Peer: Hashable, Sendable {
    /// Where the process lives.
    public enum Origin: Hashable, Sendable {
        case host
        /// Inside a job whose spec says `api: true`; it may submit and list within its own batch, nothing else.
        case job(AttemptID, batch: BatchID)
    }

    public var user: UserID
    public var group: GroupID
    public var groups: [GroupID]
    public var name: String
    /// Names of its groups, where limits go by group.
    public var groupNames: [String]
    public var origin: Origin

    public init(
        user: UserID, group: GroupID, groups: [GroupID], name: String, groupNames: [String] = [], origin: Origin = .host
    ) {
        self.user = user
        self.group = group
        self.groups = groups
        self.name = name
        self.groupNames = groupNames
        self.origin = origin
    }

    /// Where its request keys count: a process inside a job learns nothing of what its owner submitted elsewhere.
    var keyScope: String {
        switch origin {
        case .host: "\(user)"
        case .job(_, let batch): "\(user)/batch \(batch.name)"
        }
    }

    public var owner: Owner { Owner(user: user, group: group, groups: groups, name: name) }
}

/// The rights of contract §8 in one place: every request passes here before anything is looked up or changed.
public struct Access: Sendable {
    /// What a request wants to do with a job or batch.
    public enum Action: String, Sendable, CaseIterable {
        case submit, list, see, logs, wait, cancel, signal, requeue, update, hold, pause, exec, attach, inspect, images, imageWrite, node, report,
            events, purge, backup, operate
    }

    /// A refusal; its text names who, what and whose.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
        public init(_ description: String) { self.description = description }
    }

    /// Members of this group are operators, beside root.
    public let operators: GroupID?

    /// Whether they may look into the processes and the memory of others' jobs.
    public let operatorsInspect: Bool

    public init(operators: GroupID?, operatorsInspect: Bool = false) {
        self.operators = operators
        self.operatorsInspect = operatorsInspect
    }

    public func isOperator(_ peer: Peer) -> Bool {
        guard peer.origin == .host else { return false }
        if peer.user == .root { return true }
        guard let operators else { return false }
        return peer.group == operators || peer.groups.contains(operators)
    }

    /// Refuses what a peer may not do at all, whoever's job it is.
    public func require(_ action: Action, for peer: Peer) throws(Refusal) {
        if case .job(let attempt, _) = peer.origin, action != .submit, action != .list {
            throw Refusal("\(action.rawValue): a process inside job \(attempt.task) may only submit and list within its own batch")
        }
        if [.operate, .purge, .backup].contains(action), !isOperator(peer) {
            throw Refusal("\(action == .operate ? "" : "\(action.rawValue): ")user \(peer.name) is not an operator")
        }
    }

    /// Refuses an action on another user's job; operators may do all but read what is private.
    public func require(_ action: Action, for peer: Peer, on owner: UserID, what: String) throws(Refusal) {
        try require(action, for: peer)
        if peer.user == owner { return }
        if action == .inspect, isOperator(peer), peer.user != .root, !operatorsInspect {
            throw Refusal("inspect \(what): it belongs to another user, and inspect_by_operators is not set")
        }
        if isOperator(peer) { return }
        throw Refusal("\(action.rawValue) \(what): it belongs to another user")
    }

    /// Whether command, environment, paths and logs are shown (contract §8).
    public func maySeePrivate(_ peer: Peer, owner: UserID) -> Bool { peer.user == owner || isOperator(peer) }
}
