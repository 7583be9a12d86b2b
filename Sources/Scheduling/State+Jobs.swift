import HeapModule
import JobModel

extension State {
    mutating func add(_ job: Job, _ tasks: TaskTable) {
        guard positions[job.id] == nil else { return update(job) }
        let position = vacantPositions.popLast() ?? entries.count
        let entry = Entry(job: job, order: order(of: job), tasks: tasks)
        if position == entries.count {
            entries.append(entry)
            stamps.append(0)
        } else {
            entries[position] = entry
        }
        positions[job.id] = position
        let outcomes = JobOutcomes(
            job: job.id, isArray: job.isArray, indices: job.indices, started: tasks.started.union(tasks.active), succeeded: tasks.succeeded,
            unsuccessful: tasks.unsuccessful)
        settleDependents(dependencies.know(outcomes, live: true))
        dependencies.add(job.id, indices: job.indices, dependencies: job.dependencies)
        if let batch = job.batch { batches[batch, default: BatchEntry()].members.insert(job.id) }
        startTimers(position)
        enrol(position)
        settleDependents([job.id])
        refreshReady(position)
    }

    private func order(of job: Job) -> Order {
        let queue = settings.queues.first { $0.name == job.queue }?.priority ?? 0
        // Clamped, so that no number a user can write overflows.
        let own = min(max(job.priority, -1_000_000_000), 1_000_000_000)
        return Order(priority: queue &+ own, sequence: job.sequence, job: job.id)
    }

    private mutating func startTimers(_ position: Int) {
        let job = entries[position].job
        if let begin = job.begin, !entries[position].begun { timers.insert(Timer(at: begin, job: job.id, index: nil)) }
        for (index, at) in entries[position].notBefore { timers.insert(Timer(at: at, job: job.id, index: index)) }
    }

    /// Joins the class and the limits that the job's demand and owner call for.
    private mutating func enrol(_ position: Int) {
        entries[position].books = booksCounting(entries[position].job)
        for book in entries[position].books { books[book].pending += entries[position].pending.count }
        let key = DemandClass.Key(
            demand: entries[position].job.demand, timeLimit: entries[position].job.timeLimit, books: entries[position].books)
        entries[position].demandClass = join(key)
    }

    private mutating func leave(_ position: Int) {
        unlist(position)
        for book in entries[position].books { books[book].pending -= entries[position].pending.count }
        leaveClass(entries[position].demandClass)
    }

    mutating func update(_ job: Job) {
        guard let position = positions[job.id] else { return }
        leave(position)
        let tasks = entries[position].active.map { entries[position].job.task($0) }
        for task in tasks { charge(task, sign: -1) }
        if let batch = entries[position].job.batch { forget(job.id, in: batch) }
        if let batch = job.batch { batches[batch, default: BatchEntry()].members.insert(job.id) }
        let dependenciesChanged = entries[position].job.dependencies != job.dependencies
        if entries[position].job.begin != job.begin {
            entries[position].begun = job.begin == nil
            if let begin = job.begin { timers.insert(Timer(at: begin, job: job.id, index: nil)) }
        }
        entries[position].job = job
        entries[position].order = order(of: job)
        enrol(position)
        for task in tasks { charge(task, sign: 1) }
        if dependenciesChanged {
            dependencies.drop(job.id)
            dependencies.add(job.id, indices: job.indices, dependencies: job.dependencies)
            settleDependents([job.id])
        }
        relist(position)
    }

    mutating func remove(_ id: JobID) {
        guard let position = positions[id] else { return }
        for index in entries[position].active.sorted() { release(entries[position].job.task(index)) }
        leave(position)
        if let batch = entries[position].job.batch { forget(id, in: batch) }
        positions[id] = nil
        failing.remove(id)
        vacantPositions.append(position)
        entries[position].pending = IntervalSet()
        entries[position].active = []
        settleDependents(dependencies.remove(id))
    }

    private mutating func forget(_ job: JobID, in batch: BatchID) {
        batches[batch]?.members.remove(job)
        if let entry = batches[batch], entry.members.isEmpty, entry.holds.isEmpty { batches[batch] = nil }
    }

    mutating func setHolds(_ id: JobID, _ holds: [TaskHold]) {
        guard let position = positions[id] else { return }
        entries[position].holds = holds
        entries[position].held = Entry.union(holds)
        refreshReady(position)
    }

    mutating func setBatchHolds(_ id: BatchID, _ holds: [Hold]) {
        batches[id, default: BatchEntry()].holds = holds
        for job in batches[id]?.members.sorted() ?? [] {
            if let position = positions[job] { relist(position) }
        }
        if let entry = batches[id], entry.members.isEmpty, entry.holds.isEmpty { batches[id] = nil }
    }
}
