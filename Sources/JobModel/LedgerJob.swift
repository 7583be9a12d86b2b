/// A finished job as kept in the ledger: its spec and its final task table, so that it can be shown after it left the store.
public struct LedgerJob: Hashable, Sendable, Codable {
    public var record: JobRecord
    public var tasks: TaskTable
    public var endedAt: WallTime

    public init(record: JobRecord, tasks: TaskTable, endedAt: WallTime) {
        self.record = record
        self.tasks = tasks
        self.endedAt = endedAt
    }

    /// Whether every task succeeded.
    public var succeeded: Bool { tasks.isFinished && tasks.unsuccessful.isEmpty }
}
