public import LinuxSys

/// A control group that could not be made, limited, read, frozen, killed or removed.
public struct CgroupError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried, lower case: `set memory.max`.
    public var operation: String
    /// The group, or the file's path.
    public var subject: String
    /// What was wanted, for a limit that did not take; else empty.
    public var wanted: String
    /// What was found instead, or the reason; may be empty.
    public var found: String
    /// The system call that failed, if one did.
    public var cause: SystemError?

    /// An error of a system call.
    public init(_ operation: String, _ subject: String, cause: SystemError) {
        self.init(operation, subject, wanted: "", found: "", cause: cause)
    }

    /// A limit that did not take, or another finding without an errno.
    public init(_ operation: String, _ subject: String, wanted: String = "", found: String, cause: SystemError? = nil) {
        self.operation = operation
        self.subject = subject
        self.wanted = wanted
        self.found = found
        self.cause = cause
    }

    /// Whether the group does not exist any more (ENOENT, or ENODEV from a file that was open).
    public var isGone: Bool { cause?.errno == 2 || cause?.errno == 19 }

    /// One line: `set memory.max of berth-1/12.1: wanted 4096, found 8192`.
    public var description: String {
        var line = "\(operation) of \(subject)"
        if let cause { line += ": \(cause.errnoName) (\(SystemError.text(of: cause.errno)))" }
        if !wanted.isEmpty {
            line += ": wanted \(wanted), found \(found.isEmpty ? "nothing" : found)"
        } else if !found.isEmpty {
            line += ": \(found)"
        }
        return line
    }
}
