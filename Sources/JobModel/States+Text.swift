extension AttemptOutcome: CustomStringConvertible, Codable {
    /// Such as `failed(3)` or `startFailed(mount overlay on /x: ENOENT)`.
    public var description: String {
        switch self {
        case .failed(let code): "failed(\(code))"
        case .killed(let signal): "killed(\(SignalName.text(signal)))"
        case .startFailed(let operation, let errno): "startFailed(\(operation): \(errno))"
        default: kind.rawValue
        }
    }

    private enum Keys: String, CodingKey { case kind, code, signal, operation, errno }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        switch try container.decode(Kind.self, forKey: .kind) {
        case .succeeded: self = .succeeded
        case .failed: self = .failed(code: try container.decode(Int32.self, forKey: .code))
        case .killed: self = .killed(signal: try container.decode(Int32.self, forKey: .signal))
        case .timedOut: self = .timedOut
        case .outOfMemory: self = .outOfMemory
        case .cancelled: self = .cancelled
        case .startFailed:
            self = .startFailed(
                operation: try container.decode(String.self, forKey: .operation), errno: try container.decode(String.self, forKey: .errno))
        case .preempted: self = .preempted
        case .nodeLost: self = .nodeLost
        case .monitorLost: self = .monitorLost
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .failed(let code): try container.encode(code, forKey: .code)
        case .killed(let signal): try container.encode(signal, forKey: .signal)
        case .startFailed(let operation, let errno):
            try container.encode(operation, forKey: .operation)
            try container.encode(errno, forKey: .errno)
        default: break
        }
    }
}

extension TaskOutcome: CustomStringConvertible {
    public var description: String {
        switch self {
        case .attempt(let outcome): outcome.description
        case .cancelled: "cancelled"
        case .dependencyFailed: "dependencyFailed"
        }
    }

    /// What `berth run` and `berth wait` exit with for this outcome: contract §6.
    public var exitStatus: Int32 {
        switch self {
        case .attempt(.succeeded): 0
        case .attempt(.failed(let code)): code
        case .attempt(.killed(let signal)): 128 + signal
        case .attempt(.timedOut): 124
        case .attempt(.startFailed(let operation, let errno)) where operation.hasPrefix("exec "): errno == "ENOENT" ? 127 : 126
        case .attempt(.outOfMemory): 137
        case .cancelled, .attempt(.cancelled): 143
        default: 125
        }
    }
}

/// Signals by name, numbered as on x86-64 and arm64 Linux (signal(7)).
public enum SignalName {
    private static let names: [(String, Int32)] = [
        ("HUP", 1), ("INT", 2), ("QUIT", 3), ("ILL", 4), ("TRAP", 5), ("ABRT", 6), ("BUS", 7), ("FPE", 8), ("KILL", 9), ("USR1", 10),
        ("SEGV", 11), ("USR2", 12), ("PIPE", 13), ("ALRM", 14), ("TERM", 15), ("STKFLT", 16), ("CHLD", 17), ("CONT", 18), ("STOP", 19),
        ("TSTP", 20), ("TTIN", 21), ("TTOU", 22), ("URG", 23), ("XCPU", 24), ("XFSZ", 25), ("VTALRM", 26), ("PROF", 27), ("WINCH", 28),
        ("IO", 29), ("PWR", 30), ("SYS", 31),
    ]

    /// What `number` accepts, for error messages.
    public static let accepted = "a signal name such as TERM or USR1, RTMIN+n, or a number from 1 to 64"

    /// `TERM`, `SIGTERM`, `15`, `RTMIN+3`; nil when it is no signal.
    public static func number(_ text: String) -> Int32? {
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        if let number = Int32(name) { return (1...64).contains(number) ? number : nil }
        if name.hasPrefix("RTMIN+"), let offset = Int32(name.dropFirst(6)), (0...30).contains(offset) { return 34 + offset }
        return names.first { $0.0 == name }?.1
    }

    /// Without `SIG`; real-time signals by number.
    public static func text(_ number: Int32) -> String { names.first { $0.1 == number }?.0 ?? "\(number)" }
}
