import HeapModule
import JobModel

extension State {
    /// One line for each invariant that is broken; for debug builds and tests. Costs as much as building the state anew.
    public func checkInvariants() -> [String] {
        brokenGrants() + brokenBooks() + brokenLines() + brokenPromise() + brokenRebuild()
    }

    /// No core and no instance is given twice, nothing is over-committed, exclusive and shared CPUs are disjoint.
    private func brokenGrants() -> [String] {
        var broken: [String] = []
        var taken = CpuSet()
        var millis: Int64 = 0
        for attempt in attempts.values.sorted(by: { $0.task < $1.task }) {
            let holds = !attempt.coresReleased
            if holds, !attempt.placement.shared {
                if !attempt.placement.cpus.isDisjoint(with: taken) {
                    broken.append("\(attempt.task): cpus \(attempt.placement.cpus) given twice")
                }
                taken = taken.union(attempt.placement.cpus)
                if !shrunk, lacksCpus(attempt) { broken.append("\(attempt.task): holds cpus \(attempt.holding.cpus)") }
            }
            if holds, attempt.placement.shared { millis += Int64(attempt.demand.cpuMillis) }
            if !holds, attempt.holding.cpus != CpuSet() || attempt.holding.millis != 0 {
                broken.append("\(attempt.task): holds released cores")
            }
        }
        if !taken.isDisjoint(with: machine.freeCpus) {
            broken.append("cpus \(taken.intersection(machine.freeCpus)) are exclusive and shared")
        }
        if !shrunk, millis > Int64(machine.freeCpus.count) * 1000 {
            broken.append("quota sum \(millis) is more than the pool \(machine.freeCpus)")
        }
        if !shrunk, isBeyondMachine { broken.append("over-committed: \(machine.free) is free, by node \(machine.memoryFree)") }
        return broken
    }

    /// The sums are those of what is held.
    private func brokenBooks() -> [String] {
        var broken: [String] = []
        var fresh = machine.cleared
        for attempt in attempts.values { _ = fresh.take(attempt.holding) }
        if fresh.free != machine.free || fresh.memoryFree != machine.memoryFree || fresh.freeCpus != machine.freeCpus {
            broken.append("free \(machine.free), but attempts leave \(fresh.free)")
        }
        if fresh.instancesFree != machine.instancesFree || fresh.sharedMillis != machine.sharedMillis {
            broken.append("instances or the pool's quota sum differ from what attempts hold")
        }
        let running = attempts.values.filter { $0.expectedEnd != nil }
        if running.count != profile.items.count || running.contains(where: { profile.ends[$0.task] != $0.expectedEnd }) {
            broken.append("the profile differs from what runs")
        }
        if profile.items != profile.items.sorted() { broken.append("the profile is not sorted") }
        let waiting = attempts.values.filter { $0.phase == .waiting }.map { Waiter(since: $0.waitingSince ?? $0.startedAt, task: $0.task) }
        if waiting.sorted() != waiters { broken.append("the waiters differ from the attempts that wait for cores") }
        for (index, book) in books.enumerated() {
            let members = entries.indices.filter { positions[entries[$0].job.id] == $0 && entries[$0].books.contains(index) }
            let pending = members.reduce(0) { $0 + entries[$1].pending.count }
            let active = members.reduce(0) { $0 + entries[$1].active.count }
            if pending != book.pending || active != book.tasks {
                broken.append("\(book.name): counts \(book.pending), \(book.tasks), found \(pending), \(active)")
            }
        }
        return broken
    }

    /// No job is lost, no task stands twice, every class shows its first job to the tree.
    private func brokenLines() -> [String] {
        var broken: [String] = []
        var first: [Int: Order] = [:]
        for (id, position) in positions.sorted(by: { $0.key < $1.key }) {
            let entry = entries[position]
            if entry.job.id != id { broken.append("job \(id) stands at the place of \(entry.job.id)") }
            for index in entry.active {
                if entry.pending.contains(index) { broken.append("\(entry.job.task(index)) is pending and active") }
                if attempts[entry.job.task(index)] == nil { broken.append("\(entry.job.task(index)) is active without an attempt") }
            }
            var expected = entry
            expected.refreshReady()
            if expected.ready != entry.ready { broken.append("job \(id): ready \(entry.ready), expected \(expected.ready)") }
            if entry.dependent != dependencies.waiting(id) { broken.append("job \(id): dependencies are stale") }
            if isListable(position) != entry.listed { broken.append("job \(id): in line \(entry.listed), expected \(!entry.listed)") }
            if entry.listed { first[entry.demandClass] = min(first[entry.demandClass] ?? .last, entry.order) }
        }
        let active = positions.values.reduce(0) { $0 + entries[$1].active.count }
        if active != attempts.count { broken.append("\(attempts.count) attempts, \(active) active tasks") }
        for (index, item) in classes.enumerated() {
            if item.lines.min?.order != first[index] { broken.append("class \(index): first in line is lost") }
            if item.leaf != (item.blockedBy == nil && !item.impossible ? first[index] : nil) {
                broken.append("class \(index): not in the tree")
            }
        }
        return broken
    }

    /// What runs beyond the reservation leaves enough for it, as long as nothing changed since the plan.
    private func brokenPromise() -> [String] {
        guard let reserve, reserve.isKnown else { return [] }
        return reserve.extra.isShort ? ["the reservation of \(reserve.task) is short of \(reserve.extra)"] : []
    }

    /// The state built from a snapshot stands as this one does.
    private func brokenRebuild() -> [String] {
        let snapshot = self.snapshot
        let other = State(snapshot: snapshot)
        var broken: [String] = []
        if other.snapshot != snapshot { broken.append("a state built from the snapshot has another snapshot") }
        if other.machine.free != machine.free || other.machine.freeCpus != machine.freeCpus {
            broken.append("a state built from the snapshot has other books")
        }
        for (id, position) in positions {
            guard let place = other.positions[id] else { return broken + ["job \(id) is lost in the state built from the snapshot"] }
            if other.entries[place].ready != entries[position].ready {
                broken.append("job \(id): ready differs in the state built from the snapshot")
            }
        }
        return broken
    }
}
