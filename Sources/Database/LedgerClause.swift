internal import FoundationEssentials
internal import GRDB
internal import JobModel
internal import JobStore

/// The condition of a query over the ledger.
struct LedgerClause {
    private var conditions: [String] = []
    private var arguments: [any DatabaseValueConvertible & Sendable] = []

    init(_ filter: LedgerFilter, withOutcomes: Bool) {
        if let owner = filter.owner { require("owner = ?", Int64(owner.value)) }
        if let batch = filter.batch { require("batch = ?", batch) }
        if let queue = filter.queue { require("queue = ?", queue) }
        if let since = filter.since { require("ended >= ?", since.milliseconds) }
        if let until = filter.until { require("ended < ?", until.milliseconds) }
        // Written out, not bound: SQLite takes no more than 32,766 parameters. They are numbers and our own words.
        if let jobs = filter.jobs { require("job IN (\(jobs.map { "\($0.column)" }.joined(separator: ",")))") }
        if let numbers = filter.numbers {
            require("job BETWEEN ? AND ?", Int64(clamping: numbers.lowerBound), Int64(clamping: numbers.upperBound))
        }
        if withOutcomes, let outcomes = filter.outcomes {
            require("outcome IN (\(outcomes.map { "'\($0.rawValue)'" }.joined(separator: ",")))")
        }
    }

    mutating func require(_ condition: String, _ values: any DatabaseValueConvertible & Sendable...) {
        conditions.append(condition)
        arguments += values
    }

    func query(_ select: String, order: String?, limit: Int?) -> LedgerQuery {
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let end = limit.map { " LIMIT \($0)" } ?? ""
        let sorted = order.map { " ORDER BY \($0)" } ?? ""
        return LedgerQuery(sql: select + filter + sorted + end, arguments: arguments)
    }
}

/// A query whose rows are packed bodies.
struct LedgerQuery: Sendable {
    let sql: String
    let arguments: [any DatabaseValueConvertible & Sendable]

    func forEach(_ db: GRDB.Database, _ body: ([UInt8]) throws -> Void) throws {
        let rows = try Data.fetchCursor(db, sql: sql, arguments: StatementArguments(arguments))
        while let bytes = try rows.next() { try body(Array(bytes)) }
    }

    func fetch<T>(_ db: GRDB.Database, _ decode: ([UInt8]) throws -> T) throws -> [T] {
        var result: [T] = []
        try forEach(db) { result.append(try decode($0)) }
        return result
    }
}
