internal import CLinuxSys
import Glibc

/// Who is at the other end of a Unix socket, as the kernel noted at connect.
public struct PeerCredentials: Sendable {
    /// Its process; 0 as pid when it is outside our pid namespace.
    public var process: ProcessHandle
    /// Effective user.
    public var uid: UInt32
    /// Effective group.
    public var gid: UInt32
    /// Supplementary groups (SO_PEERGROUPS).
    public var groups: [UInt32]
    /// Whether the pidfd came from the socket (SO_PEERPIDFD, Linux 6.5). If not, it was opened by number: the process may be another one, and
    /// the caller has to refuse a process that is younger than the connection.
    public var isPinned: Bool

    /// Asks a connected socket (SO_PEERCRED, SO_PEERPIDFD, SO_PEERGROUPS).
    ///
    /// - Throws: ESRCH when the peer has ended.
    public init(of socket: Descriptor) throws(SystemError) {
        var numbers = berth_credentials()
        var size = socklen_t(MemoryLayout<berth_credentials>.size)
        _ = try checked("SO_PEERCRED") { Int(getsockopt(socket.rawValue, SOL_SOCKET, SO_PEERCRED, &numbers, &size)) }
        uid = numbers.uid
        gid = numbers.gid
        groups = try Self.groups(of: socket)
        if let pidfd = try Self.pidfd(of: socket) {
            process = ProcessHandle(pid: numbers.pid, descriptor: pidfd)
            isPinned = true
        } else {
            process = try ProcessHandle(pid: numbers.pid)
            isPinned = false
        }
    }

    private static func pidfd(of socket: Descriptor) throws(SystemError) -> Descriptor? {
        var number: Int32 = -1
        var size = socklen_t(MemoryLayout<Int32>.size)
        if getsockopt(socket.rawValue, SOL_SOCKET, Int32(BERTH_SO_PEERPIDFD), &number, &size) == 0 { return Descriptor(adopting: number) }
        let error = Glibc.errno
        if error == ENOPROTOOPT { return nil }
        // Before 6.16 a reaped peer is EINVAL, afterwards ESRCH.
        throw SystemError("SO_PEERPIDFD", errno: error == EINVAL ? ESRCH : error)
    }

    private static func groups(of socket: Descriptor) throws(SystemError) -> [UInt32] {
        var found = [UInt32](repeating: 0, count: 256)
        while true {
            var size = socklen_t(found.count * MemoryLayout<UInt32>.stride)
            let result = getsockopt(socket.rawValue, SOL_SOCKET, Int32(BERTH_SO_PEERGROUPS), &found, &size)
            let error = Glibc.errno
            if result == 0 { return Array(found[..<(Int(size) / MemoryLayout<UInt32>.stride)]) }
            // ERANGE tells the size it needs.
            guard error == ERANGE, Int(size) > found.count else { throw SystemError("SO_PEERGROUPS", errno: error) }
            found = [UInt32](repeating: 0, count: Int(size) / MemoryLayout<UInt32>.stride + 1)
        }
    }

    /// Whether the peer is in our user namespace, and still alive after that was looked up (so the answer is about the peer).
    public func sharesUserNamespace() throws(SystemError) -> Bool {
        let same = try ProcessPlace.shares(.user, with: process.pid)
        guard process.isAlive else { throw SystemError("look at peer", "pid \(process.pid)", errno: ESRCH) }
        return same
    }

    /// The peer's cgroup paths (`ProcessPlace.cgroupPaths`), looked up while it was alive.
    public func cgroupPaths() throws(SystemError) -> [String: String] {
        let paths = try ProcessPlace.cgroupPaths(of: process.pid)
        guard process.isAlive else { throw SystemError("look at peer", "pid \(process.pid)", errno: ESRCH) }
        return paths
    }
}
