import HeapModule
public import JobModel

/// One planning pass.
struct Pass: Sendable {
    let now: Instant
    var plan = Plan()
    var reserve: Reserve?
    /// Classes set aside until the end of the pass.
    var masked: [Int] = []
    /// Positions of decisions that start or resume on the shared pool.
    var shared: [Int] = []

    /// Nanoseconds until the reservation; all who end by then are welcome.
    var window: Int64 { reserve.map { $0.isKnown ? $0.start - now.boot.nanoseconds : .max } ?? .max }
}

extension State {
    /// Decides what can start now; its cost grows with what can start, not with what waits.
    ///
    /// First those that wait for cores after a pause, then the line in order; the first that does not fit gets the reservation, and the others start
    /// if they end before it or leave enough for it (EASY backfill).
    public mutating func plan(now: Instant) -> Plan {
        var pass = Pass(now: now)
        passTimers(now.wall)
        for job in failing.sorted() { pass.plan.decisions.append(.dependencyFailed(job, failingTasks(job))) }
        resumeWaiters(&pass)
        if startsHeld == nil {
            if pass.reserve == nil { startInOrder(&pass) }
            if pass.reserve != nil { backfill(&pass) }
        }
        for index in pass.masked { unmask(index) }
        reserve = pass.reserve
        tellPool(&pass)
        tellTimes(&pass)
        return pass.plan
    }

    /// Starts while the first in line fits; the first that does not gets the reservation.
    private mutating func startInOrder(_ pass: inout Pass) {
        while let index = tree.first() {
            steps += 1
            if blockIfLimited(index) { continue }
            if let grant = machine.place(classes[index].key.demand, need: classes[index].need) {
                start(index, grant, &pass)
                continue
            }
            pass.reserve = reserve(claim(of: index), now: pass.now)
            mask(index, &pass)
            return
        }
    }

    private func claim(of index: Int) -> Claim {
        let line = classes[index].lines.min!
        let entry = entries[line.position]
        return Claim(
            task: entry.job.task(entry.ready.first!), order: line.order, need: classes[index].need,
            instances: machine.chosenInstances(entry.job.demand), books: classes[index].key.books)
    }

    private mutating func backfill(_ pass: inout Pass) {
        while let reserve = pass.reserve {
            let room = ClassTree.Room(free: machine.free.flat, extra: reserve.extra.flat, window: pass.window)
            guard let index = tree.first(within: room) else { return }
            steps += 1
            if blockIfLimited(index) { continue }
            let outlasts = classes[index].nanoseconds > pass.window
            let books = classes[index].key.books
            let kept = outlasts ? reserve.kept : Machine.Kept()
            guard reserve.leavesLimits(classes[index].need, countedIn: books),
                let grant = machine.place(classes[index].key.demand, need: classes[index].need, keeping: kept)
            else {
                mask(index, &pass)
                continue
            }
            pass.reserve!.use(classes[index].need, countedIn: books, outlasts: outlasts)
            start(index, grant, &pass)
        }
    }

    private mutating func start(_ index: Int, _ grant: Machine.Grant, _ pass: inout Pass) {
        let position = classes[index].lines.min!.position
        let slot = entries[position].ready.first!
        let task = propose(position, slot, grant, need: classes[index].need, now: pass.now.boot)
        if grant.placement.shared { pass.shared.append(pass.plan.decisions.count) }
        pass.plan.decisions.append(.start(task, grant.placement))
    }

    /// Out of the tree until the end of the pass.
    private mutating func mask(_ index: Int, _ pass: inout Pass) {
        pass.masked.append(index)
        tree.clear(index)
    }

    private mutating func unmask(_ index: Int) {
        classes[index].leaf = nil
        refreshClass(index)
    }
}
