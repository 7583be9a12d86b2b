internal import CSeccomp
import Glibc

/// A table of system calls, as seccomp's audit numbers name it (linux/audit.h).
public enum SeccompArchitecture: String, Sendable, Hashable, CaseIterable {
    /// 64-bit x86.
    case x86_64
    /// 32-bit x86.
    case x86
    /// 64-bit x86 with 32-bit pointers: the x86-64 audit number with bit 30 in the call's number.
    case x32
    /// 64-bit ARM.
    case aarch64
    /// 32-bit ARM.
    case arm

    /// The table of this program's own calls.
    public static var native: SeccompArchitecture {
        #if arch(arm64)
            .aarch64
        #else
            .x86_64
        #endif
    }

    /// `SCMP_ARCH_X86_64`.
    public var profileName: String { "SCMP_ARCH_" + rawValue.uppercased() }
    /// From `SCMP_ARCH_X86_64`; nil for one that Berth does not know.
    public init?(profileName: String) {
        guard let found = Self.allCases.first(where: { $0.profileName == profileName }) else { return nil }
        self = found
    }

    /// Go's name, which profiles use in `includes`.
    var goName: String {
        switch self {
        case .x86_64: "amd64"
        case .x86: "x86"
        case .x32: "x32"
        case .aarch64: "arm64"
        case .arm: "arm"
        }
    }

    /// The audit number that the kernel puts into `seccomp_data`.
    public var auditNumber: UInt32 {
        switch self {
        case .x86_64, .x32: 0xC000_003E
        case .x86: 0x4000_0003
        case .aarch64: 0xC000_00B7
        case .arm: 0x4000_0028
        }
    }

    /// libseccomp's token; x32 is told apart there only.
    var token: UInt32 { self == .x32 ? 0x4000_003E : auditNumber }
}

/// Names and numbers of system calls.
public enum SeccompNames {
    /// Calls younger than Debian 12's libseccomp. From 424 on the numbers are the same on every architecture (x32 adds its bit).
    static let young: [String: UInt32] = [
        "set_mempolicy_home_node": 450, "cachestat": 451, "fchmodat2": 452, "map_shadow_stack": 453, "futex_wake": 454, "futex_wait": 455,
        "futex_requeue": 456, "statmount": 457, "listmount": 458, "lsm_get_self_attr": 459, "lsm_set_self_attr": 460,
        "lsm_list_modules": 461, "mseal": 462, "setxattrat": 463, "getxattrat": 464, "listxattrat": 465, "removexattrat": 466,
        "open_tree_attr": 467, "file_getattr": 468, "file_setattr": 469,
    ]

    /// The number of a call in a table; nil if the table has none of that name.
    public static func number(of name: String, _ architecture: SeccompArchitecture = .native) -> UInt32? {
        let found = seccomp_syscall_resolve_name_arch(architecture.token, name)
        // Numbers below 0 are the library's own for calls that the table lacks.
        if found >= 0 { return UInt32(found) }
        return found == -1 ? young[name].map { architecture == .x32 ? $0 | 1 << 30 : $0 } : nil
    }

    /// The name of a call of our own table; nil if there is none of that number.
    public static func name(of number: UInt32) -> String? {
        guard let text = seccomp_syscall_resolve_num_arch(SeccompArchitecture.native.token, Int32(bitPattern: number)) else {
            return young.first { $0.value == number }?.key
        }
        defer { free(text) }
        return String(cString: text)
    }
}
