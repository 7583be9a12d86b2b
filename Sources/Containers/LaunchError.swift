public import LinuxSys
import LaunchProgram

/// Why a container did not start; becomes `startFailed(operation, errno)`.
public struct LaunchError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried and on what, such as `mount proc on /proc`.
    public let operation: String
    /// The errno's name, such as `ENOENT`.
    public let errno: String
    /// The run directory was there: this attempt was started before (at most once).
    public let startedBefore: Bool
    /// The PID 1 cloned ahead is gone: nothing of the job happened, and the start can be tried without it.
    public let spareIsGone: Bool
    /// The launcher did not answer: it died, or the PID 1 that it cloned did. What came of the request is in the run directory.
    public let isUnanswered: Bool

    public init(operation: String, errno: String, startedBefore: Bool = false, spareIsGone: Bool = false, isUnanswered: Bool = false) {
        self.operation = operation
        self.errno = errno
        self.startedBefore = startedBefore
        self.spareIsGone = spareIsGone
        self.isUnanswered = isUnanswered
    }

    public init(_ error: SystemError) { self.init(error, isUnanswered: false) }

    init(_ error: SystemError, isUnanswered: Bool) {
        let what = error.subject.isEmpty ? error.operation : "\(error.operation) \(error.subject)"
        self.init(
            operation: error.detail.isEmpty ? what : "\(what) (\(error.detail))", errno: error.errno == 0 ? "EINVAL" : error.errnoName,
            isUnanswered: isUnanswered)
    }

    init(_ failure: LaunchFailure) {
        let detail = failure.detail.string
        let operation = failure.stage == .exec ? "exec \(detail.hasPrefix("exec ") ? String(detail.dropFirst(5)) : detail)" : detail
        self.init(
            operation: operation, errno: SystemError.name(of: failure.errno),
            startedBefore: failure.stage == .runDirectory && failure.errno == SystemError.fileExists, spareIsGone: failure.stage == .spare)
    }

    public var description: String { "\(operation): \(errno)" }
}

extension SystemError {
    /// EEXIST.
    static let fileExists: Int32 = 17
    /// EPIPE.
    static let brokenPipe: Int32 = 32
}
