public import JobModel

/// How a task or an attempt ended, flat for scripts: `{"kind": "failed", "code": 3, "text": "failed(3)", "exitStatus": 3}`.
public struct OutcomeView: Hashable, Sendable, Codable, CustomStringConvertible {
    /// A name of `AttemptOutcome.Kind`, or `dependencyFailed`.
    public var kind: String
    public var code: Int32?
    /// The signal's name without `SIG`.
    public var signal: String?
    /// Of `startFailed`: what failed, with its subject.
    public var operation: String?
    public var errno: String?
    /// For people, such as `failed(3)`.
    public var text: String
    /// What `run` and `wait` exit with: contract §6.
    public var exitStatus: Int32

    public init(_ outcome: TaskOutcome) {
        text = outcome.description
        exitStatus = outcome.exitStatus
        switch outcome {
        case .attempt(let attempt): kind = attempt.kind.rawValue
        case .cancelled: kind = AttemptOutcome.Kind.cancelled.rawValue
        case .dependencyFailed: kind = "dependencyFailed"
        }
        guard case .attempt(let attempt) = outcome else { return }
        switch attempt {
        case .failed(let code): self.code = code
        case .killed(let number): signal = SignalName.text(number)
        case .startFailed(let operation, let errno):
            self.operation = operation
            self.errno = errno
        default: break
        }
    }

    public init(_ outcome: AttemptOutcome) { self.init(.attempt(outcome)) }

    public var succeeded: Bool { kind == AttemptOutcome.Kind.succeeded.rawValue }
    public var description: String { text }
}
