internal import FoundationEssentials

/// A policy of system calls in the JSON format that Docker and Podman share: a default action, and rules by name, arguments, capabilities
/// and kernel.
public struct SeccompProfile: Sendable, Hashable, Codable {
    /// What happens to a call that no rule names.
    public var defaultAction: SeccompAction
    /// The errno of a default action `errno`; EPERM when absent.
    public var defaultErrnoRet: UInt16?
    /// Which other architectures' calls are filtered by the same rules, by our own.
    public var archMap: [Architecture]?
    /// The rules; a call that several name gets the action of the first whose conditions hold.
    public var syscalls: [Rule]

    /// An architecture and those it can also execute.
    public struct Architecture: Sendable, Hashable, Codable {
        /// `SCMP_ARCH_X86_64`.
        public var architecture: String
        /// `SCMP_ARCH_X86`, `SCMP_ARCH_X32`.
        public var subArchitectures: [String]?
    }

    /// What happens to some calls under some conditions.
    public struct Rule: Sendable, Hashable, Codable {
        /// Calls by name; those that the library does not know are skipped unless Berth knows their number.
        public var names: [String]
        /// What happens.
        public var action: SeccompAction
        /// The errno of an action `errno`; EPERM when absent.
        public var errnoRet: UInt16?
        /// Conditions on arguments, all of which must hold; two on the same argument mean either.
        public var args: [Condition]?
        /// A note for people.
        public var comment: String?
        /// The rule counts only if all of this holds.
        public var includes: Filter?
        /// The rule does not count if any of this holds.
        public var excludes: Filter?
    }

    /// When a rule counts.
    public struct Filter: Sendable, Hashable, Codable {
        /// Names of capabilities.
        public var caps: [String]?
        /// Architectures as Go names them: `amd64`, `x32`.
        public var arches: [String]?
        /// The running kernel is at least this: `4.8`.
        public var minKernel: String?
    }

    /// A condition on an argument's 64 bits.
    public struct Condition: Sendable, Hashable, Codable {
        /// Which argument, 0 to 5.
        public var index: UInt32
        /// What it is compared with; for `maskedEqual` the mask.
        public var value: UInt64
        /// For `maskedEqual` what the masked argument has to be.
        public var valueTwo: UInt64?
        /// How.
        public var op: SeccompOperator
    }

    /// Decodes the JSON text.
    ///
    /// - Throws: a `SystemError` without errno that names the field, what was found and what is accepted.
    public init(json: [UInt8]) throws(SystemError) {
        do { self = try JSONDecoder().decode(SeccompProfile.self, from: Data(json)) } catch {
            throw SystemError("read seccomp profile", errno: 0, detail: Self.explain(error))
        }
    }

    private static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let context: DecodingError.Context
        switch error {
        case .dataCorrupted(let found), .keyNotFound(_, let found), .typeMismatch(_, let found), .valueNotFound(_, let found):
            context = found
        @unknown default: return "\(error)"
        }
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        return "\(path.isEmpty ? "top level" : path): \(context.debugDescription)".filter { !$0.isNewline }
    }
}

/// What the kernel does with a call (seccomp(2)).
public enum SeccompAction: String, Sendable, Hashable, Codable, CaseIterable {
    /// The call happens.
    case allow = "SCMP_ACT_ALLOW"
    /// The call fails with an errno.
    case errno = "SCMP_ACT_ERRNO"
    /// The process ends with SIGSYS.
    case killProcess = "SCMP_ACT_KILL_PROCESS"
    /// The thread ends with SIGSYS.
    case killThread = "SCMP_ACT_KILL_THREAD"
    /// The older name of `killThread`.
    case kill = "SCMP_ACT_KILL"
    /// The thread gets SIGSYS instead of the call.
    case trap = "SCMP_ACT_TRAP"
    /// The call happens and is logged.
    case log = "SCMP_ACT_LOG"

    /// The value that a filter returns.
    public func returnValue(errno: UInt16?) -> UInt32 {
        switch self {
        case .allow: 0x7FFF_0000
        case .errno: 0x0005_0000 | UInt32(errno ?? 1)
        case .killProcess: 0x8000_0000
        case .killThread, .kill: 0
        case .trap: 0x0003_0000
        case .log: 0x7FFC_0000
        }
    }
}

/// How an argument is compared.
public enum SeccompOperator: String, Sendable, Hashable, Codable {
    /// Differs.
    case notEqual = "SCMP_CMP_NE"
    /// Less.
    case less = "SCMP_CMP_LT"
    /// Less or equal.
    case lessOrEqual = "SCMP_CMP_LE"
    /// Equal.
    case equal = "SCMP_CMP_EQ"
    /// Greater or equal.
    case greaterOrEqual = "SCMP_CMP_GE"
    /// Greater.
    case greater = "SCMP_CMP_GT"
    /// Equal to `valueTwo` under the mask `value`.
    case maskedEqual = "SCMP_CMP_MASKED_EQ"

    /// Whether an argument fulfils the condition.
    public func holds(_ argument: UInt64, value: UInt64, valueTwo: UInt64) -> Bool {
        switch self {
        case .notEqual: argument != value
        case .less: argument < value
        case .lessOrEqual: argument <= value
        case .equal: argument == value
        case .greaterOrEqual: argument >= value
        case .greater: argument > value
        case .maskedEqual: argument & value == valueTwo
        }
    }
}
