public import JobModel

/// An unguessable id of a session, 32 hexadecimal digits; only the peer's user that made it may use it.
public struct SessionID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let value: String
    public init(_ value: String) { self.value = value }
    public var description: String { value }

    public init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(String.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

/// `POST /v1/sessions`: for `attach`, `exec`, and a `run` that comes back after the daemon restarted.
///
/// The session begins when both its requests, `input` and `output`, have arrived; one that does not begin, or whose output is gone for
/// `APILimit.clientLossMilliseconds`, is dropped: an exec is killed then, a run's job cancelled if `cancelWhenLost`.
public struct SessionRequest: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable { case run, attach, exec }

    public var kind: Kind
    public var task: TaskID
    public var exec: ExecRequest?
    /// Of `run`.
    public var cancelWhenLost: Bool?
    /// Of `run` and `attach`: output after this position of the log; nil: from now on for attach, from the start for run.
    public var position: UInt64?
    /// The client's terminal, if it has one.
    public var terminal: TerminalSize?

    public init(_ kind: Kind, task: TaskID) {
        self.kind = kind
        self.task = task
    }
}

/// A further program in a running job's container, with the job's limits and in its groups.
public struct ExecRequest: Hashable, Sendable, Codable {
    public var command: [String]
    /// Added to the job's.
    public var environment: [String: String]?
    /// The job's without one.
    public var user: JobUser?
    public var workingDirectory: String?
    /// Give it a terminal.
    public var terminal: TerminalSize?
    /// Keep its input open; otherwise it reads /dev/null.
    public var interactive: Bool

    public init(command: [String], interactive: Bool) {
        self.command = command
        self.interactive = interactive
    }

    /// Checks the fields as those of a job spec are checked; `field` is the one that holds the request, if it has a name.
    public func validate(_ field: String? = nil) throws(SpecError) {
        let prefix = field.map { "\($0)." } ?? ""
        if command.isEmpty { throw SpecCheck.refuse("\(prefix)command", "an empty list", "a program and its arguments") }
        try SpecCheck.words(command, "\(prefix)command")
        try SpecCheck.environment(environment, "\(prefix)environment")
        try SpecCheck.text(command, environment, "\(prefix)command")
        try SpecCheck.user(user, "\(prefix)user")
        try SpecCheck.path(workingDirectory, "\(prefix)workingDirectory", root: true)
        try SpecCheck.terminal(terminal, "\(prefix)terminal")
    }
}

public struct SessionReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public var session: SessionID
    /// The job has a terminal, so that the client's goes into raw mode.
    public var terminal: Bool
    public init(_ session: SessionID, terminal: Bool) {
        self.session = session
        self.terminal = terminal
    }
}

/// The reply to a session's `input` request once its body has ended.
public struct SessionInputReply: Hashable, Sendable, Codable {
    public var version = APIVersion.current
    public init() {}
}
