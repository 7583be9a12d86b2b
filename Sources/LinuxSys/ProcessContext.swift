import Glibc

/// What this process was started with.
public enum ProcessContext {
    /// One variable of the environment.
    public static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// The whole environment; of doubled names the first counts, as for getenv(3).
    public static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, !parts[0].isEmpty, result[String(parts[0])] == nil { result[String(parts[0])] = String(parts[1]) }
            next += 1
        }
        return result
    }

    /// The working directory's absolute path (getcwd(3)).
    public static func workingDirectory() throws(SystemError) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getcwd(&buffer, buffer.count) != nil else { throw SystemError("find working directory", errno: Glibc.errno) }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The effective user.
    public static var effectiveUser: UInt32 { geteuid() }
}

/// Ends this process at once with a status (exit(3)).
public func endProcess(_ status: Int32) -> Never { exit(status) }
