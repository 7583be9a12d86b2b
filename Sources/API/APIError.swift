import JobModel

/// The body of every reply that is not a success.
public struct APIError: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// What kind of refusal; each has one HTTP status.
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        /// Not JSON, or not of the expected form.
        case malformed
        /// The peer may not speak to the daemon at all, or may not do this: contract §8.
        case denied
        /// No such job, task, batch, image, session or path.
        case unknown
        /// The state does not allow it.
        case conflict
        case tooLarge
        /// A field of a job spec or request was refused; `field` names it.
        case invalid
        /// A limit of the user, queue or batch is reached.
        case limit
        case `internal`
        /// Starting, stopping, or too busy; try again.
        case unavailable
        /// The commit may or may not have happened; ask by the request key.
        case unknownOutcome
        case noSpace

        /// The HTTP status that carries it.
        public var status: Int {
            switch self {
            case .malformed: 400
            case .denied: 403
            case .unknown: 404
            case .conflict: 409
            case .tooLarge: 413
            case .invalid: 422
            case .limit: 429
            case .internal: 500
            case .unavailable: 503
            case .unknownOutcome: 504
            case .noSpace: 507
            }
        }
    }

    public var version = APIVersion.current
    public var code: Code
    /// One line: what, where, what was found, what is accepted.
    public var message: String
    /// Such as `jobs[2].resources.memory`.
    public var field: String?
    /// The id under which the daemon's own log tells of this request; absent where it tells nothing.
    public var request: String?

    public init(_ code: Code, _ message: String, field: String? = nil) {
        self.code = code
        // What a client sent may stand in it.
        self.message = DocumentText.oneLine(message)
        self.field = field.map { DocumentText.place($0) }
    }

    public var description: String {
        let line = field.map { "\($0): \(message)" } ?? message
        return request.map { "\(line) [request \($0)]" } ?? line
    }
}
