import API
import FoundationEssentials
import JobModel
import Reports

/// The JSON of a report, of whose table thousands of rows are written by hand.
enum ReportText {
    static func text(_ report: ReportReply, _ encoder: JSONEncoder) throws -> String {
        var json = JSONText(encoder, room: 4096 + 2048 * (report.table?.rows.count ?? 0))
        try json.object { json in
            try json.encoded("attempts", report.attempts)
            if let job = report.job { try json.encoded("job", job) }
            if let plots = report.plots { try json.encoded("plots", plots) }
            if let table = report.table { try json.object("table") { try write(table, &$0) } }
            if let truncated = report.truncated { json.member("truncated", truncated) }
            json.member("version", report.version)
        }
        return json.text
    }

    private static func write(_ table: ReportTable, _ json: inout JSONText) throws {
        try json.string("grouping", table.grouping.rawValue)
        if let machine = table.machine { try json.encoded("machine", machine) }
        if let others = table.others { json.member("others", others) }
        try json.list("rows", table.rows) { json, row in try json.object { try write(row, &$0) } }
        if let since = table.since { json.member("since", since.milliseconds) }
        try json.object("total") { try write(table.total, &$0) }
        if let until = table.until { json.member("until", until.milliseconds) }
    }

    private static func write(_ row: ReportRow, _ json: inout JSONText) throws {
        json.member("attempts", row.attempts)
        if let batch = row.batch { try json.string("batch", batch) }
        try json.member("coreSeconds", row.coreSeconds)
        json.object("counts") { write(row.counts, &$0) }
        write("cpu", row.cpu, &json)
        if let efficiency = row.cpuEfficiency { try json.member("cpuEfficiency", efficiency) }
        write("cpuSystem", row.cpuSystem, &json)
        write("cpuUser", row.cpuUser, &json)
        json.member("jobs", row.jobs)
        try json.string("label", row.label)
        if let efficiency = row.memoryEfficiency { try json.member("memoryEfficiency", efficiency) }
        write("memoryPeak", row.memoryPeak, &json)
        try json.encoded("outcomes", row.outcomes)
        json.member("pausedFor", row.pausedFor.milliseconds)
        if let queued = row.queued { json.object("queued") { write(queued, &$0) } }
        json.member("queuedFor", row.queuedFor.milliseconds)
        if let ran = row.ran { json.object("ran") { write(ran, &$0) } }
        json.member("ranFor", row.ranFor.milliseconds)
        write("readBytes", row.readBytes, &json)
        json.member("startingFor", row.startingFor.milliseconds)
        write("throttled", row.throttled, &json)
        if let user = row.user { json.member("user", user.value) }
        write("writtenBytes", row.writtenBytes, &json)
    }

    private static func write(_ counts: ReportRow.Counts, _ json: inout JSONText) {
        write("involuntarySwitches", counts.involuntarySwitches, &json)
        write("logBytes", counts.logBytes, &json)
        write("logDroppedBytes", counts.logDroppedBytes, &json)
        write("majorFaults", counts.majorFaults, &json)
        write("memoryFailures", counts.memoryFailures, &json)
        write("minorFaults", counts.minorFaults, &json)
        write("outOfMemoryKills", counts.outOfMemoryKills, &json)
        write("pidsPeak", counts.pidsPeak, &json)
        write("readOperations", counts.readOperations, &json)
        write("swapPeak", counts.swapPeak, &json)
        write("throttledPeriods", counts.throttledPeriods, &json)
        write("voluntarySwitches", counts.voluntarySwitches, &json)
        write("writeOperations", counts.writeOperations, &json)
    }

    private static func write(_ name: StaticString, _ sum: ReportSum, _ json: inout JSONText) {
        json.object(name) { json in
            json.member("partial", sum.partial)
            if let value = sum.value { json.member("value", value) }
        }
    }

    private static func write(_ spread: Percentiles, _ json: inout JSONText) {
        json.member("max", spread.max.milliseconds)
        json.member("p50", spread.p50.milliseconds)
        json.member("p90", spread.p90.milliseconds)
        json.member("p99", spread.p99.milliseconds)
    }
}
