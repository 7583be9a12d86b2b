public import JobModel

extension State {
    /// All that the state knows, in an order of its own: a state built from it plans as this one does.
    public struct Snapshot: Hashable, Sendable, Codable {
        /// An attempt that holds resources.
        public struct Attempt: Hashable, Sendable, Codable {
            public enum Phase: String, Hashable, Sendable, Codable {
                /// Proposed by a plan, not yet committed.
                case proposed
                case running, frozen, waiting
                /// A resume proposed by a plan, not yet committed.
                case resuming
            }
            public var task: TaskID
            /// Nil while proposed.
            public var number: UInt32?
            public var placement: Placement
            /// As it was when the attempt started.
            public var demand: ResourceDemand
            public var timeLimit: TimeSpan
            public var startedAt: BootTime
            /// Frozen before the present freeze, in nanoseconds.
            public var pausedNanoseconds: Int64
            public var frozenAt: BootTime?
            public var waitingSince: BootTime?
            public var resumingAt: BootTime?
            public var coresReleased: Bool
            /// The proposed resume took its cores from what was free.
            public var tookCores: Bool
            public var phase: Phase
            /// Bytes booked by memory node.
            public var memory: [MemoryNode: Int64]
            /// Bytes of huge pages by memory node and size; nil: none.
            public var hugePages: [MemoryNode: [Bytes: Int64]]?
        }

        public struct JobEntry: Hashable, Sendable, Codable {
            public var job: Job
            public var tasks: TaskTable
        }

        public var shape: MachineShape
        public var settings: Settings
        /// By id.
        public var jobs: [JobEntry]
        /// By id.
        public var attempts: [Attempt]
        public var batchHolds: [BatchID: [Hold]]
        /// Of jobs that are not in `jobs` but that some of them may depend on, by id.
        public var finishedElsewhere: [JobOutcomes]
        /// What the agent was last told of the shared pool.
        public var announcedPool: CpuSet?
    }
}

extension State {
    public var snapshot: Snapshot {
        Snapshot(
            shape: shape, settings: settings,
            jobs: positions.sorted { $0.key < $1.key }.map { id, position in
                Snapshot.JobEntry(job: entries[position].job, tasks: table(id, entries[position]))
            },
            attempts: attempts.values.sorted { $0.task < $1.task }.map(saved),
            batchHolds: batches.filter { !$0.value.holds.isEmpty }.mapValues(\.holds),
            finishedElsewhere: dependencies.sources.values.filter { positions[$0.outcomes.job] == nil }.map(\.outcomes).sorted {
                $0.job < $1.job
            },
            announcedPool: announcedPool)
    }

    private func table(_ id: JobID, _ entry: Entry) -> TaskTable {
        var table = TaskTable(pending: entry.pending)
        table.active = IntervalSet(entry.active)
        if let outcomes = dependencies.sources[id]?.outcomes {
            table.succeeded = outcomes.succeeded
            table.unsuccessful = outcomes.unsuccessful
            table.started = outcomes.started
        }
        table.holds = entry.holds
        table.notBefore = entry.notBefore
        return table
    }

    private func saved(_ attempt: Attempt) -> Snapshot.Attempt {
        var memory: [MemoryNode: Int64] = [:]
        for (node, bytes) in attempt.holding.memory.enumerated() where bytes != 0 { memory[machine.nodes[node].id] = bytes }
        var hugePages: [MemoryNode: [Bytes: Int64]] = [:]
        for (node, amounts) in attempt.holding.huge.enumerated() where amounts.contains(where: { $0 != 0 }) {
            hugePages[machine.nodes[node].id] = Dictionary(uniqueKeysWithValues: zip(machine.hugeSizes, amounts))
        }
        return Snapshot.Attempt(
            task: attempt.task, number: attempt.number, placement: attempt.placement, demand: attempt.demand, timeLimit: attempt.timeLimit,
            startedAt: attempt.startedAt, pausedNanoseconds: attempt.pausedFor, frozenAt: attempt.frozenAt,
            waitingSince: attempt.waitingSince, resumingAt: attempt.resumingAt, coresReleased: attempt.coresReleased,
            tookCores: attempt.tookCores, phase: attempt.phase,
            memory: memory, hugePages: hugePages.isEmpty ? nil : hugePages)
    }

    /// The state that a snapshot tells of; also the way in which new settings are taken in.
    public init(snapshot: Snapshot) {
        self.init(shape: snapshot.shape, settings: snapshot.settings)
        for outcomes in snapshot.finishedElsewhere { knowElsewhere(outcomes) }
        for (batch, holds) in snapshot.batchHolds.sorted(by: { $0.key < $1.key }) { setBatchHolds(batch, holds) }
        // All are known before the first depends on one.
        for entry in snapshot.jobs { dependencies.know(Self.outcomes(entry), live: true) }
        for entry in snapshot.jobs { add(entry.job, entry.tasks) }
        for attempt in snapshot.attempts { restore(attempt) }
        announcedPool = snapshot.announcedPool
        shrunk = isBeyondMachine
    }

    private static func outcomes(_ entry: Snapshot.JobEntry) -> JobOutcomes {
        JobOutcomes(
            job: entry.job.id, isArray: entry.job.isArray, indices: entry.job.indices,
            started: entry.tasks.started.union(entry.tasks.active),
            succeeded: entry.tasks.succeeded, unsuccessful: entry.tasks.unsuccessful)
    }

    private mutating func restore(_ saved: Snapshot.Attempt) {
        guard let position = positions[saved.task.job] else { return }
        var holding = machine.holding(saved.placement, demand: saved.demand, cores: !saved.coresReleased)
        holding.memory = machine.nodes.map { saved.memory[$0.id] ?? 0 }
        holding.huge = machine.nodes.map { node in machine.hugeSizes.map { saved.hugePages?[node.id]?[$0] ?? 0 } }
        let need = machine.vector(saved.demand) ?? machine.vector(holding)
        entries[position].active.insert(saved.task.slot)
        attempts[saved.task] = Attempt(
            task: saved.task, number: saved.number, position: position, placement: saved.placement, demand: saved.demand, need: need,
            timeLimit: saved.timeLimit, startedAt: saved.startedAt, pausedFor: saved.pausedNanoseconds, frozenAt: saved.frozenAt,
            waitingSince: saved.waitingSince, resumingAt: saved.resumingAt, coresReleased: saved.coresReleased, tookCores: saved.tookCores,
            phase: saved.phase,
            holding: machine.take(holding))
        charge(saved.task, sign: 1)
        refreshEnd(saved.task)
        if saved.phase == .waiting { addWaiter(Waiter(since: saved.waitingSince ?? saved.startedAt, task: saved.task)) }
        relist(position)
    }
}
