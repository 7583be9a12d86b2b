public import JobModel

/// What ended jobs used, by user or by batch.
public struct ReportTable: Hashable, Sendable, Codable {
    /// The version of this JSON form.
    public static let version = 1

    public enum Grouping: String, Hashable, Sendable, Codable, CaseIterable {
        case user
        /// A batch belongs to its owner; jobs without one form a row of their own for each user.
        case batch
    }

    public var version = ReportTable.version
    public var grouping: Grouping
    public var since: WallTime?
    public var until: WallTime?
    /// In the order of their labels.
    public var rows: [ReportRow]
    public var total: ReportRow

    /// Takes the ledger in, attempt by attempt; feed it to `foldAttempts` and, for jobs without attempts, `foldJobs`.
    public struct Builder: Sendable {
        private struct Key: Hashable {
            var user: UserID
            var batch: String?
        }

        private let grouping: Grouping
        private var rows: [Key: ReportRow.Builder] = [:]
        private var total = ReportRow.Builder(label: "total")

        public init(by grouping: Grouping) { self.grouping = grouping }

        public mutating func add(_ attempt: LedgerAttempt) {
            total.add(attempt)
            change(attempt.owner, attempt.ownerName, attempt.batch) { $0.add(attempt) }
        }

        /// Counts a job, also when none of its tasks started.
        public mutating func add(_ job: LedgerJob) {
            total.add(job: job.record.id)
            change(job.record.owner.user, job.record.owner.name, job.record.spec.batch) { $0.add(job: job.record.id) }
        }

        private mutating func change(_ user: UserID, _ name: String, _ batch: String?, _ body: (inout ReportRow.Builder) -> Void) {
            let key = Key(user: user, batch: grouping == .batch ? batch : nil)
            let label = grouping == .batch ? "\(name)/\(batch ?? "-")" : name
            body(&rows[key, default: ReportRow.Builder(label: label, user: user, batch: key.batch)])
        }

        public func table(since: WallTime? = nil, until: WallTime? = nil) -> ReportTable {
            let sorted = rows.values.map(\.row).sorted { ($0.label, $0.user ?? .root) < ($1.label, $1.user ?? .root) }
            return ReportTable(grouping: grouping, since: since, until: until, rows: sorted, total: total.row)
        }
    }
}
