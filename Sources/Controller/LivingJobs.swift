import JobModel

/// The jobs that have not finished, by id and in the order of their ids: a page of a list looks at what it shows, not at all of them.
struct LivingJobs: Sendable {
    private var byID: [JobID: LiveJob] = [:]
    /// Ascending. One that finished stays here until many have: the end of a large batch shall not move the rest once for each.
    private var order: [JobID] = []
    private var gone = 0
    private static let mostGone = 64
    /// Tasks that wait, by each of which a limit may count them; none with a zero.
    private var waiting: [WaitingLimit: Int] = [:]

    init() {}

    init(_ jobs: some Sequence<LiveJob>) { for job in jobs { self[job.record.id] = job } }

    var count: Int { byID.count }
    var keys: Dictionary<JobID, LiveJob>.Keys { byID.keys }
    var values: Dictionary<JobID, LiveJob>.Values { byID.values }

    subscript(id: JobID) -> LiveJob? {
        get { byID[id] }
        _modify {
            let before = byID.count
            let waited = byID[id].map(Waiting.init)
            defer {
                if byID.count > before { entered(id) }
                if byID.count < before { left() }
                recount(waited, byID[id].map(Waiting.init))
            }
            yield &byID[id]
        }
    }

    /// How many tasks of a queue, a user or a batch wait.
    func waiting(_ limit: WaitingLimit) -> Int { waiting[limit] ?? 0 }

    /// What of a job counts among the waiting tasks.
    private struct Waiting: Hashable {
        let limits: [WaitingLimit]
        let tasks: Int

        init(_ job: LiveJob) {
            limits = WaitingLimit.all(of: job.record)
            tasks = job.table.pending.count
        }
    }

    private mutating func recount(_ before: Waiting?, _ after: Waiting?) {
        guard before != after else { return }
        for (side, sign) in [(before, -1), (after, 1)] {
            guard let side, side.tasks > 0 else { continue }
            for limit in side.limits {
                let count = waiting[limit, default: 0] + sign * side.tasks
                waiting[limit] = count == 0 ? nil : count
            }
        }
    }

    /// In order.
    func ids(in numbers: ClosedRange<UInt64>) -> [JobID] {
        order[position(numbers.lowerBound)...].prefix { $0.value <= numbers.upperBound }.filter { byID[$0] != nil }
    }

    /// The next in order after a number, so many at most; fewer only where there are no more.
    func ids(after number: UInt64, most: Int) -> [JobID] {
        guard number < .max else { return [] }
        var found: [JobID] = []
        var at = position(number + 1)
        while at < order.count, found.count < most {
            if byID[order[at]] != nil { found.append(order[at]) }
            at += 1
        }
        return found
    }

    /// The place of the first with at least that number.
    private func position(_ number: UInt64) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if order[middle].value < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func entered(_ id: JobID) {
        guard let last = order.last, last >= id else { return order.append(id) }
        let at = position(id.value)
        if order[at] == id { gone -= 1 } else { order.insert(id, at: at) }
    }

    private mutating func left() {
        gone += 1
        guard gone > max(Self.mostGone, byID.count) else { return }
        order.removeAll { byID[$0] == nil }
        gone = 0
    }
}
