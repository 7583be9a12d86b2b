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

extension ProcessContext {
    /// This process's number.
    public static var processID: Int32 { getpid() }

    /// Sends a line to systemd's notification socket (sd_notify(3)); a leading `@` names an abstract one.
    public static func notifyService(_ path: String, _ text: String) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else { throw SystemError("notify", path, errno: ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { target in
            for (index, byte) in bytes.enumerated() { target[index] = byte == UInt8(ascii: "@") && index == 0 ? 0 : byte }
        }
        let socket = Descriptor(
            adopting: Int32(
                try checked("socket") { Int(Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)) }))
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        _ = try checked("notify", path) {
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    Array(text.utf8).withUnsafeBytes {
                        Int(sendto(socket.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), generic, length))
                    }
                }
            }
        }
    }
}

extension ProcessContext {
    /// The hard limit of a resource by its number (getrlimit(2)); the most there is when it has none.
    public static func hardLimit(_ resource: Int32) -> UInt64 { limits(resource).map { UInt64($0.rlim_max) } ?? .max }

    /// Lets the process open as many files as it may: each running job takes some descriptors.
    public static func raiseOpenFiles() {
        guard var limit = limits(7) else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(UInt32(7)), &limit)
    }

    /// How many files it may open at once.
    public static var mostOpenFiles: UInt64 { limits(7).map { UInt64($0.rlim_cur) } ?? .max }

    private static func limits(_ resource: Int32) -> rlimit? {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(UInt32(resource)), &limit) == 0 ? limit : nil
    }
}
