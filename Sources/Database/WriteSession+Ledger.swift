internal import FoundationEssentials
internal import GRDB
internal import JobModel
internal import JobStore

extension WriteSession {
    func append(_ entries: [LedgerEntry]) throws {
        for entry in entries {
            switch entry {
            case .attempt(let attempt): try append(attempt)
            case .job(let job): try append(job)
            case .livesAgain(let id): try execute("DELETE FROM ledger_jobs WHERE job = ?", [id.column])
            }
        }
    }

    private func append(_ attempt: LedgerAttempt) throws {
        try execute(
            """
            INSERT OR IGNORE INTO ledger_attempts (job, slot, number, owner, batch, queue, ended, outcome, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                attempt.id.task.job.column, Int64(attempt.id.task.slot), Int64(attempt.id.number), Int64(attempt.owner.value),
                attempt.batch,
                attempt.queue, attempt.endedAt.milliseconds, attempt.outcome.kind.rawValue, Data(attempt.packed),
            ])
    }

    private func append(_ job: LedgerJob) throws {
        let record = job.record
        try execute(
            "INSERT OR REPLACE INTO ledger_jobs (job, owner, batch, queue, ended, body) VALUES (?, ?, ?, ?, ?, ?)",
            [
                record.id.column, Int64(record.owner.user.value), record.spec.batch, record.queue, job.endedAt.milliseconds,
                Data(job.packed),
            ])
    }

    /// Gives the sequence of the first.
    func append(_ events: [Event]) throws -> UInt64? {
        guard !events.isEmpty else { return nil }
        let first = counters.event + 1
        for event in events {
            counters.event += 1
            try execute(
                "INSERT INTO events (sequence, at, body) VALUES (?, ?, ?)",
                [Int64(bitPattern: counters.event), event.at.milliseconds, Data(event.packed)])
        }
        return first
    }

    func apply(_ change: NodeChange) throws {
        switch change {
        case .put(let table, let key, let value):
            try execute("INSERT OR REPLACE INTO node (name, key, value) VALUES (?, ?, ?)", [table.rawValue, key, Data(value)])
        case .remove(let table, let key):
            try execute("DELETE FROM node WHERE name = ? AND key = ?", [table.rawValue, key])
        }
    }
}

extension JobID {
    /// SQLite's integers are signed.
    var column: Int64 { Int64(bitPattern: value) }
    init(column: Int64) { self.init(UInt64(bitPattern: column)) }
}
