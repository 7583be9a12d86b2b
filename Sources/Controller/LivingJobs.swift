import JobModel

/// The jobs that have not finished, by id and in the order of their ids: a page of a list looks at what it shows, not at all of them.
struct LivingJobs: Sendable {
    private var byID: [JobID: LiveJob] = [:]
    /// Ascending. One that finished stays here until many have: the end of a large batch shall not move the rest once for each.
    private var order: [JobID] = []
    private var gone = 0
    private static let mostGone = 64

    init() {}

    init(_ jobs: some Sequence<LiveJob>) { for job in jobs { self[job.record.id] = job } }

    var count: Int { byID.count }
    var keys: Dictionary<JobID, LiveJob>.Keys { byID.keys }
    var values: Dictionary<JobID, LiveJob>.Values { byID.values }

    subscript(id: JobID) -> LiveJob? {
        get { byID[id] }
        _modify {
            let before = byID.count
            defer {
                if byID.count > before { entered(id) }
                if byID.count < before { left() }
            }
            yield &byID[id]
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
