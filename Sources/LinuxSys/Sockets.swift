internal import CLinuxSys
import Glibc

/// A message with the descriptors that came along (SCM_RIGHTS).
public struct ReceivedMessage: Sendable {
    /// The bytes; empty at the end of a stream or when the other end closed.
    public var bytes: [UInt8]
    /// The descriptors, close-on-exec.
    public var descriptors: [Descriptor]
    /// Whether the kernel cut off bytes or descriptors: do not use it then.
    public var isTruncated: Bool
}

/// How a Unix socket cuts what is sent (unix(7)).
public enum UnixSocketKind: Sendable {
    /// A stream of bytes.
    case stream
    /// Messages that stay whole and in order.
    case sequencedPackets

    var number: Int32 { Int32((self == .stream ? SOCK_STREAM : SOCK_SEQPACKET).rawValue) }
}

extension Descriptor {
    /// Two connected sockets (socketpair(2)).
    public static func socketPair(_ kind: UnixSocketKind = .sequencedPackets) throws(SystemError) -> (Descriptor, Descriptor) {
        var ends: [Int32] = [-1, -1]
        _ = try checked("socketpair") { Int(socketpair(AF_UNIX, kind.number | Int32(BERTH_O_CLOEXEC), 0, &ends)) }
        return (Descriptor(adopting: ends[0]), Descriptor(adopting: ends[1]))
    }

    /// Listens on a new socket file at a path of the host; the mode goes through the umask. A path of 107 bytes is the longest.
    public static func listen(at path: String, kind: UnixSocketKind = .stream, backlog: Int32 = 128) throws(SystemError) -> Descriptor {
        let socket = try unixSocket(kind)
        try withAddress(path) { address, length throws(SystemError) in
            _ = try checked("bind", path) { Int(Glibc.bind(socket.rawValue, address, length)) }
        }
        _ = try checked("listen on", path) { Int(Glibc.listen(socket.rawValue, backlog)) }
        return socket
    }

    /// Connects to a socket file.
    public static func connect(to path: String, kind: UnixSocketKind = .stream) throws(SystemError) -> Descriptor {
        let socket = try unixSocket(kind)
        try withAddress(path) { address, length throws(SystemError) in
            _ = try checked("connect to", path) { Int(Glibc.connect(socket.rawValue, address, length)) }
        }
        return socket
    }

    /// Takes the next connection (accept(2)); blocks unless the listener is non-blocking (then EAGAIN).
    public func accept() throws(SystemError) -> Descriptor {
        let result = uninterrupted { berth_sys_accept(rawValue, Int32(BERTH_O_CLOEXEC)) }
        return Descriptor(adopting: Int32(try check(result, "accept", description)))
    }

    /// Sends one message with descriptors, at most 253 (sendmsg(2)); a closed other end is EPIPE, never a signal. Tells how many bytes went.
    @discardableResult
    public func send(_ bytes: [UInt8], descriptors: [Descriptor] = []) throws(SystemError) -> Int {
        let numbers = descriptors.map(\.rawValue)
        let result = uninterrupted { berth_sys_send(rawValue, bytes, bytes.count, numbers, Int32(numbers.count), 0) }
        return try check(result, "send", description)
    }

    /// Sends what there is room for now (MSG_DONTWAIT of sendmsg(2)); nil when there is none, EPIPE when the other end is closed.
    public func sendWithoutWaiting(_ bytes: [UInt8]) throws(SystemError) -> Int? {
        let result = uninterrupted { berth_sys_send(rawValue, bytes, bytes.count, [], 0, Int32(MSG_DONTWAIT)) }
        if result == -Int(EAGAIN) { return nil }
        return try check(result, "send", description)
    }

    /// Receives one message of at most `limit` bytes (recvmsg(2)).
    public func receive(limit: Int = 1 << 16) throws(SystemError) -> ReceivedMessage {
        var bytes = [UInt8](repeating: 0, count: limit)
        var numbers = [Int32](repeating: -1, count: Int(BERTH_MAX_DESCRIPTORS))
        var count: Int32 = 0
        var truncated: Int32 = 0
        let result = uninterrupted { berth_sys_receive(rawValue, &bytes, bytes.count, &numbers, &count, &truncated, 0) }
        let length = try check(result, "receive", description)
        return ReceivedMessage(
            bytes: Array(bytes[..<length]), descriptors: numbers[..<Int(count)].map(Descriptor.init(adopting:)),
            isTruncated: truncated != 0)
    }

    /// Ends one or both directions of a socket (shutdown(2)): the other end reads the end.
    public func shutDown(reading: Bool = true, writing: Bool = true) throws(SystemError) {
        let how = reading && writing ? 2 : (writing ? 1 : 0)
        _ = try checked("shutdown", description) { Int(shutdown(rawValue, Int32(how))) }
    }

    private static func unixSocket(_ kind: UnixSocketKind) throws(SystemError) -> Descriptor {
        Descriptor(adopting: Int32(try checked("socket") { Int(socket(AF_UNIX, kind.number | Int32(BERTH_O_CLOEXEC), 0)) }))
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void
    ) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard bytes.count <= room else {
            throw SystemError("socket", path, errno: ENAMETOOLONG, detail: "\(bytes.count) bytes; at most \(room) are accepted")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        var failure: SystemError?
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                do throws(SystemError) { try body(generic, socklen_t(MemoryLayout<sockaddr_un>.size)) } catch { failure = error }
            }
        }
        if let failure { throw failure }
    }
}
