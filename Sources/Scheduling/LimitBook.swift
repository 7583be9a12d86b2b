import JobModel

/// A limit on what is active at once of a user, queue or batch, and what counts against it.
struct LimitBook: Sendable {
    enum Key: Hashable, Comparable, Sendable {
        case user(UserID)
        case queue(String)
        case batch(BatchID)
    }

    let key: Key
    let limits: ResourceLimits
    var tasks = 0
    /// Thousandths of a CPU. Frozen attempts count as they did.
    var cpu: Int64 = 0
    var memory: Int64 = 0
    var pending = 0
    /// Classes that wait for something to end under it.
    var blocked: Set<Int> = []

    init(_ key: Key, _ limits: ResourceLimits) {
        self.key = key
        self.limits = limits
    }

    /// Whether a limit counts anything; those of single tasks are looked at in `refusal`.
    static func counts(_ limits: ResourceLimits) -> Bool {
        limits.activeTasks != nil || limits.activeCores != nil || limits.activeMemory != nil || limits.pendingTasks != nil
    }

    func admits(_ need: ResourceVector) -> Bool {
        if let most = limits.activeTasks, tasks >= most { return false }
        if let most = limits.activeCores, cpu + need.cpu > Int64(most) * 1000 { return false }
        if let most = limits.activeMemory, memory + need.memory > Int64(capped: most.count) { return false }
        return true
    }

    mutating func charge(_ need: ResourceVector, sign: Int64) {
        tasks += Int(sign)
        cpu += sign * need.cpu
        memory += sign * need.memory
    }

    var name: String {
        switch key {
        case .user(let user): "user \(user)"
        case .queue(let queue): "queue \(queue)"
        case .batch(let batch): "batch \(batch.name)"
        }
    }

    var reason: PendingReason.Kind {
        switch key {
        case .user: .userLimit
        case .queue: .queueLimit
        case .batch: .batchLimit
        }
    }
}
