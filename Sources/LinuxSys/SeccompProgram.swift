internal import CSeccomp
import Glibc

/// A compiled filter: classic BPF for seccomp(2), ready for the launch program. Compiling takes milliseconds, so keep it per profile and
/// capability set.
public struct SeccompProgram: Sendable, Hashable {
    /// Instructions of 8 bytes each, `struct sock_filter`.
    public let bytes: [UInt8]
    /// How many instructions; the kernel takes at most 4096.
    public var instructionCount: Int { bytes.count / 8 }

    init(bytes: [UInt8]) { self.bytes = bytes }
}

extension SeccompProfile {
    /// Compiles the rules that count for a job with these capabilities.
    ///
    /// What runs on x86-64: calls of the 64-bit table by the rules; 32-bit calls (`int 0x80`) and x32 calls by the same rules through their
    /// own tables if `archMap` names them, as Docker does; calls of every architecture that it does not name end the process. A call whose
    /// number is above all that the profile names gets ENOSYS instead of the default, so that programs fall back to older calls (runc does
    /// the same).
    ///
    /// - Throws: when a name, action or value is not accepted, or libseccomp fails (its errno).
    public func compile(
        capabilities: CapabilitySet, kernel: KernelVersion = .running, architecture: SeccompArchitecture = .native
    ) throws(SystemError) -> SeccompProgram {
        let bytes = SeccompCompaction.compact(
            try written(capabilities: capabilities, kernel: kernel, architecture: architecture),
            architectures: ([architecture] + subArchitectures(of: architecture)).map(\.auditNumber))
        guard bytes.count <= 4096 * 8 else {
            throw SystemError("compile seccomp profile", errno: E2BIG, detail: "\(bytes.count / 8) instructions; 4096 are accepted")
        }
        return SeccompProgram(bytes: bytes)
    }

    /// The filter as libseccomp writes it.
    func written(capabilities: CapabilitySet, kernel: KernelVersion, architecture: SeccompArchitecture) throws(SystemError) -> [UInt8] {
        let filter = try SeccompFilter(defaultAction: defaultAction.returnValue(errno: defaultErrnoRet), native: architecture)
        let others = subArchitectures(of: architecture)
        for other in others { try filter.add(other) }
        var young: [SeccompPrologue.Call] = []
        for rule in syscalls where rule.counts(capabilities: capabilities, kernel: kernel, architecture: architecture) {
            for name in rule.names { try filter.add(rule, name: name, default: defaultAction, young: &young) }
        }
        let prologue = SeccompPrologue(calls: young, highest: highestNumber(architecture), architectures: [architecture] + others)
        return prologue.bytes + (try filter.export())
    }

    /// The largest number of a call that the profile names, whether or not its rule counts.
    func highestNumber(_ architecture: SeccompArchitecture) -> UInt32 {
        syscalls.flatMap(\.names).compactMap { SeccompNames.number(of: $0, architecture) }.max() ?? 0
    }

    func subArchitectures(of architecture: SeccompArchitecture) -> [SeccompArchitecture] {
        (archMap ?? []).filter { $0.architecture == architecture.profileName }.flatMap { $0.subArchitectures ?? [] }.compactMap(
            SeccompArchitecture.init(profileName:))
    }
}

extension SeccompProfile.Rule {
    /// Whether `includes` and `excludes` let the rule count.
    public func counts(capabilities: CapabilitySet, kernel: KernelVersion, architecture: SeccompArchitecture) -> Bool {
        func has(_ name: String) -> Bool { Capability(name: name).map(capabilities.contains) ?? false }
        if let includes {
            if let arches = includes.arches, !arches.isEmpty, !arches.contains(architecture.goName) { return false }
            if let caps = includes.caps, !caps.allSatisfy(has) { return false }
            if let text = includes.minKernel, let least = KernelVersion(text), kernel < least { return false }
        }
        if let excludes {
            if let arches = excludes.arches, arches.contains(architecture.goName) { return false }
            if let caps = excludes.caps, caps.contains(where: has) { return false }
            if let text = excludes.minKernel, let least = KernelVersion(text), kernel >= least { return false }
        }
        return true
    }
}

/// libseccomp's filter under construction.
private final class SeccompFilter {
    private let context: scmp_filter_ctx

    init(defaultAction: UInt32, native: SeccompArchitecture) throws(SystemError) {
        guard let context = seccomp_init(defaultAction) else {
            throw SystemError("compile seccomp profile", errno: EINVAL, detail: "default action \(defaultAction) was refused")
        }
        self.context = context
        // Ours is the only architecture until others are added; the kernel's own is the library's default.
        if native.token != seccomp_arch_native() {
            try ask(seccomp_arch_add(context, native.token), "add architecture \(native.profileName)")
            try ask(seccomp_arch_remove(context, seccomp_arch_native()), "remove the native architecture")
        }
        // Calls by a table that no rule knows end the process: they must never be open.
        try ask(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, 0x8000_0000), "set the action for other architectures")
        // A binary tree: a call costs some ten comparisons instead of some hundred.
        try ask(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2), "set optimisation")
    }

    deinit { seccomp_release(context) }

    func add(_ architecture: SeccompArchitecture) throws(SystemError) {
        let result = seccomp_arch_add(context, architecture.token)
        if result != -EEXIST { try ask(result, "add architecture \(architecture.profileName)") }
    }

    func add(
        _ rule: SeccompProfile.Rule, name: String, default defaultAction: SeccompAction, young: inout [SeccompPrologue.Call]
    ) throws(SystemError) {
        let value = rule.action.returnValue(errno: rule.errnoRet)
        let number = seccomp_syscall_resolve_name(name)
        guard number != -1 else {
            // The library is older than the call. Unknown names are skipped, as Docker does.
            guard let known = SeccompNames.young[name] else { return }
            guard rule.args?.isEmpty ?? true else {
                throw SystemError(
                    "compile seccomp rule for", name, errno: EINVAL, detail: "conditions on a call that libseccomp does not know")
            }
            young.append(SeccompPrologue.Call(number: known, action: value))
            return
        }
        for conditions in try rule.conditionSets(name) {
            let result = conditions.withUnsafeBufferPointer {
                seccomp_rule_add_array(context, value, number, UInt32($0.count), $0.baseAddress)
            }
            // EACCES is a rule that equals the default action: nothing to add. EDOM and EINVAL are names of other architectures.
            if result == -EACCES || result == -EDOM { continue }
            try ask(result, "compile seccomp rule for", name)
        }
    }

    func export() throws(SystemError) -> [UInt8] {
        let file = try Descriptor.memoryFile("seccomp")
        try ask(seccomp_export_bpf(context, file.rawValue), "export seccomp filter")
        try file.seek(to: 0)
        return try file.readAll()
    }

    private func ask(_ result: Int32, _ operation: String, _ subject: String = "") throws(SystemError) {
        if result < 0 { throw SystemError(operation, subject, errno: -result) }
    }
}

extension SeccompProfile.Rule {
    /// The conditions as libseccomp wants them: all of one set must hold. Two on the same argument become sets of their own.
    fileprivate func conditionSets(_ name: String) throws(SystemError) -> [[scmp_arg_cmp]] {
        let conditions = args ?? []
        for condition in conditions where condition.index > 5 {
            throw SystemError("compile seccomp rule for", name, errno: EINVAL, detail: "argument \(condition.index); 0 to 5 are accepted")
        }
        let comparisons = conditions.map { condition in
            scmp_arg_cmp(
                arg: condition.index, op: condition.op.library, datum_a: condition.value, datum_b: condition.valueTwo ?? 0)
        }
        let isUnique = Set(conditions.map(\.index)).count == conditions.count
        return isUnique ? [comparisons] : comparisons.map { [$0] }
    }
}

extension SeccompOperator {
    fileprivate var library: scmp_compare {
        switch self {
        case .notEqual: SCMP_CMP_NE
        case .less: SCMP_CMP_LT
        case .lessOrEqual: SCMP_CMP_LE
        case .equal: SCMP_CMP_EQ
        case .greaterOrEqual: SCMP_CMP_GE
        case .greater: SCMP_CMP_GT
        case .maskedEqual: SCMP_CMP_MASKED_EQ
        }
    }
}
