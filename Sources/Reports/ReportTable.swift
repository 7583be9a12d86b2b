public import API
public import JobModel

/// What ended jobs used, by user, batch, queue or job. A batch belongs to its owner; jobs without one form a row of their own for each user.
public struct ReportTable: Hashable, Sendable, Codable {
    public typealias Grouping = ReportRequest.Grouping

    public var grouping: Grouping
    public var since: WallTime?
    public var until: WallTime?
    /// In the order of their labels.
    public var rows: [ReportRow]
    public var total: ReportRow

    /// Takes the ledger in, attempt by attempt; feed it to `foldAttempts` and, for jobs without attempts, `foldJobs`.
    public struct Builder: Sendable {
        private struct Key: Hashable {
            var user: UserID?
            var batch: String?
            var queue: String?
            var job: JobID?
        }

        private let grouping: Grouping
        private var rows: [Key: ReportRow.Builder] = [:]
        private var total = ReportRow.Builder(label: "total")

        public init(by grouping: Grouping) { self.grouping = grouping }

        public mutating func add(_ attempt: LedgerAttempt) {
            total.add(attempt)
            let job = attempt.id.task.job
            change(job, attempt.queue, attempt.owner, attempt.ownerName, attempt.batch) { $0.add(attempt) }
        }

        /// Counts a job, also when none of its tasks started.
        public mutating func add(_ job: LedgerJob) {
            let record = job.record
            total.add(job: record.id)
            change(record.id, record.queue, record.owner.user, record.owner.name, record.spec.batch) { $0.add(job: record.id) }
        }

        private mutating func change(
            _ job: JobID, _ queue: String, _ user: UserID, _ name: String, _ batch: String?, _ body: (inout ReportRow.Builder) -> Void
        ) {
            let (key, label): (Key, String) =
                switch grouping {
                case .user: (Key(user: user), name)
                case .batch: (Key(user: user, batch: batch), "\(name)/\(batch ?? "-")")
                case .queue: (Key(queue: queue), queue)
                case .job: (Key(user: user, job: job), "\(job)")
                }
            body(&rows[key, default: ReportRow.Builder(label: label, user: key.user, batch: key.batch)])
        }

        public func table(since: WallTime? = nil, until: WallTime? = nil) -> ReportTable {
            // Numbers of jobs as numbers: 9 before 10.
            let sorted = rows.sorted { a, b in
                if let first = a.key.job, let second = b.key.job { return first < second }
                return (a.value.label, a.key.user ?? .root) < (b.value.label, b.key.user ?? .root)
            }
            return ReportTable(grouping: grouping, since: since, until: until, rows: sorted.map(\.value.row), total: total.row)
        }
    }
}
