import API
import FoundationEssentials
import JobModel

/// The JSON of a page of the list: character for character what the encoder makes of it with sorted names, in a small part of its time.
///
/// No reply is longer or asked for more often, and most of its rows say the same: that is encoded once.
struct PageText {
    private(set) var text = ""
    private let encoder: JSONEncoder
    private var demand = Repeated<ResourceDemand>()
    private var reasons = Repeated<[PendingReason]>()
    private var names: [String: String] = [:]

    init(_ page: ListReply, _ encoder: JSONEncoder) throws {
        self.encoder = encoder
        text.reserveCapacity(page.jobs.reduce(256) { $0 + 768 + 192 * $1.groups.count })
        text += "{"
        try list("jobs", page.jobs) { try $0.write($1) }
        if let next = page.next { number("next", next.value) }
        number("now", page.now.milliseconds)
        number("version", page.version)
        close()
    }

    private mutating func write(_ row: JobSummary) throws {
        text += "{"
        if let limit = row.arrayLimit { number("arrayLimit", limit) }
        if let batch = row.batch { try string("batch", batch) }
        if let command = row.command { try list("command", command) { $0.text += try $0.quoted($1) } }
        write("counts", row.counts)
        member("demand", try demand.text(row.demand, encoder))
        try list("groups", row.groups) { try $0.write($1) }
        number("id", row.id.value)
        if let image = row.image { try string("image", image) }
        member("isArray", row.isArray ? "true" : "false")
        if let name = row.name { try string("name", name) }
        number("owner", row.owner.value)
        try string("ownerName", row.ownerName)
        number("priority", row.priority)
        try string("queue", row.queue)
        member("redacted", row.redacted ? "true" : "false")
        number("submittedAt", row.submittedAt.milliseconds)
        if let tags = row.tags { try list("tags", tags) { $0.text += try $0.quoted($1) } }
        number("timeLimit", row.timeLimit.milliseconds)
        close()
    }

    private mutating func write(_ name: String, _ counts: TaskCounts) {
        text += "\"\(name)\":{"
        number("cancelled", counts.cancelled)
        number("failed", counts.failed)
        number("held", counts.held)
        number("paused", counts.paused)
        number("pending", counts.pending)
        number("running", counts.running)
        number("succeeded", counts.succeeded)
        close()
        text += ","
    }

    private mutating func write(_ group: TaskGroup) throws {
        text += "{"
        if let attempt = group.attempt { member("attempt", try Self.encoded(attempt, encoder)) }
        number("count", group.count)
        if let start = group.estimatedStart { number("estimatedStart", start.milliseconds) }
        if let indices = group.indices { member("indices", "\"\(indices)\"") }
        if let outcome = group.outcome { member("outcome", try Self.encoded(outcome, encoder)) }
        if let why = group.reasons { member("reasons", try reasons.text(why, encoder)) }
        member("state", "\"\(group.state.rawValue)\"")
        close()
    }

    // MARK: Members, each with a comma behind it

    private mutating func member(_ name: String, _ json: String) {
        text += "\""
        text += name
        text += "\":"
        text += json
        text += ","
    }

    private mutating func number(_ name: String, _ value: some BinaryInteger) { member(name, value.description) }
    private mutating func string(_ name: String, _ value: String) throws { member(name, try quoted(value)) }

    private mutating func list<Element>(_ name: String, _ elements: [Element], _ write: (inout Self, Element) throws -> Void) throws {
        text += "\"\(name)\":["
        for (position, element) in elements.enumerated() {
            if position > 0 { text += "," }
            try write(&self, element)
        }
        text += "],"
    }

    /// In place of the last comma.
    private mutating func close() {
        text.removeLast()
        text += "}"
    }

    /// A text as JSON; most are short and come again.
    private mutating func quoted(_ value: String) throws -> String {
        if let known = names[value] { return known }
        let json = try Self.encoded(value, encoder)
        if names.count < Self.namesKept { names[value] = json }
        return json
    }

    private static let namesKept = 256

    private static func encoded(_ value: some Encodable, _ encoder: JSONEncoder) throws -> String {
        String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// What was encoded last, if it comes again.
    private struct Repeated<Value: Encodable & Equatable> {
        var last: (value: Value, text: String)?

        mutating func text(_ value: Value, _ encoder: JSONEncoder) throws -> String {
            if let last, last.value == value { return last.text }
            let text = try PageText.encoded(value, encoder)
            last = (value, text)
            return text
        }
    }
}
