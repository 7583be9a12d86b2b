internal import CCapability
internal import CLinuxSys
import Glibc

/// A capability of Linux (capabilities(7)).
public struct Capability: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The kernel's bit number.
    public let bit: UInt8

    /// The capability of a bit.
    public init(bit: UInt8) { self.bit = bit }

    /// The capability of a name: `CAP_CHOWN`, `chown`; nil for an unknown one.
    public init?(name: String) {
        let upper = name.uppercased()
        let full = upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
        guard let index = Self.names.firstIndex(of: full) else { return nil }
        bit = UInt8(index)
    }

    /// `CAP_CHOWN`; `CAP_55` for a bit without a known name.
    public var name: String { Int(bit) < Self.names.count ? Self.names[Int(bit)] : "CAP_\(bit)" }
    /// The name.
    public var description: String { name }
    /// By bit.
    public static func < (a: Capability, b: Capability) -> Bool { a.bit < b.bit }

    /// All names in the order of their bits (linux/capability.h, 5.9 and later).
    public static let names = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
        "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
        "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
        "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
        "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ]
}

/// A set of capabilities as the kernel's 64 bits.
public struct CapabilitySet: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// Bit n is capability n.
    public var bits: UInt64

    /// A set from bits.
    public init(bits: UInt64 = 0) { self.bits = bits }
    /// A set of these.
    public init(_ capabilities: some Sequence<Capability>) {
        bits = capabilities.reduce(0) { $0 | 1 << UInt64($1.bit) }
    }
    /// A set of these.
    public init(arrayLiteral elements: Capability...) { self.init(elements) }

    /// Whether it holds the capability.
    public func contains(_ capability: Capability) -> Bool { bits & (1 << UInt64(capability.bit)) != 0 }
    /// Whether all of these are in the other set.
    public func isSubset(of other: CapabilitySet) -> Bool { bits & ~other.bits == 0 }
    /// Those in both.
    public func intersection(_ other: CapabilitySet) -> CapabilitySet { CapabilitySet(bits: bits & other.bits) }
    /// Those in either.
    public func union(_ other: CapabilitySet) -> CapabilitySet { CapabilitySet(bits: bits | other.bits) }
    /// Those that are not in the other.
    public func subtracting(_ other: CapabilitySet) -> CapabilitySet { CapabilitySet(bits: bits & ~other.bits) }
    /// The members by bit.
    public var members: [Capability] { (UInt8(0)..<64).map(Capability.init(bit:)).filter(contains) }

    /// Docker's default set (moby `oci/caps/defaults.go`): what a job gets at most.
    public static let containerDefault = CapabilitySet(
        [
            "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP", "NET_BIND_SERVICE",
            "SYS_CHROOT", "KILL", "AUDIT_WRITE",
        ].compactMap(Capability.init(name:)))
}

/// The sets of a process or thread (capabilities(7)).
public struct ProcessCapabilities: Sendable, Hashable {
    /// What counts now.
    public var effective: CapabilitySet
    /// What it may make effective.
    public var permitted: CapabilitySet
    /// What an exec may pass on.
    public var inheritable: CapabilitySet
    /// What can ever be gained.
    public var bounding: CapabilitySet
    /// What an exec of an ordinary program keeps.
    public var ambient: CapabilitySet

    /// Those of the calling thread (cap_get_proc(3), cap_get_bound(3)).
    public static func current() throws(SystemError) -> ProcessCapabilities {
        guard let state = cap_get_proc() else { throw SystemError("cap_get_proc", errno: Glibc.errno) }
        defer { cap_free(UnsafeMutableRawPointer(state)) }
        func set(_ flag: cap_flag_t) -> CapabilitySet {
            CapabilitySet(
                Capability.all.filter { capability in
                    var value = CAP_CLEAR
                    return cap_get_flag(state, cap_value_t(capability.bit), flag, &value) == 0 && value == CAP_SET
                })
        }
        return ProcessCapabilities(
            effective: set(CAP_EFFECTIVE), permitted: set(CAP_PERMITTED), inheritable: set(CAP_INHERITABLE),
            bounding: CapabilitySet(Capability.all.filter { cap_get_bound(cap_value_t($0.bit)) == 1 }),
            ambient: CapabilitySet(Capability.all.filter { cap_get_ambient(cap_value_t($0.bit)) == 1 }))
    }

    /// Those of another process, from `/proc/PID/status`.
    public static func of(pid: Int32) throws(SystemError) -> ProcessCapabilities {
        var sets: [Substring: CapabilitySet] = [:]
        for line in try readTextFile("/proc/\(pid)/status").split(whereSeparator: \.isNewline) where line.hasPrefix("Cap") {
            let parts = line.split(separator: ":")
            guard parts.count == 2, let bits = UInt64(parts[1].filter(\.isHexDigit), radix: 16) else { continue }
            sets[parts[0]] = CapabilitySet(bits: bits)
        }
        func set(_ name: Substring) -> CapabilitySet { sets[name] ?? CapabilitySet() }
        return ProcessCapabilities(
            effective: set("CapEff"), permitted: set("CapPrm"), inheritable: set("CapInh"), bounding: set("CapBnd"), ambient: set("CapAmb"))
    }
}

extension Capability {
    /// Every capability that this kernel knows, up to `/proc/sys/kernel/cap_last_cap`.
    public static var all: [Capability] {
        let last = (try? readTextFile("/proc/sys/kernel/cap_last_cap")).flatMap { UInt8($0.filter(\.isNumber)) }
        return (0...(last ?? UInt8(names.count - 1))).map(Capability.init(bit:))
    }
}
