internal import CLinuxSys
import Glibc

/// A system call that failed: what was tried, on what, and what the kernel said (errno(3)).
public struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried, in lower case: `mount overlay`, `open`.
    public var operation: String
    /// The path, name or number it was tried on; may be empty.
    public var subject: String
    /// The kernel's error number; 0 when the failure has no errno (then `detail` says what was found).
    public var errno: Int32
    /// What was found and what is accepted, where errno alone does not say it.
    public var detail: String

    /// Makes an error; `detail` is added after the errno.
    public init(_ operation: String, _ subject: String = "", errno: Int32, detail: String = "") {
        self.operation = operation
        self.subject = subject
        self.errno = errno
        self.detail = detail
    }

    /// One lower-case line: `mount overlay on /x: EINVAL (Invalid argument)`.
    public var description: String {
        var line = subject.isEmpty ? operation : "\(operation) \(subject)"
        if errno != 0 { line += ": \(Self.name(of: errno)) (\(Self.text(of: errno)))" }
        if !detail.isEmpty { line += ": \(detail)" }
        return line
    }

    /// The symbolic name of the error, `EINVAL`.
    public var errnoName: String { Self.name(of: errno) }

    /// The symbolic name of an error number, `ENOENT`; the number itself where the C library knows none.
    public static func name(of number: Int32) -> String {
        guard let name = berth_sys_error_name(number) else { return String(number) }
        return String(cString: name)
    }

    /// The C library's text of an error number in the C locale.
    public static func text(of number: Int32) -> String {
        guard let text = berth_sys_error_text(number) else { return "error \(number)" }
        return String(cString: text)
    }
}

extension SystemError {
    /// Whether the thing did not exist (ENOENT).
    public var isNotFound: Bool { errno == ENOENT }
    /// Whether the thing was there already (EEXIST).
    public var alreadyExists: Bool { errno == EEXIST }
    /// Whether the call would have had to wait (EAGAIN).
    public var wouldBlock: Bool { errno == EAGAIN }
    /// Whether the process is gone (ESRCH).
    public var isNoSuchProcess: Bool { errno == ESRCH }
    /// Whether this kernel or file system does not have the call (ENOSYS, EOPNOTSUPP).
    public var isUnsupported: Bool { errno == ENOSYS || errno == EOPNOTSUPP }
}

/// Turns the `-errno` convention of CLinux into a value or a `SystemError`.
@inline(__always)
func check(_ result: Int, _ operation: @autoclosure () -> String, _ subject: @autoclosure () -> String = "") throws(SystemError) -> Int {
    if result < 0 { throw SystemError(operation(), subject(), errno: Int32(-result)) }
    return result
}

/// Runs a C library call that answers -1 and sets errno; errno is read before anything else runs.
@inline(__always)
func checked(
    _ operation: @autoclosure () -> String, _ subject: @autoclosure () -> String = "", _ call: () -> Int
) throws(SystemError) -> Int {
    let result = call()
    if result < 0 {
        let number = Glibc.errno
        throw SystemError(operation(), subject(), errno: number)
    }
    return result
}

/// Repeats a call while a signal interrupts it (EINTR).
@inline(__always)
func uninterrupted(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result != -Int(EINTR) { return result }
    }
}
