internal import API
internal import FoundationEssentials
internal import JobModel

extension ReportReply {
    /// Reads what the daemon writes: thousands of rows in a small part of the time that a decoder takes. Nil for anything unusual, such as another
    /// version's reply or a label with a quote in it, which is left to the decoder.
    public init?(reading bytes: [UInt8]) {
        guard let reply = try? bytes.withUnsafeBufferPointer({ try Self.read($0) }) else { return nil }
        self = reply
    }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws -> ReportReply {
        var json = JSONReader(bytes)
        var reply = ReportReply()
        var version: Int?
        try json.object { json, name in
            switch name {
            case "attempts": reply.attempts = try json.decoded()
            case "job": reply.job = try json.decoded()
            case "plots": reply.plots = try json.decoded()
            case "table": reply.table = try table(&json)
            case "truncated": reply.truncated = try json.boolean()
            case "version": version = try json.integer()
            default: _ = try json.value()
            }
        }
        guard json.isAtEnd, version == APIVersion.current else { throw JSONReader.Unexpected() }
        return reply
    }

    private static func table(_ json: inout JSONReader) throws -> ReportTable {
        var grouping: ReportTable.Grouping?
        var total: ReportRow?
        var rows: [ReportRow] = []
        var (since, until): (WallTime?, WallTime?)
        var (others, machine): (Int?, Reconciliation?)
        try json.object { json, name in
            switch name {
            case "grouping": grouping = ReportTable.Grouping(rawValue: try json.string())
            case "machine": machine = try json.decoded()
            case "others": others = try json.integer()
            case "rows": try json.list { rows.append(try row(&$0)) }
            case "since": since = WallTime(milliseconds: try json.integer())
            case "total": total = try row(&json)
            case "until": until = WallTime(milliseconds: try json.integer())
            default: _ = try json.value()
            }
        }
        guard let grouping, let total else { throw JSONReader.Unexpected() }
        return ReportTable(grouping: grouping, since: since, until: until, rows: rows, total: total, others: others, machine: machine)
    }

    private static func row(_ json: inout JSONReader) throws -> ReportRow {
        var row = ReportRow.Builder(label: "").row
        var missing = 17
        (row.queued, row.ran) = (nil, nil)
        try json.object { json, name in
            missing -= 1
            switch name {
            case "attempts": row.attempts = try json.integer()
            case "coreSeconds": row.coreSeconds = try json.double()
            case "counts": row.counts = try counts(&json)
            case "cpu": row.cpu = try sum(&json)
            case "cpuSystem": row.cpuSystem = try sum(&json)
            case "cpuUser": row.cpuUser = try sum(&json)
            case "jobs": row.jobs = try json.integer()
            case "label": row.label = try json.string()
            case "memoryPeak": row.memoryPeak = try sum(&json)
            case "outcomes":
                row.outcomes = [:]
                try json.object { row.outcomes[$1] = try $0.integer() }
            case "pausedFor": row.pausedFor = TimeSpan(milliseconds: try json.integer())
            case "queuedFor": row.queuedFor = TimeSpan(milliseconds: try json.integer())
            case "ranFor": row.ranFor = TimeSpan(milliseconds: try json.integer())
            case "readBytes": row.readBytes = try sum(&json)
            case "startingFor": row.startingFor = TimeSpan(milliseconds: try json.integer())
            case "throttled": row.throttled = try sum(&json)
            case "writtenBytes": row.writtenBytes = try sum(&json)
            default:
                missing += 1
                try optional(name, &row, &json)
            }
        }
        guard missing == 0 else { throw JSONReader.Unexpected() }
        return row
    }

    private static func optional(_ name: String, _ row: inout ReportRow, _ json: inout JSONReader) throws {
        switch name {
        case "batch": row.batch = try json.string()
        case "cpuEfficiency": row.cpuEfficiency = try json.double()
        case "memoryEfficiency": row.memoryEfficiency = try json.double()
        case "queued": row.queued = try spread(&json)
        case "ran": row.ran = try spread(&json)
        case "user": row.user = UserID(try json.integer())
        default: _ = try json.value()
        }
    }

    private static func counts(_ json: inout JSONReader) throws -> ReportRow.Counts {
        var counts = UsageSums().counts
        var missing = 13
        try json.object { json, name in
            missing -= 1
            switch name {
            case "throttledPeriods": counts.throttledPeriods = try sum(&json)
            case "memoryFailures": counts.memoryFailures = try sum(&json)
            case "outOfMemoryKills": counts.outOfMemoryKills = try sum(&json)
            case "swapPeak": counts.swapPeak = try sum(&json)
            case "pidsPeak": counts.pidsPeak = try sum(&json)
            case "readOperations": counts.readOperations = try sum(&json)
            case "writeOperations": counts.writeOperations = try sum(&json)
            case "minorFaults": counts.minorFaults = try sum(&json)
            case "majorFaults": counts.majorFaults = try sum(&json)
            case "voluntarySwitches": counts.voluntarySwitches = try sum(&json)
            case "involuntarySwitches": counts.involuntarySwitches = try sum(&json)
            case "logBytes": counts.logBytes = try sum(&json)
            case "logDroppedBytes": counts.logDroppedBytes = try sum(&json)
            default:
                missing += 1
                _ = try json.value()
            }
        }
        guard missing == 0 else { throw JSONReader.Unexpected() }
        return counts
    }

    private static func sum(_ json: inout JSONReader) throws -> ReportSum {
        var sum = ReportSum()
        try json.object { json, name in
            switch name {
            case "partial": sum.partial = try json.boolean()
            case "value": sum.value = try json.number()
            default: _ = try json.value()
            }
        }
        return sum
    }

    private static func spread(_ json: inout JSONReader) throws -> Percentiles {
        var spread = Percentiles(p50: .zero, p90: .zero, p99: .zero, max: .zero)
        var missing = 4
        try json.object { json, name in
            missing -= 1
            switch name {
            case "max": spread.max = TimeSpan(milliseconds: try json.integer())
            case "p50": spread.p50 = TimeSpan(milliseconds: try json.integer())
            case "p90": spread.p90 = TimeSpan(milliseconds: try json.integer())
            case "p99": spread.p99 = TimeSpan(milliseconds: try json.integer())
            default:
                missing += 1
                _ = try json.value()
            }
        }
        guard missing == 0 else { throw JSONReader.Unexpected() }
        return spread
    }
}

extension JSONReader {
    /// The next value by the decoder.
    fileprivate mutating func decoded<Value: Decodable>() throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(try value()))
    }
}
