/// What to ask for next time.
public struct ReportAdvice: Hashable, Sendable, Codable {
    /// The field of a job file: `memory`, `cores`, `cpu`, `time_limit`.
    public var field: String
    /// What was asked for, as a job file has it.
    public var asked: String
    /// What to ask for; nil where it is fine, or too little is known.
    public var suggested: String?
    /// Why, in a line.
    public var reason: String

    public init(field: String, asked: String, suggested: String? = nil, reason: String) {
        self.field = field
        self.asked = asked
        self.suggested = suggested
        self.reason = reason
    }
}
