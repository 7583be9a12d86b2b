import API
import FoundationEssentials
import JobModel

/// The JSON of a page of the list: no reply is longer or asked for more often, and most of its rows say the same, which is encoded once.
struct PageText {
    private var demand = Repeated<ResourceDemand>()
    private var reasons = Repeated<[PendingReason]>()

    static func text(_ page: ListReply, _ encoder: JSONEncoder) throws -> String {
        var json = JSONText(encoder, room: page.jobs.reduce(256) { $0 + 768 + 192 * $1.groups.count })
        var writer = PageText()
        try json.object { json in
            try json.list("jobs", page.jobs) { try writer.write($1, &$0) }
            if let next = page.next { json.member("next", next.value) }
            json.member("now", page.now.milliseconds)
            json.member("version", page.version)
        }
        return json.text
    }

    private mutating func write(_ row: JobSummary, _ json: inout JSONText) throws {
        try json.object { json in
            if let limit = row.arrayLimit { json.member("arrayLimit", limit) }
            if let batch = row.batch { try json.string("batch", batch) }
            if let command = row.command { try json.list("command", command) { try $0.append(quoted: $1) } }
            json.object("counts") { Self.write(row.counts, &$0) }
            json.member("demand", try demand.text(row.demand, json))
            try json.list("groups", row.groups) { try write($1, &$0) }
            json.member("id", row.id.value)
            if let image = row.image { try json.string("image", image) }
            json.member("isArray", row.isArray)
            if let name = row.name { try json.string("name", name) }
            json.member("owner", row.owner.value)
            try json.string("ownerName", row.ownerName)
            json.member("priority", row.priority)
            try json.string("queue", row.queue)
            json.member("redacted", row.redacted)
            json.member("submittedAt", row.submittedAt.milliseconds)
            if let tags = row.tags { try json.list("tags", tags) { try $0.append(quoted: $1) } }
            json.member("timeLimit", row.timeLimit.milliseconds)
        }
    }

    private static func write(_ counts: TaskCounts, _ json: inout JSONText) {
        json.member("cancelled", counts.cancelled)
        json.member("failed", counts.failed)
        json.member("held", counts.held)
        json.member("paused", counts.paused)
        json.member("pending", counts.pending)
        json.member("running", counts.running)
        json.member("succeeded", counts.succeeded)
    }

    private mutating func write(_ group: TaskGroup, _ json: inout JSONText) throws {
        try json.object { json in
            if let attempt = group.attempt { try json.encoded("attempt", attempt) }
            json.member("count", group.count)
            if let start = group.estimatedStart { json.member("estimatedStart", start.milliseconds) }
            if let indices = group.indices { try json.string("indices", indices.description) }
            if let outcome = group.outcome { try json.encoded("outcome", outcome) }
            if let why = group.reasons { json.member("reasons", try reasons.text(why, json)) }
            try json.string("state", group.state.rawValue)
        }
    }

    /// What was encoded last, if it comes again.
    private struct Repeated<Value: Encodable & Equatable> {
        var last: (value: Value, text: String)?

        mutating func text(_ value: Value, _ json: JSONText) throws -> String {
            if let last, last.value == value { return last.text }
            let text = try json.encoded(value)
            last = (value, text)
            return text
        }
    }
}
