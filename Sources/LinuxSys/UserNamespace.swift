internal import CLinuxSys
import Glibc

/// One range of an id map (user_namespaces(7)).
public struct IDMapExtent: Sendable, Hashable {
    /// First id inside.
    public var inside: UInt32
    /// First id outside.
    public var outside: UInt32
    /// How many.
    public var count: UInt32

    /// Maps `count` ids from `inside` to those from `outside`.
    public init(inside: UInt32, outside: UInt32, count: UInt32) {
        self.inside = inside
        self.outside = outside
        self.count = count
    }

    /// A line of `/proc/PID/uid_map`.
    public var line: String { "\(inside) \(outside) \(count)\n" }
}

/// Makes user namespaces to id-map mounts with.
public enum UserNamespace {
    /// A new user namespace with these maps; it lives as long as the descriptor or a mount that was mapped with it. Takes about a
    /// millisecond (one clone), so keep it per map. Needs CAP_SETUID and CAP_SETGID over the outer ids.
    public static func make(uidMap: [IDMapExtent], gidMap: [IDMapExtent]) throws(SystemError) -> Descriptor {
        let (reading, writing) = try Descriptor.pipe()
        let pid = Int32(try check(berth_sys_park_user_namespace(reading.rawValue, writing.rawValue), "clone", "user namespace"))
        defer {
            writing.close()
            var ended: Int32 = 0
            var code: Int32 = 0
            var status: Int32 = 0
            _ = uninterrupted { berth_sys_waitid(1, pid, Int32(WEXITED), &ended, &code, &status) }
        }
        try writeControlFile("/proc/\(pid)/uid_map", uidMap.map(\.line).joined())
        try writeControlFile("/proc/\(pid)/gid_map", gidMap.map(\.line).joined())
        return try ProcessPlace.open(.user, of: pid)
    }
}
