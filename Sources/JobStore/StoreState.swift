public import JobModel

/// A view of the store: a snapshot and the changes after it.
public struct StoreState: Sendable, Equatable {
    public private(set) var revision: Revision
    /// Parts of the revision after `revision` that were applied.
    private var parts = 0
    public private(set) var jobs: [JobID: Versioned<JobRecord>] = [:]
    public private(set) var tasks: [JobID: Versioned<TaskTable>] = [:]
    public private(set) var attempts: [AttemptID: Versioned<AttemptRecord>] = [:]
    public private(set) var observations: [AttemptID: Versioned<AttemptObservation>] = [:]
    public private(set) var batches: [BatchID: Versioned<BatchRecord>] = [:]
    public private(set) var counters: [CounterName: Versioned<UInt64>] = [:]

    public init() { revision = .zero }

    public init(_ snapshot: StoreSnapshot) {
        revision = snapshot.revision
        for entry in snapshot.entries { put(entry.value, entry.revision) }
    }

    /// Applies what comes next and gives true; what was applied before is left out and gives false.
    ///
    /// A batch is known by its revision and part, so doubled and late deliveries do no harm.
    @discardableResult
    public mutating func apply(_ batch: ChangeBatch) -> Bool {
        guard batch.revision > revision, batch.part >= parts else { return false }
        for change in batch.changes {
            switch change {
            case .put(let entry): put(entry, batch.revision)
            case .remove(let key): remove(key)
            }
        }
        parts = batch.isLast ? 0 : batch.part + 1
        if batch.isLast { revision = batch.revision }
        return true
    }

    private mutating func put(_ entry: StoreEntry, _ revision: Revision) {
        switch entry {
        case .job(let record): jobs[record.id] = Versioned(record, revision)
        case .tasks(let id, let table): tasks[id] = Versioned(table, revision)
        case .attempt(let record): attempts[record.id] = Versioned(record, revision)
        case .observation(let observation): observations[observation.id] = Versioned(observation, revision)
        case .batch(let record): batches[record.id] = Versioned(record, revision)
        case .counter(let name, let value): counters[name] = Versioned(value, revision)
        }
    }

    private mutating func remove(_ key: StoreKey) {
        switch key {
        case .job(let id): jobs[id] = nil
        case .tasks(let id): tasks[id] = nil
        case .attempt(let id): attempts[id] = nil
        case .observation(let id): observations[id] = nil
        case .batch(let id): batches[id] = nil
        case .counter(let name): counters[name] = nil
        }
    }
}
