public import API
public import JobModel

/// What ended jobs used, by user, batch, image and so on. A batch belongs to its owner; jobs without one form a row of their own for each user.
public struct ReportTable: Hashable, Sendable, Codable {
    public typealias Grouping = ReportRequest.Grouping

    public var grouping: Grouping
    public var since: WallTime?
    public var until: WallTime?
    /// In the order of their labels, numbers as numbers; what is beyond the limit is added up in a last one, `others`. Every figure of the total
    /// is the sum, or the largest, of those of the rows.
    public var rows: [ReportRow]
    public var total: ReportRow
    /// How many rows `others` stands for.
    public var others: Int?
    /// The machine's parent group beside the jobs, for those who see everybody's accounts.
    public var machine: Reconciliation?

    /// What is kept of rows; more are added up.
    public static let mostRows = 10_000
    public static let othersLabel = "others"

    /// Takes the ledger in; feed it all attempts of a job one after the other, the newest first, and then jobs without attempts.
    public struct Builder: Sendable {
        enum Key: Hashable, Sendable {
            case user(UserID)
            case batch(UserID, String?)
            case word(String)
            case day(Int64)
            case outcome(Int)
            case job(JobID)
        }

        private let grouping: Grouping
        private let days: Days
        private let most: Int
        private var places: [Key: Int] = [:]
        private var rows: [ReportRow.Builder] = []
        private var keys: [Key] = []
        private var others = ReportRow.Builder(label: ReportTable.othersLabel)
        private var beyond = 0
        /// Until the end only what is added up with a point, whose last digits depend on the order; the rest is taken from the rows.
        private var total = ReportRow.Builder(label: "total")
        private var lastKey: Key?
        private var lastPlace: Int?
        private var lastJob: JobID?
        /// Whose attempts were seen, as spans of numbers from the newest down.
        private var known: [ClosedRange<UInt64>] = []

        /// - Parameter secondsFromUTC: for days, of the asker's zone.
        public init(by grouping: Grouping, limit: Int? = nil, secondsFromUTC: @escaping @Sendable (WallTime) -> Int = { _ in 0 }) {
            self.grouping = grouping
            most = min(max(limit ?? ReportTable.mostRows, 1), ReportTable.mostRows)
            days = Days(secondsFromUTC: secondsFromUTC)
        }

        public mutating func add(_ attempt: LedgerAttempt) { add(AttemptFacts(attempt)) }

        public mutating func add(_ attempt: AttemptFacts) {
            let isNew = attempt.job != lastJob
            if isNew { note(attempt.job) }
            total.addRatios(attempt)
            let key = key(of: attempt)
            if key != lastKey {
                lastPlace = place(key, attempt.owner, attempt.ownerName)
                lastKey = key
            }
            if let place = lastPlace {
                rows[place].add(attempt)
                if isNew { rows[place].addJob() }
            } else {
                others.add(attempt)
                if isNew { others.addJob() }
            }
        }

        private mutating func note(_ job: JobID) {
            lastJob = job
            if let last = known.last, last.lowerBound > 0, last.lowerBound - 1 == job.value {
                known[known.count - 1] = job.value...last.upperBound
            } else {
                known.append(job.value...job.value)
            }
        }

        /// Tells of a job whether attempts of it were taken in.
        public var isKnown: @Sendable (JobID) -> Bool {
            let spans = known.sorted { $0.lowerBound < $1.lowerBound }
            return { job in
                var (low, high) = (0, spans.count)
                while low < high {
                    let middle = (low + high) / 2
                    if spans[middle].upperBound < job.value { low = middle + 1 } else { high = middle }
                }
                return low < spans.count && spans[low].contains(job.value)
            }
        }

        /// A job none of whose tasks has an attempt.
        public mutating func add(_ job: LedgerJob) {
            let record = job.record
            let key: Key =
                switch grouping {
                case .user: .user(record.owner.user)
                case .batch: .batch(record.owner.user, record.spec.batch)
                case .image: .word(record.spec.image ?? "-")
                case .day: .day(days.day(job.endedAt))
                case .node: .word("-")
                case .outcome: .outcome(AttemptOutcome.Kind.cancelled.place)
                case .queue: .word(record.queue)
                case .job: .job(record.id)
                }
            if let place = place(key, record.owner.user, record.owner.name) { rows[place].addJob() } else { others.addJob() }
            (lastKey, lastPlace) = (nil, nil)
        }

        private func key(of attempt: AttemptFacts) -> Key {
            switch grouping {
            case .user: .user(attempt.owner)
            case .batch: .batch(attempt.owner, attempt.batch)
            case .image: .word(attempt.image ?? "-")
            case .day: .day(days.day(attempt.endedAt))
            case .node: .word(attempt.node)
            case .outcome: .outcome(attempt.outcome.place)
            case .queue: .word(attempt.queue)
            case .job: .job(attempt.job)
            }
        }

        private func label(_ key: Key, _ owner: String) -> String {
            switch key {
            case .user: owner
            case .batch(_, let batch): "\(owner)/\(batch ?? "-")"
            case .word(let word): word
            case .day(let day): Days.label(day)
            case .outcome(let place): AttemptOutcome.Kind.allCases[place].rawValue
            case .job(let job): "\(job)"
            }
        }

        /// Nil for a key that comes when there are rows enough.
        private mutating func place(_ key: Key, _ owner: UserID, _ name: String) -> Int? {
            if let place = places[key] { return place }
            guard rows.count < ReportTable.mostRows else {
                beyond += 1
                return nil
            }
            let (user, batch): (UserID?, String?) =
                switch key {
                case .user(let user): (user, nil)
                case .batch(let user, let batch): (user, batch)
                case .job: (owner, nil)
                default: (nil, nil)
                }
            places[key] = rows.count
            keys.append(key)
            rows.append(ReportRow.Builder(label: label(key, name), user: user, batch: batch))
            return rows.count - 1
        }

        public func table(since: WallTime? = nil, until: WallTime? = nil) -> ReportTable {
            var kept = Array(rows.indices)
            var rest = others
            var count = beyond
            if kept.count > most {
                // Of jobs the newest, which came first; else those that had most.
                if grouping != .job { kept.sort { (rows[$0].weight, $1) > (rows[$1].weight, $0) } }
                for index in kept[most...] { rest.add(rows[index]) }
                count += kept.count - most
                kept = Array(kept[..<most])
            }
            kept.sort { precedes($0, $1) }
            var sum = total
            for row in rows { sum.addCounts(row) }
            sum.addCounts(others)
            var result = ReportTable(grouping: grouping, since: since, until: until, rows: kept.map { rows[$0].row }, total: sum.row)
            if count > 0 {
                result.rows.append(rest.row)
                result.others = count
            }
            return result
        }

        private func precedes(_ a: Int, _ b: Int) -> Bool {
            switch (keys[a], keys[b]) {
            case (.job(let first), .job(let second)): first < second
            case (.outcome(let first), .outcome(let second)): first < second
            case (.day(let first), .day(let second)): first < second
            default: (rows[a].label, rows[a].user ?? .root) < (rows[b].label, rows[b].user ?? .root)
            }
        }
    }
}
