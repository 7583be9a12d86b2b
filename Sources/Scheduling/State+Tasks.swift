import HeapModule
import JobModel

extension State {
    /// All ready tasks of a job anew.
    mutating func refreshReady(_ position: Int) {
        steps += 1
        entries[position].refreshReady()
        relist(position)
    }

    mutating func addPending(_ position: Int, _ index: TaskIndex) {
        guard !entries[position].pending.contains(index) else { return }
        entries[position].pending.insert(index)
        for book in entries[position].books { books[book].pending += 1 }
    }

    mutating func removePending(_ position: Int, _ index: TaskIndex) {
        guard entries[position].pending.contains(index) else { return }
        entries[position].pending.remove(index)
        entries[position].ready.remove(index)
        for book in entries[position].books { books[book].pending -= 1 }
    }

    mutating func endPending(_ id: JobID, _ tasks: IntervalSet, _ outcome: TaskOutcome) {
        guard let position = positions[id] else { return }
        let ended = entries[position].pending.intersection(tasks)
        for range in ended.ranges {
            entries[position].pending.remove(range)
            entries[position].ready.remove(range)
            entries[position].backoff.remove(range)
            for book in entries[position].books { books[book].pending -= range.count }
        }
        entries[position].notBefore = entries[position].notBefore.filter { !ended.contains($0.key) }
        settleDependents(dependencies.ended(id, ended, succeeded: outcome.succeeded))
        noteFailing(id)
        relist(position)
    }

    mutating func pendAgain(_ id: JobID, _ tasks: IntervalSet) {
        guard let position = positions[id] else { return }
        for index in tasks.members where !entries[position].active.contains(index) { addPending(position, index) }
        settleDependents(dependencies.pendingAgain(id, tasks))
        noteFailing(id)
        refreshReady(position)
    }

    mutating func knowElsewhere(_ outcomes: JobOutcomes) {
        guard positions[outcomes.job] == nil else { return }
        settleDependents(dependencies.know(outcomes, live: false))
    }

    /// Takes over which tasks of these jobs wait for others.
    mutating func settleDependents(_ jobs: [JobID]) {
        for id in jobs {
            guard let position = positions[id] else { continue }
            entries[position].dependent = dependencies.waiting(id)
            noteFailing(id)
            refreshReady(position)
        }
    }

    func failingTasks(_ id: JobID) -> IntervalSet {
        guard let position = positions[id] else { return IntervalSet() }
        return entries[position].pending.intersection(dependencies.failed(id))
    }

    private mutating func noteFailing(_ id: JobID) {
        if failingTasks(id).isEmpty { failing.remove(id) } else { failing.insert(id) }
    }

    /// The timers of before stand no more, and go when they are seen.
    mutating func moveBackoffs(by span: TimeSpan) {
        for position in positions.values where !entries[position].notBefore.isEmpty {
            entries[position].notBefore = entries[position].notBefore.mapValues { $0 + span }
            for (index, at) in entries[position].notBefore { timers.insert(Timer(at: at, job: entries[position].job.id, index: index)) }
        }
    }

    /// Begin times and back-offs that have passed.
    mutating func passTimers(_ now: WallTime) {
        while let timer = timers.min, timer.at <= now || !stands(timer) {
            timers.removeMin()
            steps += 1
            guard stands(timer), let position = positions[timer.job] else { continue }
            if let index = timer.index {
                entries[position].notBefore[index] = nil
                entries[position].backoff.remove(index)
                entries[position].refreshReady(index)
            } else {
                entries[position].begun = true
            }
            relist(position)
        }
    }

    /// False when the job went, or waits for another moment by now.
    private func stands(_ timer: Timer) -> Bool {
        guard let position = positions[timer.job] else { return false }
        guard let index = timer.index else { return !entries[position].begun && entries[position].job.begin == timer.at }
        return entries[position].notBefore[index] == timer.at
    }
}
